"""Batches of packed images: which images each step takes, and how a rank's share of them becomes a tensor.

The images of a step depend on (seed, epoch, step) alone, never on the number of ranks: every world size sees the same
global batches, and rank r takes the r-th equal part.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from scripts.augment.pixels import centre
from scripts.images.packed_images import PackedImages
from scripts.images.shards import Split
from scripts.training.loop.steps import steps
from scripts.training.points import Sampling


@dataclass(frozen=True)
class Batches:
    """The images of one split, handed out in batches.

    Args:
        packed: the pixels of `images`, in their order.
        size, packed_size: edge of what the network sees, and of a packed image, pixels.
        mean, std: three numbers each, in units of 0-255, that pixels are normalised by.
    """

    packed: PackedImages
    images: Split
    size: int
    packed_size: int
    mean: torch.Tensor
    std: torch.Tensor
    device: torch.device
    memory_format: torch.memory_format

    def batch(self, chosen: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        """What is evaluated of `chosen`: the centres of the images, as `normalised` gives them, and `labels`."""
        return self.normalised(centre(self.pixels(chosen), self.size)), self.labels(chosen)

    def pixels(self, chosen: np.ndarray) -> torch.Tensor:
        """Images as they are packed: uint8 (n, packed_size, packed_size, 3), in this machine's memory."""
        pixels = np.empty((len(chosen), self.packed_size, self.packed_size, 3), np.uint8)
        self.packed.gather(chosen, pixels)
        return torch.from_numpy(pixels)

    def labels(self, chosen: np.ndarray) -> torch.Tensor:
        """int64 (n,), on the device."""
        return torch.from_numpy(self.images.labels[chosen]).to(self.device)

    def normalised(self, pixels: torch.Tensor | None) -> torch.Tensor:
        """uint8 (n, size, size, 3) as float32 (n, 3, size, size) in `memory_format`, on the device; of None no rows."""
        if pixels is None:
            return torch.empty((0, 3, self.size, self.size), device=self.device)
        # Sent as uint8, a quarter of float32, and normalised where they are used.
        images = pixels.to(self.device, non_blocking=True).permute(0, 3, 1, 2)
        return images.sub(self.mean).div_(self.std).contiguous(memory_format=self.memory_format)


def seed_of(study: int, block: int) -> int:
    """The seed of a launch in a block, from its study's: below 2**63, and that of no other block of any study but by a
    chance of 2**-63, as numpy's SeedSequence mixes them.
    """
    return int(np.random.SeedSequence([study, block]).generate_state(1, np.uint64)[0] >> np.uint64(1))


def epoch_order(labels: np.ndarray, sampling: Sampling, seed: int, epoch: int) -> np.ndarray:
    """The images of an epoch in order, as many as there are: int64 ids, of image i in its t-th time i + t * images.

    Shuffled, each comes once. Balanced, each class has as many as another, or one more: those of a small one come
    several times, each as often as another of its class, or once more.

    Args:
        labels: of the images, int64 (images,).
    """
    rng, images = np.random.default_rng([seed, epoch]), len(labels)
    if sampling == "shuffled":
        return rng.permutation(images)
    present = np.unique(labels)
    quotas = np.full(len(present), images // len(present))
    quotas[rng.permutation(len(present))[: images % len(present)]] += 1
    found = []
    for label, quota in zip(present, quotas, strict=True):
        members = (labels == label).nonzero()[0]
        times = range(-(-quota // len(members)))
        found.append(np.concatenate([rng.permutation(members) + images * time for time in times])[:quota])
    return rng.permutation(np.concatenate(found))


def training_order(order: np.ndarray, global_batch: int, rank: int, world_size: int) -> Iterator[np.ndarray]:
    """For each step of an epoch, the ids of this rank: an equal part of the step's global batch."""
    share = global_batch // world_size
    for step in range(steps(len(order), global_batch)):
        start = step * global_batch + rank * share
        yield order[start : start + share]


def evaluation_order(images: int, batch: int, rank: int, world_size: int) -> Iterator[np.ndarray]:
    """Batches that cover, over all ranks, each image exactly once: no padding, so shares may differ by one."""
    mine = np.arange(rank, images, world_size)
    for start in range(0, len(mine), batch):
        yield mine[start : start + batch]
