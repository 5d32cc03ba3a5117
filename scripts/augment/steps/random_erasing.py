"""Cover a random rectangle of some images.

Source: Zhong et al., "Random Erasing Data Augmentation", AAAI 2020.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, field_validator

from scripts.augment.step import ImageStep, in_order

if TYPE_CHECKING:
    import numpy as np
    import torch

Part = Annotated[float, Field(gt=0, le=1)]
Ratio = Annotated[float, Field(gt=0)]


class Step(ImageStep):
    """Settings of the step."""

    probability: float = Field(0.5, ge=0, le=1, description="share of the images that are covered somewhere")
    scale: tuple[Part, ...] = Field(
        (0.02, 0.33), min_length=2, max_length=2, description="least and greatest share of the image's area"
    )
    ratio: tuple[Ratio, ...] = Field(
        (0.3, 3.3), min_length=2, max_length=2, description="least and greatest width over height of the rectangle"
    )
    fill: int = Field(124, ge=0, le=255, description="level of what covers it, in every channel")

    _in_order = field_validator("scale", "ratio")(in_order)

    @property
    def numbers(self) -> int:
        return 5

    def __call__(self, images: torch.Tensor, drawn: np.ndarray) -> torch.Tensor:
        import numpy as np

        from scripts.augment.pixels import inside, whole
        from scripts.augment.steps._cropping import boxes

        top, left, height, width = boxes(drawn[:, 1:], images.shape[1], self.scale, self.ratio).T
        height = height * (drawn[:, 0] < self.probability)
        box = whole(np.stack((top, left, top + height, left + width), axis=1), images)
        return images.masked_fill(inside(box, *images.shape[1:3]), self.fill)
