"""What a launch's rate would have been at the speed that the machine had on average, with all cores it asked for.

A launch's calibrations, before and after it, say how fast the machine was then: a rate is divided by that speed,
relative to the mean of all launches that are compared and ran on as many cores (more of them at once may be slower).
Where other processes disturbed a launch and there were too few cores for all, what they took counts as if this launch
alone had gone without. Both are guesses at what happened in between, so they widen an interval and never narrow it
(scripts/scaling/comparing/comparison.py).
"""

import math
from collections.abc import Mapping, Sequence
from statistics import fmean

from scripts.record import Record
from scripts.scaling.comparing.limits import FOREIGN

LEAST_LEFT = 0.5  # of a launch's cores: with less, what others took says little of what it lost


def levelled(records: Mapping[str, Sequence[Record]]) -> dict[str, dict[int, float]]:
    """Levelled images/s of each point's launches, by block.

    Args:
        records: the launches that count of points that are compared, by point id.
    """
    logs: dict[int, list[float]] = {}
    for mine in records.values():
        for one in mine:
            logs.setdefault(one.cores, []).append(_log_seconds(one))
    usual = {cores: fmean(some) for cores, some in logs.items()}
    return {
        point: {
            one.block: one.images_per_second * math.exp(_log_seconds(one) - usual[one.cores]) / cores_left(one)
            for one in mine
        }
        for point, mine in records.items()
    }


def paces(records: Sequence[Record]) -> str:
    """Seconds of the calibration kernel around each launch, separated by spaces."""
    return " ".join(repr(math.exp(_log_seconds(one))) for one in records)


def _log_seconds(one: Record) -> float:
    """Of the calibration kernel: the mean of before and after."""
    return fmean([math.log(one.noise.calibration_before), math.log(one.noise.calibration_after)])


def cores_left(one: Record) -> float:
    """Share of its cores that others left to a launch; 1 where it was not disturbed, or had cores to spare."""
    if one.noise.foreign_cores <= FOREIGN * one.environment.machine_cores:
        return 1.0
    lacking = one.cores + one.noise.foreign_cores - one.environment.machine_cores
    return max(LEAST_LEFT, 1 - max(0.0, lacking) / one.cores)
