"""How many standard errors an interval must reach so that a whole family of statements is right at once.

The family is all pairs of some points, and of these step by step those of the fastest, which the same launches have
picked: the studentized range (Tukey, 1953; Newman, Biometrika 31, 1939; Keuls, Euphytica 1, 1952). Steps as short as
Newman's and Keuls' are too short where several groups of equal points may each give a false lead; here only the group
that holds the fastest can (by simulation: tests/scaling/test_leads.py). Where the launches of some points scatter more
and blocks are missing, the intervals are a little wide (Hayter, Ann. Stat. 12(1), 1984).
"""

import math
from functools import cache

import numpy as np

DRAWS = 50_000  # quantiles are those of so many, with a fixed seed: right to about 1 %


def reaches(count: int, freedom: float, confidence: float) -> list[float]:
    """Standard errors of a difference that the interval of all pairs of k points reaches, for k = 1 to `count`.

    The first of `count` points leads the k-th where it is further ahead than the k-th of these, and also leads all
    that come after that one.

    Args:
        freedom: degrees of freedom of the standard errors, above 0.
        confidence: level at which all statements hold at once.
    """
    # Down, to few values that can be kept: among many degrees of freedom one more or less hardly matters.
    step = 4 if freedom < 20 else 1
    rounded = math.floor(step * freedom + 1e-6) / step or freedom
    return _reaches(count, rounded, confidence)


@cache
def _reaches(count: int, freedom: float, confidence: float) -> list[float]:
    points = np.random.default_rng(31).normal(size=(DRAWS, count))  # equal in truth, each with an error of 1
    scales = np.sqrt(np.random.default_rng(32).chisquare(freedom, DRAWS) / freedom)  # how that error is estimated
    ranges = np.maximum.accumulate(points, axis=1) - np.minimum.accumulate(points, axis=1)
    ranges /= math.sqrt(2) * scales[:, None]
    return [float(np.quantile(ranges[:, k], confidence)) for k in range(count)]
