"""Why a launch counts in no table, from its record alone; light, so that a run can say it at once.

What merely disturbed it (`noisy`) is no fault: what scatters costs width, and the tables say so.
"""

from scripts.noise import noisy
from scripts.record import Record
from scripts.scaling.comparing.learned import learned_nothing

__all__ = ["faults", "noisy"]


def faults(one: Record) -> list[str]:
    """Why a record may not be used, from itself alone; empty where it may."""
    found = [str(fault) for fault in one.validity.faults]
    if one.resumed:
        found.append("resumed: accuracy, no timing")
    if one.quality is not None and one.images:  # one without says why itself
        found += learned_nothing(one.quality)
    return found
