"""The pixels of training batches in order: read by the rank itself, or ahead of it by loader processes of its own."""

import os
import signal
from collections.abc import Iterable, Iterator

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from scripts.training.loop.batches import Batches


class Feed:
    """The batches that a rank asks for, one epoch after the other.

    A memory map needs no loader process: `workers` is 0 unless the study compares. Their processes live as long as the
    feed, and work ahead in an epoch alone (two batches each), so that no epoch is given what an earlier one has made.

    Args:
        data: of the training split.
        takes_images: whether this rank needs pixels.
        workers: loader processes.
        cores: one for each of them; None: they are bound to none.
    """

    def __init__(self, data: Batches, takes_images: bool, workers: int, cores: list[int] | None) -> None:
        self.data = data
        self.takes_images = takes_images
        self.asked: list[np.ndarray] = []
        self.loader: DataLoader[torch.Tensor] | None = None
        if workers and takes_images:

            def settle(number: int) -> None:
                # The rank decides when to leave: it hears SIGTERM too, and then ends its step.
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                os.sched_setaffinity(0, {cores[number]} if cores else os.sched_getaffinity(0))

            self.loader = DataLoader(
                _Pixels(data),
                sampler=_Asked(self.asked),
                batch_size=None,  # the sampler names whole batches
                num_workers=workers,
                worker_init_fn=settle,
                persistent_workers=True,
                multiprocessing_context="fork",  # children read a mapped file, and touch no device
                pin_memory=data.device.type == "cuda",
            )
            list(self.loader)  # nothing is asked for yet: it starts the processes

    def batches(self, orders: Iterable[np.ndarray]) -> Iterator[tuple[np.ndarray, torch.Tensor | None]]:
        """Each of `orders` (int64 indices of images) with its pixels, as Batches.ready() takes them."""
        if self.loader is None:
            yield from ((chosen, self.data.pixels(chosen) if self.takes_images else None) for chosen in orders)
            return
        self.asked[:] = orders
        yield from zip(self.asked, self.loader, strict=True)


class _Pixels(Dataset[torch.Tensor]):
    """The pixels of whole batches."""

    def __init__(self, data: Batches) -> None:
        self.data = data

    def __getitem__(self, chosen: np.ndarray) -> torch.Tensor:
        return self.data.pixels(chosen)


class _Asked:
    """A sampler of what is asked for at the moment."""

    def __init__(self, asked: list[np.ndarray]) -> None:
        self.asked = asked

    def __iter__(self) -> Iterator[np.ndarray]:
        return iter(list(self.asked))

    def __len__(self) -> int:
        return len(self.asked)
