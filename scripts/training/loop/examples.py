"""What a training step is given: images of the training split, augmented, and their labels."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from scripts.augment.chain import Augmentation
from scripts.augment.drawn import Drawn
from scripts.training.loop.batches import Batches


@dataclass(frozen=True)
class Examples:
    """The training split as a training sees it. Ids are those of training_order().

    Args:
        seed: of the launch.
        on_ranks: whether the rank augments on its device; else it is done where images are read.
    """

    data: Batches
    augmentation: Augmentation
    seed: int
    on_ranks: bool

    def read(self, epoch: int, ids: np.ndarray) -> torch.Tensor:
        """The images of an epoch's ids, uint8 (n, edge, edge, 3), in this machine's memory: augmented, unless the rank
        does that, which is given their partners behind them.
        """
        pixels = self.data.pixels(self.numbers(epoch, ids))
        return pixels if self.on_ranks or not self.augmentation.steps else self._drawn(epoch).applied(pixels, ids)

    def numbers(self, epoch: int, ids: np.ndarray) -> np.ndarray:
        """The images that `ids` are made from, by their number in the split: themselves, then their partners."""
        return np.concatenate((ids % self._images, self._drawn(epoch).partners(ids)))

    def ready(
        self, epoch: int, ids: np.ndarray, pixels: torch.Tensor | None, lap: Callable[[str], object] = lambda _: None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Batches.normalised() of what `read` gives, and the labels; on the device.

        Args:
            pixels: None: the first has no rows.
            lap: told what has ended: to_device, and augment where it is done here.
        """
        if pixels is not None and self.on_ranks and self.augmentation.steps:
            pixels = pixels.to(self.data.device, non_blocking=True)
            lap("to_device")
            pixels = self._drawn(epoch).applied(pixels, ids)
            lap("augment")
        made = self.data.normalised(pixels), self.labels(epoch, ids)
        lap("to_device")
        return made

    def labels(self, epoch: int, ids: np.ndarray) -> torch.Tensor:
        """Classes, int64 (n,); of mixed images the share of each class, float32 (n, classes)."""
        own = self.data.labels(ids % self._images)
        if not self.augmentation.mixes:
            return own
        drawn, classes = self._drawn(epoch), len(self.data.images.classes)
        share = torch.from_numpy(drawn.own_shares(ids, self.data.packed_size)).to(own.device)[:, None]
        one, other = (torch.nn.functional.one_hot(of, classes) for of in (own, self.data.labels(drawn.partners(ids))))
        return (one * share + other * (1 - share)).float()

    @property
    def _images(self) -> int:
        return len(self.data.images)

    def _drawn(self, epoch: int) -> Drawn:
        return Drawn(self.augmentation, self.seed, epoch, self._images)
