"""Why a launch counts in no table, from its record alone; light, so that a run can say it at once."""

from scripts.record import Record
from scripts.scaling.comparing.learned import learned_nothing
from scripts.scaling.comparing.limits import DRIFT, FOREIGN


def faults(one: Record) -> list[str]:
    """Why a record may not be used, from itself alone; empty where it may."""
    found = [str(fault) for fault in one.validity.faults]
    if one.resumed:
        found.append("resumed: accuracy, no timing")
    if one.quality is not None:
        found += learned_nothing(one.quality)
    return found


def noisy(one: Record) -> list[str]:
    """What disturbed a launch more than it may; empty where it was calm."""
    found = []
    if one.noise.drift > DRIFT:
        found.append(f"drifted: calibrations differ by {one.noise.drift:.0%}")
    if one.noise.foreign_cores > FOREIGN * one.environment.machine_cores:
        found.append(f"disturbed: other processes used {one.noise.foreign_cores:.2f} cores")
    return found
