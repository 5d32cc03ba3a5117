"""kornia-rs, libjpeg-turbo from Rust, in full; JPEG alone."""

from scripts.images.picture import Pixels
from scripts.loading.reading import decoder


class Decoder(decoder.Decoder):
    package = module = "kornia_rs"

    def __call__(self, data: bytes) -> Pixels:
        import kornia_rs

        pixels: Pixels = kornia_rs.ImageDecoder().decode(data)
        return pixels
