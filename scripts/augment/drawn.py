"""An augmentation in one epoch: random numbers of a step depend on (seed, epoch, image) alone.

So an image looks the same for every number of ranks and loader processes, for every batch that it is in, and in a
training that goes on. Where a step mixes images, the partner of each is drawn from all of the split, since another rank
may hold the rest of the batch: it is read, and goes through the steps before as it does when it is its own turn, which
doubles what these cost.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from scripts.augment.chain import AT_ONCE, Augmentation
from scripts.augment.philox import uniform
from scripts.augment.step import ImageStep, MixStep

PARTNERS = 0xFFFFFFFF  # stands for the drawing of partners, where others have the number of their step


@dataclass(frozen=True)
class Drawn:
    """An augmentation as it is drawn in one epoch.

    Ids are of images, int64 (n,): image i of the split, in its t-th time in the epoch from 0, is i + t * images.
    """

    augmentation: Augmentation
    seed: int
    epoch: int
    images: int  # of the split

    def partners(self, ids: np.ndarray) -> np.ndarray:
        """The id of each image's partner; empty where no step mixes."""
        if not self.augmentation.mixes:
            return ids[:0]
        found = uniform(self.seed, self.epoch, PARTNERS, ids, 1)[:, 0] * self.images
        return found.astype(ids.dtype)

    def own_shares(self, ids: np.ndarray, edge: int) -> np.ndarray:
        """What stays of each image's own label, float64 (n,); the rest is its partner's.

        `edge`: of the packed images, pixels.
        """
        shares = np.ones(len(ids))
        for place, step in enumerate(self.augmentation.steps):
            if isinstance(step, MixStep):
                shares *= step.own_share(self._numbers(place, ids), edge)
            edge = step.edge(edge)
        return shares

    def applied(self, images: torch.Tensor, ids: np.ndarray) -> torch.Tensor:
        """What the network sees, uint8 (n, edge, edge, 3).

        Args:
            images: of `ids`, and behind them of their partners: uint8 (n or 2n, packed edge, packed edge, 3), RGB,
                contiguous. May be changed.
        """
        partners = self.partners(ids)
        some = len(ids) if images.is_cuda else AT_ONCE
        found = []
        for start in range(0, len(ids), some):
            end = min(start + some, len(ids))
            own = images[start:end]
            others = images[len(ids) + start : len(ids) + end]
            found.append(self._applied(own, others, ids[start:end], partners[start:end]))
        return found[0] if len(found) == 1 else torch.cat(found)

    def _applied(
        self, images: torch.Tensor, others: torch.Tensor, ids: np.ndarray, partners: np.ndarray
    ) -> torch.Tensor:
        steps = self.augmentation.steps
        last_mix = max((place for place, step in enumerate(steps) if isinstance(step, MixStep)), default=-1)
        for place, step in enumerate(steps):
            numbers = partial(self._numbers, place)
            if isinstance(step, MixStep):
                images = step.mix(images, others, numbers(ids))
            elif isinstance(step, ImageStep):
                images = step(images, numbers(ids))
                if place < last_mix:
                    others = step(others, numbers(partners))
        return images

    def _numbers(self, place: int, ids: np.ndarray) -> np.ndarray:
        return uniform(self.seed, self.epoch, place, ids, self.augmentation.steps[place].numbers)
