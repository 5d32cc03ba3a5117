"""Turn each image by no, one, two or three right angles: a tissue section has no upper side.

Source: Veeling et al., "Rotation Equivariant CNNs for Digital Pathology", MICCAI 2018.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.augment.step import ImageStep

if TYPE_CHECKING:
    import numpy as np
    import torch


class Step(ImageStep):
    """Settings of the step."""

    @property
    def numbers(self) -> int:
        return 1

    def __call__(self, images: torch.Tensor, drawn: np.ndarray) -> torch.Tensor:
        import numpy as np
        import torch

        from scripts.augment.pixels import where

        turns, found = np.floor(4 * drawn[:, 0]), images.clone()
        for number in (1, 2, 3):
            chosen = where(turns == number, images)
            found.index_copy_(0, chosen, torch.rot90(images[chosen], number, (1, 2)))
        return found
