"""How much CPU time this process's control groups let it use: a container, or a job, may see cores that it has not.

Sources: Linux's Documentation/admin-guide/cgroup-v2.rst (cpu.max) and Documentation/scheduler/sched-bwc.rst (version 1:
cpu.cfs_quota_us and cpu.cfs_period_us). Both may be mounted at once; a group is bounded by those that it lies in too.
"""

import math
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

PROCESS = Path("/proc/self")


def cpu_quota(process: Path = PROCESS) -> float:
    """The least quota of the groups that `process` (its folder in /proc) is in, in cores; infinite without one."""
    with suppress(OSError):  # a kernel without control groups
        return min(map(_quota, _folders(process)), default=math.inf)
    return math.inf


def _folders(process: Path) -> Iterator[Path]:
    """The folders of the process's groups that may bound its CPU time, up to where their hierarchy is mounted."""
    groups = [line.split(":", 2) for line in (process / "cgroup").read_text(encoding="utf-8").splitlines()]
    for line in (process / "mountinfo").read_text(encoding="utf-8").splitlines():
        left, _, right = line.partition(" - ")
        shown, mounted = left.split()[3:5]  # which part of the hierarchy is mounted, and where
        kind, _, options = right.split()[:3]
        if not (kind == "cgroup2" or (kind == "cgroup" and "cpu" in options.split(","))):
            continue
        for _, controllers, path in groups:
            if (kind == "cgroup2") == (controllers == "") and (not controllers or "cpu" in controllers.split(",")):
                # Inside a container the hierarchy may begin at the process's own group, by whatever name.
                group = PurePosixPath(path)
                below = group.relative_to(shown) if group.is_relative_to(shown) else PurePosixPath()
                folder = Path(mounted, below)
                yield from [folder, *folder.parents[: len(below.parts)]]


def _quota(folder: Path) -> float:
    """That of one group, in cores."""
    for names in (["cpu.max"], ["cpu.cfs_quota_us", "cpu.cfs_period_us"]):
        with suppress(OSError, ValueError):  # of the other version, the root's, or "max"
            quota, period = map(int, " ".join((folder / name).read_text(encoding="utf-8") for name in names).split())
            return quota / period if quota > 0 else math.inf
    return math.inf
