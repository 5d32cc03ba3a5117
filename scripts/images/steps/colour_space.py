"""Convert RGB to another colour space, always three channels of 0-255.

Source of the method and of the 8-bit ranges: OpenCV manual, color conversions. gray: Y = 0.299 R + 0.587 G + 0.114 B,
three times. hsv: hue / 2 (0-179), saturation and value (0-255). lab: CIELAB with L* * 255 / 100, a* + 128, b* + 128.
Hue is an angle, 179 beside 0: smooth and resize before hsv, not after.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from scripts.images.step import ImageStep, Space

if TYPE_CHECKING:
    from scripts.images.picture import Pixels


class Step(ImageStep):
    """Settings of the step."""

    needs_rgb: ClassVar[bool] = True

    to: Literal["rgb", "gray", "hsv", "lab"] = Field(
        "gray", description="the colour space of the result, always three channels; rgb changes nothing"
    )

    @property
    def leaves(self) -> Space:
        """The space that was chosen."""
        return self.to

    def __call__(self, image: Pixels, size: int) -> Pixels:
        """RGB uint8 (h, w, 3) to the same shape in the other space."""
        import cv2

        if self.to == "rgb":
            return image
        if self.to == "gray":
            return cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)  # type: ignore[return-value]
        return cv2.cvtColor(image, {"hsv": cv2.COLOR_RGB2HSV, "lab": cv2.COLOR_RGB2LAB}[self.to])  # type: ignore[return-value]
