"""libjpeg-turbo by imagecodecs, in full; JPEG alone."""

from scripts.images.picture import Pixels
from scripts.loading.reading import decoder


class Decoder(decoder.Decoder):
    package = module = "imagecodecs"

    def __call__(self, data: bytes) -> Pixels:
        import imagecodecs

        pixels: Pixels = imagecodecs.jpeg8_decode(data, outcolorspace="RGB")
        return pixels
