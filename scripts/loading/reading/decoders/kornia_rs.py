"""kornia-rs, libjpeg-turbo from Rust, in full; JPEG alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.loading.reading import decoder

if TYPE_CHECKING:
    from scripts.images.picture import Pixels


class Decoder(decoder.Decoder):
    package = module = "kornia_rs"

    def __call__(self, data: bytes) -> Pixels:
        import kornia_rs

        pixels: Pixels = kornia_rs.io.decode_image_jpegturbo(data, "rgb")
        return pixels
