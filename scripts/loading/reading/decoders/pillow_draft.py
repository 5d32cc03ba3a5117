"""Pillow with `draft`, by which a JPEG is scaled while it is decoded."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from scripts.loading.reading import decoder

if TYPE_CHECKING:
    from scripts.images.picture import Pixels


class Decoder(decoder.Decoder):
    package, module = "pillow", "PIL"
    scales = True

    def __call__(self, data: bytes) -> Pixels:
        import numpy as np
        from PIL import Image

        with Image.open(io.BytesIO(data)) as image:
            if self.size:
                image.draft("RGB", (self.size, self.size))
            return np.asarray(image.convert("RGB"))
