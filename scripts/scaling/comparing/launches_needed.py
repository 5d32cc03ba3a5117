"""How many launches would tell two apart? What noise leaves open is said with the price of knowing.

The log ratios of n blocks scatter by s about a mean that lies d from a bound. Their interval (Student's t, two-sided)
leaves the bound outside, on the right side, with the probability

    power(n) = P(T > t(confidence, n - 1)),  T: noncentral t, n - 1 degrees of freedom, noncentrality d sqrt(n) / s

(Johnson and Welch, Biometrika 31, 1940). d and s are taken as the launches show them, which three show roughly: so it
is said with 'about' (tests/scaling/test_launches_needed.py has how often it is enough).
"""

import math
from collections.abc import Mapping

import numpy as np
from scipy import special

from scripts.scaling.comparing.limits import LEAST_BLOCKS
from scripts.scaling.comparing.ratios import student_t

POWER = 0.8  # probability that so many launches tell
MOST = 100  # launches; more are not asked for


def launches_needed(distance: float, deviation: float, confidence: float) -> int | None:
    """The fewest launches of each of two, in the same blocks, that tell their ratio from a bound.

    Args:
        distance: of the mean log ratio from the bound's log, in either direction.
        deviation: standard deviation of the blocks' log ratios.
        confidence: level of the two-sided interval, as 0.95.

    Returns:
        LEAST_BLOCKS or more; None where MOST would not do.
    """
    if deviation == 0 or distance == 0:
        return LEAST_BLOCKS if distance else None
    for n in range(LEAST_BLOCKS, MOST + 1):
        missed = special.nctdtr(n - 1, abs(distance) * math.sqrt(n) / deviation, student_t(confidence, n - 1))
        if missed <= 1 - POWER:
            return n
    return None


def more_launches(
    mine: Mapping[int, float], other: Mapping[int, float], confidence: float, bound: float = 1.0
) -> int | None:
    """How many blocks beyond those that two share tell their ratio from `bound`: 1 or more; None where MOST would not.

    Args:
        mine, other: images/s by block; two blocks or more in common.
    """
    logs = np.log([mine[block] / other[block] for block in sorted(mine.keys() & other.keys())])
    needed = launches_needed(float(logs.mean()) - math.log(bound), float(logs.std(ddof=1)), confidence)
    return None if needed is None else max(1, needed - len(logs))


def more_would(more: int | None) -> str:
    """The end of a sentence on launches that do not tell: `about 6 more would`."""
    return f"even {MOST} would not" if more is None else f"about {more} more would"
