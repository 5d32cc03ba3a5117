"""How many standard errors an interval must reach so that a whole family of statements is right at once.

Each of some points against one: the studentized maximum modulus (Šidák, J. Am. Stat. Assoc. 62, 1967; Hochberg, J.
Multivar. Anal. 4, 1974). All pairs, and of these step by step those of the fastest, which the same launches have picked:
the studentized range (Tukey, 1953; Newman, Biometrika 31, 1939; Keuls, Euphytica 1, 1952). Steps as short as Newman's
and Keuls' are too short where several groups of equal points may each give a false lead; here only the one group that
holds the fastest can (by simulation: tests/scaling/test_leads.py). Both hold where the points' launches scatter
differently and blocks are missing, and are then a little wide (Hayter, Ann. Stat. 12(1), 1984). Quantiles are those of
50,000 draws with a fixed seed: right to about 1 %.
"""

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

DRAWS = 50_000

Floats = NDArray[np.float64]


def reach_of_many(count: int, freedom: float, confidence: float) -> float:
    """Standard errors that the intervals of `count` ratios reach which all hold at once."""
    return _reach_of_many(count, _rounded(freedom), confidence)


def reaches_of_leads(count: int, freedom: float, confidence: float) -> list[float]:
    """Standard errors by which the first of k points must lead the last, for k = 1 to `count`.

    The leads that are found going down from the widest, until one is too small, are all true at once. At k = `count`
    this is the studentized range, over the root of 2.
    """
    return _reaches_of_leads(count, _rounded(freedom), confidence)


@cache
def _reach_of_many(count: int, freedom: float, confidence: float) -> float:
    return float(np.quantile(np.abs(_estimates(count)).max(axis=1) / _scales(freedom), confidence))


@cache
def _reaches_of_leads(count: int, freedom: float, confidence: float) -> list[float]:
    estimates = _estimates(count)
    ranges = np.maximum.accumulate(estimates, axis=1) - np.minimum.accumulate(estimates, axis=1)
    ranges /= math.sqrt(2) * _scales(freedom)[:, None]
    found = [0.0]
    for k in range(2, count + 1):
        found.append(max(found[-1], float(np.quantile(ranges[:, k - 1], confidence))))
    return found


def _estimates(count: int) -> Floats:
    """(DRAWS, count) of points that are equal in truth, each with an error of 1."""
    return np.random.default_rng(31).normal(size=(DRAWS, count))


def _scales(freedom: float) -> Floats:
    """(DRAWS,) estimates of that error."""
    return np.sqrt(np.random.default_rng(32).chisquare(freedom, DRAWS) / freedom)


def _rounded(freedom: float) -> float:
    """Down, to few values that can be kept: among many degrees of freedom one more or less hardly matters."""
    if freedom < 1:
        return freedom
    return math.floor(4 * freedom) / 4 if freedom < 20 else float(math.floor(freedom))
