"""Keep edges only: 255 on an edge of the gray image, 0 elsewhere, in three equal channels.

Source of the method: Canny, A computational approach to edge detection, IEEE Transactions on Pattern Analysis and
Machine Intelligence 8(6), 1986, doi:10.1109/TPAMI.1986.4767851; OpenCV manual, feature detection, `Canny`. The
paper's smoothing is left out there: put `gaussian` before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from pydantic import Field, model_validator

from scripts.images.step import ImageStep, Space

if TYPE_CHECKING:
    from scripts.images.picture import Pixels


class Step(ImageStep):
    """Settings of the step."""

    needs_rgb: ClassVar[bool] = True

    low: float = Field(100.0, ge=0, description="gradient from which a pixel beside an edge belongs to it")
    high: float = Field(200.0, gt=0, description="gradient from which a pixel starts an edge; at least `low`")
    radius: int = Field(
        1,
        ge=1,
        le=3,
        description="the Sobel kernel (OpenCV's aperture) is 2 * radius + 1 pixels; gradients grow with it",
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"low is {self.low:g} and high is {self.high:g}, expected low up to high")
        return self

    @property
    def leaves(self) -> Space:
        """Three equal channels."""
        return "gray"

    def __call__(self, image: Pixels, size: int) -> Pixels:
        """RGB uint8 (h, w, 3) to the same shape."""
        import cv2

        gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        edges = cv2.Canny(gray, self.low, self.high, apertureSize=2 * self.radius + 1, L2gradient=True)
        return cv2.cvtColor(edges, cv2.COLOR_GRAY2RGB)  # type: ignore[return-value]
