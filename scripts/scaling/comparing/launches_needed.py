"""How many launches would tell two apart? What noise leaves open is said with the price of knowing.

The log ratios of n blocks scatter by s about a mean that lies d from a bound. Their interval (Student's t, two-sided)
leaves the bound outside, on the right side, with the probability

    power(n) = P(T > t(confidence, n - 1)),  T: noncentral t, n - 1 degrees of freedom, noncentrality d sqrt(n) / s

(by the normal approximation of Johnson and Welch, Biometrika 31, 1940, within 0.03 of it where it is POWER); with more
degrees of freedom where other points' launches tell of the noise too. d and s are taken as the launches show them,
which three show roughly: so it is said with 'about' (tests/scaling/test_launches_needed.py has how often it is enough).
"""

import math

from scipy import special

from scripts.scaling.comparing.limits import LEAST_BLOCKS
from scripts.scaling.comparing.ratios import student_t

POWER = 0.8  # probability that so many launches tell
MOST = 100  # launches; more are not asked for


def launches_needed(
    distance: float, deviation: float, confidence: float, freedom: float = 1.0, wider: float = 1.0
) -> int | None:
    """The fewest launches of each of two, in the same blocks, that tell their ratio from a bound.

    Args:
        distance: of the mean log ratio from the bound's log, in either direction.
        deviation: standard deviation of the blocks' log ratios.
        confidence: level of the two-sided interval, as 0.95.
        freedom: degrees of freedom that each block after the first adds; 1 where the two are all that is measured.
        wider: the interval, as a multiple of Student's t.

    Returns:
        LEAST_BLOCKS or more; None where MOST would not do.
    """
    if deviation == 0 or distance == 0:
        return LEAST_BLOCKS if distance else None
    for n in range(LEAST_BLOCKS, MOST + 1):
        degrees = freedom * (n - 1)
        reach = wider * student_t(confidence, degrees)
        if power(abs(distance) * math.sqrt(n) / deviation, degrees, reach) >= POWER:
            return n
    return None


def power(noncentrality: float, freedom: float, reach: float) -> float:
    """Probability that a noncentral t lies above `reach`; scipy's own is nan where it is far above."""
    above = noncentrality - reach * (1 - 1 / (4 * freedom))
    return float(special.ndtr(above / math.sqrt(1 + reach**2 / (2 * freedom))))


def more_would(more: int | None, what: str = "") -> str:
    """The end of a sentence on launches that do not tell: `about 6 more would`, or `about 6 more launches would`."""
    words = ["even", str(MOST), what, "would not"] if more is None else ["about", str(more), "more", what, "would"]
    return " ".join(filter(None, words))
