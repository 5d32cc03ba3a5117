"""Batches of packed images: which images each step takes, and how a rank's share of them becomes a tensor.

The images of a step depend on (seed, epoch, step) alone, never on the number of ranks: every world size sees the same
global batches, and rank r takes the r-th equal part.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from scripts.images.packed_images import PackedImages
from scripts.images.shards import Split
from scripts.training.loop.steps import steps


@dataclass(frozen=True)
class Batches:
    """The images of one split, handed out in batches.

    Args:
        packed: the pixels of `images`, in their order.
        mean, std: three numbers each, in units of 0-255, that pixels are normalised by.
    """

    packed: PackedImages
    images: Split
    size: int
    mean: torch.Tensor
    std: torch.Tensor
    device: torch.device
    memory_format: torch.memory_format

    def batch(self, chosen: np.ndarray, pixels_too: bool = True) -> tuple[torch.Tensor, torch.Tensor]:
        """What `ready` gives of `chosen`; without `pixels_too` no image is read."""
        return self.ready(chosen, self.pixels(chosen) if pixels_too else None)

    def pixels(self, chosen: np.ndarray) -> torch.Tensor:
        """Images as they are packed: uint8 (n, size, size, 3), in this machine's memory."""
        pixels = np.empty((len(chosen), self.size, self.size, 3), np.uint8)
        self.packed.gather(chosen, pixels)
        return torch.from_numpy(pixels)

    def ready(self, chosen: np.ndarray, pixels: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
        """Images as normalised float32 (n, 3, size, size) in `memory_format`, labels as int64 (n,); on the device.

        Without `pixels` the first has no rows.
        """
        labels = torch.from_numpy(self.images.labels[chosen]).to(self.device)
        if pixels is None:
            return torch.empty((0, 3, self.size, self.size), device=self.device), labels
        # Sent as uint8, a quarter of float32, and normalised where they are used.
        images = pixels.to(self.device, non_blocking=True).permute(0, 3, 1, 2)
        return images.sub(self.mean).div_(self.std).contiguous(memory_format=self.memory_format), labels


def seed_of(study: int, block: int) -> int:
    """The seed of a launch in a block, from its study's: below 2**63, and that of no other block of any study but by a
    chance of 2**-63, as numpy's SeedSequence mixes them.
    """
    return int(np.random.SeedSequence([study, block]).generate_state(1, np.uint64)[0] >> np.uint64(1))


def training_order(
    images: int, global_batch: int, rank: int, world_size: int, seed: int, epoch: int
) -> Iterator[np.ndarray]:
    """For each step of an epoch, the images (int64 indices) of this rank: an equal part of the step's global batch."""
    order = np.random.default_rng([seed, epoch]).permutation(images)
    share = global_batch // world_size
    for step in range(steps(images, global_batch)):
        start = step * global_batch + rank * share
        yield order[start : start + share]


def evaluation_order(images: int, batch: int, rank: int, world_size: int) -> Iterator[np.ndarray]:
    """Batches that cover, over all ranks, each image exactly once: no padding, so shares may differ by one."""
    mine = np.arange(rank, images, world_size)
    for start in range(0, len(mine), batch):
        yield mine[start : start + batch]
