"""Give every image the same mean and spread of colour: colour transfer, a simple stain normalisation.

Source of the method: Reinhard, Ashikhmin, Gooch and Shirley, Color transfer between images, IEEE Computer Graphics and
Applications 21(5), 2001, doi:10.1109/38.946629. The paper works in the space l-alpha-beta; this works in CIELAB, whose
lightness is likewise nearly independent of its two colour axes (OpenCV manual, color conversions, in 32-bit floats).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from scripts.images.step import ImageStep, Space

if TYPE_CHECKING:
    from scripts.images.picture import Pixels

Mean = Annotated[float, Field(ge=-127, le=127)]
Std = Annotated[float, Field(gt=0, le=127)]

MIN_STD = 1.0
"""CIELAB units: what varies less is spread as if it varied so much, being mostly rounding (a gray level is 0.4)."""


class Step(ImageStep):
    """Settings of the step."""

    needs_rgb: ClassVar[bool] = True

    # Medians over 2085 tiles, 224x224 pixels, lung and colon, of LC25000 (Borkowski et al. 2019, arXiv:1912.12142).
    mean: tuple[Mean, ...] = Field(
        (70.4, 25.0, -26.9), min_length=3, max_length=3, description="target means of L*, a*, b*, CIELAB units"
    )
    std: tuple[Std, ...] = Field(
        (14.4, 12.2, 13.3), min_length=3, max_length=3, description="target standard deviations of L*, a*, b*"
    )

    @property
    def leaves(self) -> Space:
        """A gray image gets colours."""
        return "rgb"

    def __call__(self, image: Pixels, size: int) -> Pixels:
        """RGB uint8 (h, w, 3) to the same shape; a flat channel is only moved. Colours that RGB has not are clipped."""
        import cv2
        import numpy as np

        lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
        mean, std = (found.ravel() for found in cv2.meanStdDev(lab))
        gain = np.array(self.std) / np.maximum(std, MIN_STD)
        moved = lab * gain.astype(np.float32) + (np.array(self.mean) - mean * gain).astype(np.float32)
        rgb = cv2.cvtColor(moved, cv2.COLOR_LAB2RGB)
        return np.rint(np.clip(rgb * 255, 0, 255)).astype(np.uint8)
