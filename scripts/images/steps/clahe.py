"""Raise local contrast: contrast-limited adaptive histogram equalisation (CLAHE) of CIELAB L*; colours stay.

Source of the method: Zuiderveld, Contrast limited adaptive histogram equalization, Graphics Gems IV, 1994,
doi:10.1016/B978-0-12-336156-1.50061-6; OpenCV manual, `CLAHE`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from scripts.images.step import ImageStep
from scripts.images.steps._lightness import change_lightness

if TYPE_CHECKING:
    from scripts.images.picture import Pixels


class Step(ImageStep):
    """Settings of the step."""

    needs_rgb: ClassVar[bool] = True

    clip_limit: float = Field(
        2.0, gt=0, le=100, description="a bin of a tile's histogram is cut at this many times the mean bin"
    )
    tiles: int = Field(8, ge=1, le=64, description="tiles along each edge of the image; each has its own histogram")

    def __call__(self, image: Pixels, size: int) -> Pixels:
        """RGB uint8 (h, w, 3) to the same shape."""
        import cv2

        return change_lightness(image, cv2.createCLAHE(self.clip_limit, (self.tiles, self.tiles)).apply)
