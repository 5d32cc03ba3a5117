"""Paint the background of a slide: what is not tissue, by a threshold that the image itself gives.

Source of the method: Otsu, A threshold selection method from gray-level histograms, IEEE Transactions on Systems, Man,
and Cybernetics 9(1), 1979, doi:10.1109/TSMC.1979.4310076; OpenCV manual, `threshold` with THRESH_OTSU.
Otsu parts any image in two, so a tile that is all tissue loses its palest parts: for tiles that may hold glass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from scripts.images.step import ImageStep

if TYPE_CHECKING:
    from scripts.images.picture import Pixels


class Step(ImageStep):
    """Settings of the step."""

    needs_rgb: ClassVar[bool] = True

    channel: Literal["saturation", "gray"] = Field(
        "saturation", description="saturation: tissue is more colourful than glass; gray: tissue is darker"
    )
    fill: int = Field(255, ge=0, le=255, description="value of the background in every channel")

    def __call__(self, image: Pixels, size: int) -> Pixels:
        """RGB uint8 (h, w, 3) to the same shape; an image of one value in the channel has no two parts and stays."""
        import cv2

        if self.channel == "saturation":
            values, kind = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)[..., 1], cv2.THRESH_BINARY_INV
        else:
            values, kind = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.THRESH_BINARY
        if values.min() == values.max():
            return image
        _, background = cv2.threshold(values, 0, 255, kind | cv2.THRESH_OTSU)
        masked = image.copy()
        masked[background > 0] = self.fill
        return masked
