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
from numpy.typing import NDArray

from scripts.scaling.comparing.ratios import student_t

DRAWS = 20_000  # quantiles are those of so many, with a fixed seed: right to about 1 %


def reaches(count: int, freedom: float, confidence: float) -> list[float]:
    """Standard errors of a difference that the interval of all pairs of k points reaches, for k = 1 to `count`.

    The first of `count` points leads the k-th where it is further ahead than the k-th of these, and also leads all
    that come after that one.

    Args:
        freedom: degrees of freedom of the standard errors, above 0.
        confidence: level at which all statements hold at once.
    """
    return _reaches(count, _rounded(freedom), confidence)


def _rounded(freedom: float) -> float:
    """Down, to few values, which can be kept: of many degrees of freedom a tenth more or less hardly matters."""
    if freedom < 1:
        return freedom
    step = 2.0 ** math.floor(math.log2(freedom) - 3)
    return math.floor(freedom / step + 1e-6) * step


@cache
def _reaches(count: int, freedom: float, confidence: float) -> list[float]:
    scales = np.sqrt(np.random.default_rng(32).chisquare(freedom, DRAWS) / freedom)  # how the error is estimated
    found: list[float] = np.quantile(_ranges(count) / scales, confidence, axis=1).tolist()
    return [*found[:1], student_t(confidence, freedom), *found[2:]] if count > 1 else found  # of two this is known


@cache
def _ranges(count: int) -> NDArray[np.float64]:
    """(count, DRAWS) of the first k points, equal in truth, each with an error of 1; over the root of 2."""
    points = np.random.default_rng(31).normal(size=(count, DRAWS))
    return np.asarray((np.maximum.accumulate(points) - np.minimum.accumulate(points)) / math.sqrt(2))
