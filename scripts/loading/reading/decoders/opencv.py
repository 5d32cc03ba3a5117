"""OpenCV's imdecode, in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.loading.reading import decoder

if TYPE_CHECKING:
    from scripts.images.picture import Pixels


class Decoder(decoder.Decoder):
    package, module = "opencv-python-headless", "cv2"

    def __call__(self, data: bytes) -> Pixels:
        import cv2
        import numpy as np

        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
        if pixels is None:
            raise ValueError("cv2.imdecode gives nothing")
        return pixels  # type: ignore[return-value]
