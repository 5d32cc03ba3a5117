"""What a loading backend is.

A backend is made, prepared (untimed; only the ceilings do anything there), entered (it starts its workers), asked for
all images once per pass, and left (it stops them). It delivers images as (where, pixels) in any order; who measures it
copies the pixels to their place, so a backend may reuse its memory. Heavy libraries are imported in `__enter__`, since
the Snakefile lists backends while it builds the DAG.
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
Check = Literal["pixels", "once"]  # of what is delivered: the pixels, and so that each image came once; or that alone

StartMethod = Literal["fork", "forkserver", "spawn"]
Returns = Literal["pickled", "shared_memory"]
# Safe where the parent has threads, and what Python 3.14 chose as Linux's default.
START_METHOD: StartMethod = "forkserver"
PREFETCH = 2  # torch's own default
# Where images are read from; a record's key holds none of them, since all give the same pixels.
RAW, REENCODED, REMOTE, PACKED = "raw", "reencoded", "remote", "packed"
OWN, DECODERS = "scalecard", "scripts.loading.reading.decoders"  # the decoder of the study; those of other libraries
OWN_DATASET = "own"  # the backend of a dataset of the user's own
BATCH = 64  # images that a trainer takes at a time; inside a batch their order is free


@dataclass(frozen=True)
class Item:
    """One image to load."""

    position: int  # where its pixels go, from 0: each BATCH of positions is a batch
    path: str  # raw file, relative to the image folder
    shard: int
    row: int


# Where: a position with uint8 (size, size, 3), or a slice of n positions with uint8 (n, size, size, 3); None as pixels
# where the backend has put them to their place itself.
Loaded = tuple[int | slice, "np.ndarray | None"]
Load = Callable[[Item], tuple[int, "np.ndarray"]]  # picklable; brings one image to memory


class Usage(NamedTuple):
    """What a measurement has used until now: its process and all workers, wherever they run."""

    cpu_seconds: float
    peak_rss_bytes: int
    read_bytes: int  # that the kernel fetched from storage for them
    busy_elsewhere: float = 0.0  # CPU seconds that other machines were busy, with whatever, since their workers started


class Backend(ABC):
    """One way to bring many images to memory. The class attributes say which axes of the sweep mean anything to it."""

    sources: ClassVar[Sequence[str]] = (RAW, REENCODED, REMOTE)  # that it can read; the first is in its id by its name
    parallel: ClassVar[bool] = True  # `workers`
    chunked: ClassVar[bool] = True  # `chunks`
    threads: ClassVar[bool] = False  # its workers are threads of the measuring process
    processes: ClassVar[bool] = False  # `start_methods`: its workers are processes of this machine
    forks: ClassVar[bool] = True  # they may be forked: no other thread holds a lock that they would wait for
    shares: ClassVar[bool] = False  # `returns`: its results are pickled, unless shared memory takes the pixels
    prefetches: ClassVar[bool] = False  # `prefetch`: it can bound the chunks that are under way
    feeds: ClassVar[bool] = False  # it brings what each pass asks for, some of what it was prepared for, in any order
    fills: ClassVar[bool] = False  # it puts pixels to their place itself: `place` is called before it is entered
    ceiling: ClassVar[bool] = False  # no way to load: what one could reach at most; in every sweep
    needs: ClassVar[str | None] = None  # a program that must be on the PATH; such a backend is used only where named
    rests_on: ClassVar[Sequence[str]] = ()  # packages whose versions are of its work, beside those that decode
    package: ClassVar[str | None] = None  # no dependency of ours; where it is not installed, the backend is skipped
    module: ClassVar[str | None] = None  # that it is found by, where it is not called as the package
    shuffles: ClassVar[bool] = False  # its library brings each pass in another order; else as asked for, or as stored
    setting: ClassVar[str | None] = None  # of `loading`, whose own way it is: it is measured where that is there

    check: Check = "pixels"  # that its images can stand

    def __init__(
        self,
        load: Load,
        workers: int = 1,
        chunk: int = 1,
        start_method: StartMethod = START_METHOD,
        prefetch: int = PREFETCH,
        address: str | None = None,
    ) -> None:
        """See LoadingPoint for the settings; `address` is that of a Dask scheduler that runs already."""
        self.load = load
        self.workers = workers
        self.chunk = chunk
        self.start_method = start_method
        self.prefetch = prefetch
        self.address = address

    def prepare(self, items: Sequence[Item]) -> None:
        """Before the clock starts."""
        del items

    def place(self, out: np.ndarray) -> None:
        """Where the pixels of position i belong: out[i], uint8 (images, size, size, 3)."""
        self.out = out

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

    def release(self) -> None:
        """Let go of files that are kept open between passes, so that their pages can be dropped."""
        return

    @abstractmethod
    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        """Every image of `items` once, in any order."""


def chunks(items: Sequence[T], size: int) -> list[Sequence[T]]:
    """`items` cut into runs of `size`, the last one maybe shorter."""
    return [items[start : start + size] for start in range(0, len(items), size)]


def load_chunk(load: Load, items: Sequence[Item]) -> list[Loaded]:
    """Load several images in one task."""
    return [load(item) for item in items]
