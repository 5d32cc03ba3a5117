"""Blend each image with another, and their labels alike.

Source: Zhang et al., "mixup: Beyond Empirical Risk Minimization", ICLR 2018. The share of the image is of Beta(alpha,
alpha), rounded to a 128th, in the pixels and in the label. The partner is drawn from all training images, as the
paper's formula has it, not from the batch, of which a rank holds a part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from scripts.augment.step import MixStep

if TYPE_CHECKING:
    import numpy as np
    import torch

PARTS = 128  # with which products of levels fit into 16 bits


class Step(MixStep):
    """Settings of the step."""

    alpha: float = Field(0.2, gt=0, le=100, description="of the Beta distribution: greater ones blend more evenly")
    probability: float = Field(1.0, ge=0, le=1, description="share of the images that are blended")

    @property
    def numbers(self) -> int:
        return 2

    def _parts(self, drawn: np.ndarray) -> np.ndarray:
        import numpy as np

        from scripts.augment.steps._beta import beta

        return np.where(drawn[:, 0] < self.probability, np.rint(PARTS * beta(self.alpha, drawn[:, 1])), PARTS)

    def own_share(self, drawn: np.ndarray, edge: int) -> np.ndarray:  # noqa: ARG002 - cutmix takes it
        return self._parts(drawn) / PARTS

    def mix(self, images: torch.Tensor, partners: torch.Tensor, drawn: np.ndarray) -> torch.Tensor:
        import torch

        from scripts.augment.pixels import whole

        own = whole(self._parts(drawn), images).to(torch.int16)[:, None, None, None]
        others = partners.to(torch.int16)
        difference = (images - others) * own + PARTS // 2
        return (others + (difference >> PARTS.bit_length() - 1)).to(torch.uint8)
