"""Paste a rectangle of another image into each, and give the label its share of the area.

Source: Yun et al., "CutMix: Regularization Strategy to Train Strong Classifiers with Localizable Features", ICCV 2019.
What stays of an image is of Beta(alpha, alpha) before the rectangle is cut at the edges. The partner is drawn from all
training images, not from the batch, of which a rank holds a part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from scripts.augment.step import MixStep

if TYPE_CHECKING:
    import numpy as np
    import torch


class Step(MixStep):
    """Settings of the step."""

    alpha: float = Field(1.0, gt=0, le=100, description="of the Beta distribution; 1: all shares are as likely")
    probability: float = Field(1.0, ge=0, le=1, description="share of the images that are pasted into")

    @property
    def numbers(self) -> int:
        return 4

    def _box(self, drawn: np.ndarray, edge: int) -> np.ndarray:
        """Top, left, bottom and right, int64 (n, 4)."""
        import numpy as np

        from scripts.augment.steps._beta import beta

        length = np.rint(edge * np.sqrt(1 - beta(self.alpha, drawn[:, 1])))
        length = np.where(drawn[:, 0] < self.probability, length, 0)
        middle = np.floor(edge * drawn[:, 2:])
        low = middle - np.floor(length / 2)[:, None]
        return np.concatenate((low, low + length[:, None]), axis=1).clip(0, edge).astype(np.int64)

    def own_share(self, drawn: np.ndarray, edge: int) -> np.ndarray:
        top, left, bottom, right = self._box(drawn, edge).T
        covered: np.ndarray = (bottom - top) * (right - left) / edge**2
        return 1 - covered

    def mix(self, images: torch.Tensor, partners: torch.Tensor, drawn: np.ndarray) -> torch.Tensor:
        import torch

        from scripts.augment.pixels import inside, whole

        edge = images.shape[1]
        return torch.where(inside(whole(self._box(drawn, edge), images), edge, edge), partners, images)
