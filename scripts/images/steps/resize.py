"""Make every image (size, size): stretched, padded to keep its aspect ratio, or cropped about its centre.

Source of the method: OpenCV manual, geometric image transformations, `resize`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from scripts.images.step import ImageStep

if TYPE_CHECKING:
    from scripts.images.picture import Pixels


class Step(ImageStep):
    """Settings of the step."""

    resizes: ClassVar[bool] = True

    interpolation: Literal["auto", "area", "linear", "cubic"] = Field(
        "auto",
        description="auto: linear where no edge shrinks by more than 1.5 times, which follows a scaled decode best and "
        "fastest, else area; area: the mean of the source pixels, without aliasing, and linear along an edge that "
        "grows; linear, cubic: from the nearest 2x2 or 4x4 pixels, which aliases beyond 2 or 4 times",
    )
    mode: Literal["stretch", "pad", "crop"] = Field(
        "stretch",
        description="stretch: both edges to the target, the aspect ratio is lost; pad: the whole image, centred on a "
        "border of `fill`; crop: the largest centred square",
    )
    fill: int = Field(0, ge=0, le=255, description="value of the border of `pad` in every channel")

    def __call__(self, image: Pixels, size: int) -> Pixels:
        """uint8 (h, w, 3) to (size, size, 3)."""
        import numpy as np

        height, width = image.shape[:2]
        if self.mode == "stretch":
            return self._scale(image, size, size)
        if self.mode == "crop":  # before scaling: a long strip scaled as a whole would fill the memory
            edge = min(height, width)
            top, left = (height - edge) // 2, (width - edge) // 2
            return self._scale(image[top : top + edge, left : left + edge], size, size)
        longest = max(height, width)
        inner_height, inner_width = (max(round(edge * size / longest), 1) for edge in (height, width))
        top, left = (size - inner_height) // 2, (size - inner_width) // 2
        canvas = np.full((size, size, 3), self.fill, np.uint8)
        inside = canvas[top : top + inner_height, left : left + inner_width]
        inside[...] = self._scale(image, inner_height, inner_width)
        return canvas

    def _scale(self, image: Pixels, height: int, width: int) -> Pixels:
        """uint8 (h, w, 3) to (height, width, 3)."""
        import cv2

        little = image.shape[0] <= 1.5 * height and image.shape[1] <= 1.5 * width
        if self.interpolation in {"linear", "cubic"} or (self.interpolation == "auto" and little):
            flag = cv2.INTER_CUBIC if self.interpolation == "cubic" else cv2.INTER_LINEAR
            return cv2.resize(image, (width, height), interpolation=flag)  # type: ignore[return-value]
        # OpenCV averages areas only if no edge grows, so an image that shrinks one way and grows the other takes two.
        shrunk = min(width, image.shape[1]), min(height, image.shape[0])
        image = cv2.resize(image, shrunk, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
        return cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)  # type: ignore[return-value]
