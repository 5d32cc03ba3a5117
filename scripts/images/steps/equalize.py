"""Spread lightness evenly over its range (histogram equalisation of CIELAB L*); colours stay.

Source of the method: OpenCV manual, histograms, `equalizeHist`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from scripts.images.step import ImageStep
from scripts.images.steps._lightness import change_lightness

if TYPE_CHECKING:
    from scripts.images.picture import Pixels


class Step(ImageStep):
    """The step has no settings."""

    needs_rgb: ClassVar[bool] = True

    def __call__(self, image: Pixels, size: int) -> Pixels:
        """RGB uint8 (h, w, 3) to the same shape."""
        import cv2

        return change_lightness(image, cv2.equalizeHist)
