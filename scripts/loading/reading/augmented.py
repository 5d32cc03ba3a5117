"""What a training's loader does to each image beside bringing it to memory: the steps of `training.augment`.

On the CPU, where the image is decoded. Steps that mix images are left to who has a batch of them.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from scripts.augment.chain import Augmentation
from scripts.spec import Spec

if TYPE_CHECKING:
    import numpy as np

    from scripts.augment.drawn import Drawn
    from scripts.loading.backend import Item


class LoadAugmentation(Spec):
    """The steps, with the seed that they are drawn by for each image; the same in every pass. Picklable."""

    steps: list[dict[str, dict[str, Any]]]
    seed: int

    def __call__(self, items: Sequence[Item], pixels: np.ndarray) -> np.ndarray:
        """uint8 (n, edge, edge, 3) of images of that edge as packed, which are left as they are."""
        import numpy as np
        import torch

        ids = np.array([zlib.crc32(item.path.encode("utf-8", "surrogateescape")) for item in items], np.int64)
        return self._drawn.applied(torch.from_numpy(np.array(pixels)), ids).numpy()

    def edge(self, packed: int) -> int:
        """As Augmentation.edge()."""
        return Augmentation.of(self.steps).edge(packed)

    @cached_property
    def _drawn(self) -> Drawn:
        from scripts.augment.drawn import Drawn  # here, since it imports torch

        return Drawn(Augmentation.of(self.steps), self.seed, epoch=0, images=1)
