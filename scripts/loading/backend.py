"""What a loading backend is.

A backend is made, entered (it starts its workers), asked for all images once per pass, and left (it stops them). It
delivers each image as (position, pixels) in any order; who measures it copies the pixels, so a backend may reuse its
memory. Heavy libraries are imported in `__enter__`, since the Snakefile lists backends while it builds the DAG.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple, Self, TypeVar

from scripts import machine

if TYPE_CHECKING:
    import numpy as np

T = TypeVar("T")

# One start method for every backend that starts processes, so that they differ only in what they are compared for. It
# is safe where the parent has threads, and what Python 3.14 chose as Linux's default.
START_METHOD = "forkserver"


@dataclass(frozen=True)
class Item:
    """One image to load."""

    position: int  # where its pixels go, from 0
    path: str  # raw file, relative to the image folder
    shard: int
    row: int


Loaded = tuple[int, "np.ndarray"]  # position, uint8 (size, size, 3)
Load = Callable[[Item], Loaded]  # picklable; brings one image to memory


class Usage(NamedTuple):
    """What a measurement has used until now: its process and all workers, wherever they run."""

    cpu_seconds: float
    peak_rss_bytes: int
    busy_elsewhere: float = 0.0  # CPU seconds that other machines were busy, with whatever, since their workers started


class Backend(ABC):
    """One way to bring many images to memory."""

    source: ClassVar[Literal["raw", "packed"]] = "raw"
    parallel: ClassVar[bool] = True  # whether `workers` means anything to it
    chunked: ClassVar[bool] = True  # whether `chunk` does
    start_method: ClassVar[str | None] = None  # of its worker processes, where it has any
    needs: ClassVar[str | None] = None  # a program that must be on the PATH; such a backend is used only where named

    def __init__(self, load: Load, workers: int, chunk: int) -> None:
        self.load = load
        self.workers = workers
        self.chunk = chunk

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def usage(self) -> Usage:
        """Asked for while the workers run. By default they are descendants of this process."""
        return Usage(*machine.tree_usage())

    def places(self) -> machine.Places:
        """Where this process and its workers run, asked for while they do."""
        return machine.Places([machine.Place.of_this_process()])

    @abstractmethod
    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        """Every image of `items` once, in any order."""


def chunks(items: Sequence[T], size: int) -> list[Sequence[T]]:
    """`items` cut into runs of `size`, the last one maybe shorter."""
    return [items[start : start + size] for start in range(0, len(items), size)]


def load_chunk(load: Load, items: Sequence[Item]) -> list[Loaded]:
    """Load several images in one task."""
    return [load(item) for item in items]
