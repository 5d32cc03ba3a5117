"""libjpeg-turbo by simplejpeg, scaled while it decodes; JPEG alone. The study's own decoder checks a file before it."""

from scripts.images.picture import Pixels
from scripts.loading.reading import decoder


class Decoder(decoder.Decoder):
    package = module = "simplejpeg"
    scales = True

    def __call__(self, data: bytes) -> Pixels:
        import simplejpeg

        pixels: Pixels = simplejpeg.decode_jpeg(data, "RGB", min_height=self.size, min_width=self.size)
        return pixels
