"""Pillow, in full."""

import io

import numpy as np

from scripts.images.picture import Pixels
from scripts.loading.reading import decoder


class Decoder(decoder.Decoder):
    package, module = "pillow", "PIL"

    def __call__(self, data: bytes) -> Pixels:
        from PIL import Image

        with Image.open(io.BytesIO(data)) as image:
            return np.asarray(image.convert("RGB"))
