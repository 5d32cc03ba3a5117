"""The pixels of training batches in order: read by the rank itself, ahead of it by loader processes of its own, or
brought from the raw files by a way to load.
"""

import os
import signal
from collections.abc import Iterable, Iterator

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from scripts.images.decode import DecodeSpec
from scripts.loading.feeding import Feeder
from scripts.training.loop.examples import Examples
from scripts.training.loop.inputs import Inputs
from scripts.training.points import PACKED
from scripts.training.spec import TrainSpec

Asked = tuple[int, np.ndarray]  # an epoch, and ids


class Feed:
    """The batches that a rank asks for, one epoch after the other.

    A memory map needs no loader process: `workers` is 0 unless the study compares. Their processes live as long as the
    feed, and work ahead in an epoch alone (two batches each), so that no epoch is given what an earlier one has made.

    Args:
        takes_images: whether this rank needs pixels.
        workers: loader processes.
        cores: one for each of them; None: they are bound to none.
        feeder: brings the pixels in their place; None: they are read as they are packed.
    """

    def __init__(
        self,
        examples: Examples,
        takes_images: bool,
        workers: int,
        cores: list[int] | None,
        feeder: Feeder | None = None,
    ) -> None:
        self.examples = examples
        self.feeder = feeder
        self.takes_images = takes_images
        self.asked: list[Asked] = []
        self.loader: DataLoader[torch.Tensor] | None = None
        if workers and takes_images and feeder is None:

            def settle(number: int) -> None:
                # The rank decides when to leave: it hears SIGTERM too, and then ends its step.
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                os.sched_setaffinity(0, {cores[number]} if cores else os.sched_getaffinity(0))

            self.loader = DataLoader(
                _Pixels(examples),
                sampler=_Asked(self.asked),
                batch_size=None,  # the sampler names whole batches
                num_workers=workers,
                worker_init_fn=settle,
                persistent_workers=True,
                multiprocessing_context="fork",  # children read a mapped file, and touch no device
                pin_memory=examples.data.device.type == "cuda",
            )
            list(self.loader)  # nothing is asked for yet: it starts the processes

    def batches(self, epoch: int, orders: Iterable[np.ndarray]) -> Iterator[tuple[np.ndarray, torch.Tensor | None]]:
        """Each of `orders`, ids of an epoch, with its pixels, as Examples.ready() takes them."""
        if self.feeder is not None and self.takes_images:
            asked = list(orders)
            brought = self.feeder.batches(self.examples.numbers(epoch, ids) for ids in asked)
            yield from zip(asked, map(torch.from_numpy, brought), strict=True)
            return
        if self.loader is None:
            yield from ((ids, self.examples.read(epoch, ids) if self.takes_images else None) for ids in orders)
            return
        self.asked[:] = ((epoch, ids) for ids in orders)
        for (_, ids), pixels in zip(self.asked, self.loader, strict=True):
            yield ids, pixels


def feed_of(spec: TrainSpec, inputs: Inputs, examples: Examples, takes_images: bool, cores: list[int] | None) -> Feed:
    """The feed of a point."""
    point, feeder = spec.point, None
    if point.tuning.feed != PACKED and takes_images:
        assert inputs.raw is not None, "a point that raw files feed is given their folder"
        decode = DecodeSpec.model_validate(inputs.decode)
        share = point.share * (2 if spec.augmentation.mixes else 1)
        workers = max(1, point.loader_workers)
        feeder = Feeder(point.tuning.feed, inputs.raw, decode, examples.data.images, workers, share, cores)
    return Feed(examples, takes_images, point.loader_workers, cores, feeder)


class _Pixels(Dataset[torch.Tensor]):
    """The pixels of whole batches."""

    def __init__(self, examples: Examples) -> None:
        self.examples = examples

    def __getitem__(self, asked: Asked) -> torch.Tensor:
        return self.examples.read(*asked)


class _Asked:
    """A sampler of what is asked for at the moment."""

    def __init__(self, asked: list[Asked]) -> None:
        self.asked = asked

    def __iter__(self) -> Iterator[Asked]:
        return iter(list(self.asked))

    def __len__(self) -> int:
        return len(self.asked)
