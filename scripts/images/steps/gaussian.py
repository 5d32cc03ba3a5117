"""Smooth with a Gaussian kernel: less fine noise, softer edges.

Source of the method: OpenCV manual, image filtering, `GaussianBlur`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from scripts.images.step import ImageStep

if TYPE_CHECKING:
    from scripts.images.picture import Pixels


class Step(ImageStep):
    """Settings of the step."""

    sigma: float = Field(1.0, gt=0, le=20, description="standard deviation of the kernel, pixels")

    def __call__(self, image: Pixels, size: int) -> Pixels:
        """uint8 (h, w, 3) to the same shape, each channel by itself."""
        import cv2

        return cv2.GaussianBlur(image, (0, 0), self.sigma)  # type: ignore[return-value]
