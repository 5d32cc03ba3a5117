"""What a way to load holds while it works, and what more workers would hold.

Pages that processes share count in each one's resident memory, so that the sum of these is far too much; in the
kernel's proportional set size (proc(5), smaps_rollup, Pss) each page counts once in all.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple, Self

import psutil

from scripts import record
from scripts.errors import UserError
from scripts.loading.points import LoadingPoint


class Held(NamedTuple):
    """By this process and all below it."""

    pss_bytes: int
    shared_bytes: int  # of these in memory that processes share: /dev/shm and anonymous files
    descriptors: int  # open files, pipes, sockets

    @classmethod
    def now(cls) -> Self | None:
        """At this moment; a process that ends meanwhile counts for nothing. None where the kernel does not tell."""
        root, found = psutil.Process(), []
        for process in [root, *root.children(recursive=True)]:
            folder = Path("/proc") / str(process.pid)
            try:
                told = (folder / "smaps_rollup").read_text()
                found.append((_kibibytes("Pss", told), _kibibytes("Pss_Shmem", told), process.num_fds()))
            except (OSError, psutil.Error):
                continue
        return cls(*(sum(column) for column in zip(*found, strict=True))) if found else None


def most(*looks: Held | None) -> dict[str, int]:
    """The greatest of each field; nothing where the kernel told nothing."""
    told = [look._asdict() for look in looks if look is not None]
    return {name: max(look[name] for look in told) for name in Held._fields} if told else {}


def _kibibytes(name: str, told: str) -> int:
    found = re.search(rf"^{name}: +(\d+) kB$", told, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


class Foreseen(NamedTuple):
    """What a point would hold, by a straight line through two others of fewer workers."""

    pss_bytes: float
    workers: tuple[int, int]

    def check(self, free: float) -> None:
        """Raises MemoryError where so many bytes are not `free`; the message is why the point is not run."""
        if self.pss_bytes <= free:
            return
        (fewer, more), holds = self.workers, self.pss_bytes / 2**30
        foreseen = f"it would hold about {holds:.1f} GiB, as {fewer} and {more} workers let foresee"
        raise MemoryError(f"not run: {foreseen}, and {free / 2**30:.1f} GiB are free")


def foresee(records: Path, point: LoadingPoint) -> Foreseen | None:
    """What `point` would hold, from the valid records in `records` of the same way on fewer workers.

    None where there are not two worker counts.
    """
    measured: dict[int, int] = {}
    for path in records.glob(f"{point.backend}-*/b*.json"):
        try:
            one = record.read(path)
        except UserError:
            continue  # of another version: it is measured anew
        other = LoadingPoint.model_validate(one.point)
        same = other.model_copy(update={"workers": point.workers}) == point
        if same and other.workers < point.workers and one.validity.ok and one.loaded and one.loaded.pss_bytes:
            measured[other.workers] = max(measured.get(other.workers, 0), one.loaded.pss_bytes)
    if len(measured) < 2:
        return None
    (fewer, less), (more, most) = sorted(measured.items())[-2:]
    growth = max(0.0, (most - less) / (more - fewer))
    return Foreseen(most + growth * (point.workers - more), (fewer, more))
