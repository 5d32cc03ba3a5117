"""What disturbs a launch: looked at while it runs, and judged from its record alone.

Light, and below all stages: who measures and who tabulates draw the same line.
"""

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import psutil

from scripts.calibration import Calibration, mean
from scripts.machine import Places, busy_seconds
from scripts.record import Noise, Record

DRIFT = 0.10  # calibrations that differ by more were taken on a machine that had changed
FOREIGN = 0.10  # share of a machine's cores that other processes may use during a measurement
CPUS = Path("/sys/devices/system/cpu")
CGROUPS, OWN_CGROUPS = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


def noisy(one: Record) -> list[str]:
    """What disturbed a launch more than it may; empty where it was calm. No fault: intervals are made of scatter."""
    found = []
    if one.noise.drift > DRIFT:
        found.append(f"drifted: calibrations differ by {one.noise.drift:.0%}")
    if one.noise.foreign_cores > FOREIGN * one.environment.machine_cores:
        found.append(f"disturbed: other processes used {one.noise.foreign_cores:.2f} cores")
    return found


def noisiness(one: Record) -> float:
    """How much disturbed a launch, as a multiple of what may: above 1 it is noisy."""
    return max(one.noise.drift / DRIFT, one.noise.foreign_cores / (FOREIGN * one.environment.machine_cores))


class Look(NamedTuple):
    """What this machine has counted since it started; two looks tell of the time between them."""

    busy: float  # CPU seconds that all processes used, and the hypervisor in their place
    steal: float  # of these the hypervisor's
    throttled: int | None  # times that a core or this process's cgroup was slowed down; None: not told

    @classmethod
    def now(cls) -> "Look":
        """At this moment."""
        return cls(busy_seconds(), float(psutil.cpu_times().steal), _throttled())

    def since(self, before: "Look") -> "Look":
        """What was counted between two looks."""
        told = self.throttled is not None and before.throttled is not None
        throttled = (self.throttled or 0) - (before.throttled or 0) if told else None
        return Look(self.busy - before.busy, self.steal - before.steal, throttled)


def noise(
    before: Calibration, after: Calibration, foreign_cores: float, steal_cores: float, throttled: int | None
) -> Noise:
    """What disturbed a launch until now; `throttled` counts how often its machines were slowed down."""
    frequency = psutil.cpu_freq()
    return Noise(
        calibration_before=before.seconds,
        calibration_after=after.seconds,
        calibration_spread=max(before.spread, after.spread),
        foreign_cores=foreign_cores,
        steal_cores=steal_cores,
        throttled=None if throttled is None else throttled > 0,
        load_average=os.getloadavg()[0],
        cpu_mhz=frequency.current if frequency else None,
        involuntary_context_switches=psutil.Process().num_ctx_switches().involuntary,
    )


def _throttled() -> int | None:
    """Times that the machine's cores were throttled for heat or power, and this process's cgroups for their quota.

    Sources: Documentation/ABI/testing/sysfs-devices-system-cpu and admin-guide/cgroup-v2 of Linux.
    """
    found = []
    for file in CPUS.glob("cpu[0-9]*/thermal_throttle/*_throttle_count"):
        with suppress(OSError, ValueError):
            found.append(int(file.read_text()))
    for file in _cpu_stats():
        with suppress(OSError):
            found += map(int, re.findall(r"^nr_throttled (\d+)$", file.read_text(), re.MULTILINE))
    return sum(found) if found else None


def _cpu_stats() -> list[Path]:
    """The `cpu.stat` of this process's cgroup and of those around it, whose quotas bind it too."""
    for line in OWN_CGROUPS.read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers or "cpu" in controllers.split(","):
            root = CGROUPS / controllers
            inner = root / path.lstrip("/")
            return [folder / "cpu.stat" for folder in (inner, *inner.parents) if folder.is_relative_to(root)]
    return []


def most_changed(
    places: Places, calibrations: Sequence[tuple[Calibration, Calibration]]
) -> tuple[Calibration, Calibration]:
    """The ranks' calibrations before and after, as each machine's mean: those of the machine that changed most."""
    of_machines: dict[str, list[tuple[Calibration, Calibration]]] = {}
    for place, pair in zip(places, calibrations, strict=True):
        of_machines.setdefault(place.machine, []).append(pair)
    means = [
        (mean(before), mean(after)) for before, after in (zip(*pairs, strict=True) for pairs in of_machines.values())
    ]
    return max(means, key=lambda pair: abs(pair[1].seconds / pair[0].seconds - 1))
