"""Show some images left for right.

Source: Krizhevsky et al., "ImageNet Classification with Deep Convolutional Neural Networks", NIPS 2012.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from scripts.augment.step import ImageStep

if TYPE_CHECKING:
    import numpy as np
    import torch


class Step(ImageStep):
    """Settings of the step."""

    axis: ClassVar[int] = 2  # of (images, height, width, channels), along which they are turned over

    probability: float = Field(0.5, ge=0, le=1, description="share of the images that are turned over")

    @property
    def numbers(self) -> int:
        return 1

    def __call__(self, images: torch.Tensor, drawn: np.ndarray) -> torch.Tensor:
        from scripts.augment.pixels import where

        chosen = where(drawn[:, 0] < self.probability, images)
        return images.index_copy(0, chosen, images[chosen].flip(self.axis))
