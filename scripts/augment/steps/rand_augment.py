"""Some operations on each image, drawn from fourteen, all as strong as `magnitude` says.

Source: Cubuk et al., "RandAugment: Practical Automated Data Augmentation with a Reduced Search Space", NeurIPS 2020;
the operations and their strengths are torchvision's. What moves the image takes the nearest pixel; what lies outside is
black.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from scripts.augment.step import ImageStep

if TYPE_CHECKING:
    import numpy as np
    import torch

STRONGEST = 30


class Step(ImageStep):
    """Settings of the step."""

    operations: int = Field(2, ge=1, le=14, description="operations on each image, one after the other")
    magnitude: int = Field(9, ge=0, le=STRONGEST, description=f"how strong they are, of {STRONGEST}")

    @property
    def numbers(self) -> int:
        return 2 * self.operations

    def __call__(self, images: torch.Tensor, drawn: np.ndarray) -> torch.Tensor:
        import numpy as np

        from scripts.augment.pixels import where
        from scripts.augment.steps._operations import OPERATIONS

        found = images.clone()
        for number in range(self.operations):
            chosen = np.floor(len(OPERATIONS) * drawn[:, 2 * number])
            signs = np.where(drawn[:, 2 * number + 1] < 0.5, -1.0, 1.0)
            for place, operation in enumerate(OPERATIONS):
                some = chosen == place
                if some.any():
                    at = where(some, found)
                    strength = signs[some] * self.magnitude / STRONGEST
                    found.index_copy_(0, at, operation(found[at].contiguous(), strength))
        return found
