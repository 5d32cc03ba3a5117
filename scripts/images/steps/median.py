"""Replace each pixel by the median about it: removes single wrong pixels (salt and pepper), keeps edges.

Source of the method: OpenCV manual, image filtering, `medianBlur`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from scripts.images.step import ImageStep

if TYPE_CHECKING:
    from scripts.images.picture import Pixels


class Step(ImageStep):
    """Settings of the step."""

    radius: int = Field(1, ge=1, le=15, description="the median of a square of 2 * radius + 1 pixels an edge")

    def __call__(self, image: Pixels, size: int) -> Pixels:
        """uint8 (h, w, 3) to the same shape, each channel by itself."""
        import cv2

        return cv2.medianBlur(image, 2 * self.radius + 1)  # type: ignore[return-value]
