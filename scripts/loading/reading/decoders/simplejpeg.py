"""libjpeg-turbo by simplejpeg, scaled while it decodes; JPEG alone. The study's own decoder checks a file before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.loading.reading import decoder

if TYPE_CHECKING:
    from scripts.images.picture import Pixels


class Decoder(decoder.Decoder):
    package = module = "simplejpeg"
    scales = True

    def __call__(self, data: bytes) -> Pixels:
        import simplejpeg

        pixels: Pixels = simplejpeg.decode_jpeg(data, "RGB", min_height=self.size, min_width=self.size)
        return pixels
