"""Resize to the target size, both edges alike (`stretch`): the aspect ratio is not kept.

Source of the method: OpenCV manual, geometric image transformations, `resize`; INTER_AREA is its choice for shrinking.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from scripts.images.decode import Pixels


class Step(BaseModel):
    """Settings of the step."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    interpolation: Literal["area", "linear", "cubic"] = "area"  # area averages every source pixel; no aliasing

    def __call__(self, image: Pixels, size: int) -> Pixels:
        """uint8 RGB (h, w, 3) to (size, size, 3)."""
        import cv2

        flag = {"area": cv2.INTER_AREA, "linear": cv2.INTER_LINEAR, "cubic": cv2.INTER_CUBIC}[self.interpolation]
        return cv2.resize(image, (size, size), interpolation=flag)  # type: ignore[return-value]
