"""Sharpen by an unsharp mask: add to each pixel how far it stands out from its blurred surroundings.

result = image + amount * (image - blurred), where |image - blurred| > threshold; clipped to 0-255.
Source of the blur: OpenCV manual, image filtering, `GaussianBlur`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from scripts.images.step import ImageStep

if TYPE_CHECKING:
    from scripts.images.picture import Pixels


class Step(ImageStep):
    """Settings of the step."""

    sigma: float = Field(
        1.0, gt=0, le=20, description="standard deviation of the blur, pixels: the size of what stands out"
    )
    amount: float = Field(1.0, gt=0, le=10, description="how many times the difference is added")
    threshold: float = Field(
        0.0,
        ge=0,
        le=255,
        description="differences up to this stay as they are, levels of 0-255: noise is not sharpened",
    )

    def __call__(self, image: Pixels, size: int) -> Pixels:
        """uint8 (h, w, 3) to the same shape, each channel by itself."""
        import cv2
        import numpy as np

        exact = image.astype(np.float32)
        difference = exact - cv2.GaussianBlur(exact, (0, 0), self.sigma)
        difference[np.abs(difference) <= self.threshold] = 0
        sharp = np.clip(exact + np.float32(self.amount) * difference, 0, 255)
        return np.asarray(np.rint(sharp), np.uint8)
