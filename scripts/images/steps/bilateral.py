"""Smooth among near pixels of like colour only, so that edges stay sharp.

Source of the method: Tomasi and Manduchi, Bilateral filtering for gray and color images, ICCV 1998,
doi:10.1109/ICCV.1998.710815; OpenCV manual, image filtering, `bilateralFilter`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from scripts.images.step import ImageStep

if TYPE_CHECKING:
    from scripts.images.picture import Pixels


class Step(ImageStep):
    """Settings of the step."""

    sigma_colour: float = Field(
        25.0,
        gt=0,
        le=255,
        description="how unlike two colours may be to be mixed: a standard deviation, levels of 0-255",
    )
    sigma_space: float = Field(
        3.0, gt=0, le=10, description="how far apart pixels may be to be mixed: a standard deviation, pixels"
    )

    def __call__(self, image: Pixels, size: int) -> Pixels:
        """uint8 (h, w, 3) to the same shape."""
        import cv2

        # A diameter of 0 lets OpenCV derive it from sigma_space.
        return cv2.bilateralFilter(image, 0, self.sigma_colour, self.sigma_space)  # type: ignore[return-value]
