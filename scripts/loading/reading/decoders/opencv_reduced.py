"""OpenCV's imdecode, a JPEG reduced to 1/2, 1/4 or 1/8 while it is decoded; its size is read by Pillow."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from scripts.loading.reading import decoder
from scripts.loading.reading.decoder import scale

if TYPE_CHECKING:
    from scripts.images.picture import Pixels


class Decoder(decoder.Decoder):
    package, module = "opencv-python-headless", "cv2"
    scales = True

    def __call__(self, data: bytes) -> Pixels:
        import cv2
        import numpy as np
        from PIL import Image

        by = scale(*Image.open(io.BytesIO(data)).size, self.size)
        flag = {1: cv2.IMREAD_COLOR_BGR, 2: cv2.IMREAD_REDUCED_COLOR_2, 4: cv2.IMREAD_REDUCED_COLOR_4}
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flag.get(by, cv2.IMREAD_REDUCED_COLOR_8))
        if pixels is None:
            raise ValueError("cv2.imdecode gives nothing")
        return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)  # type: ignore[return-value]
