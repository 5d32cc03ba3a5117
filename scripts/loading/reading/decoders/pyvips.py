"""libvips' thumbnail, by pyvips: a JPEG is scaled while it is decoded, then resized to the size of the study."""

from scripts.images.picture import Pixels
from scripts.loading.reading import decoder


class Decoder(decoder.Decoder):
    package = module = "pyvips"
    scales = True

    def __call__(self, data: bytes) -> Pixels:
        import pyvips

        image = pyvips.Image.thumbnail_buffer(data, self.size, height=self.size, size="force")
        pixels: Pixels = image.colourspace("srgb")[:3].numpy()
        return pixels
