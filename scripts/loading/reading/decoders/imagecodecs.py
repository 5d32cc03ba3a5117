"""libjpeg-turbo by imagecodecs, in full; JPEG alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.loading.reading import decoder

if TYPE_CHECKING:
    from scripts.images.picture import Pixels


class Decoder(decoder.Decoder):
    package = module = "imagecodecs"

    def __call__(self, data: bytes) -> Pixels:
        import imagecodecs

        pixels: Pixels = imagecodecs.jpeg8_decode(data, outcolorspace="RGB")
        return pixels
