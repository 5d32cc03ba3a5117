"""Pillow with `draft`, by which a JPEG is scaled while it is decoded."""

import io

import numpy as np

from scripts.images.picture import Pixels
from scripts.loading.reading import decoder


class Decoder(decoder.Decoder):
    package, module = "pillow", "PIL"
    scales = True

    def __call__(self, data: bytes) -> Pixels:
        from PIL import Image

        with Image.open(io.BytesIO(data)) as image:
            image.draft("RGB", (self.size, self.size))
            return np.asarray(image.convert("RGB"))
