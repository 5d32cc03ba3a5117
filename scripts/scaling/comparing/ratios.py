"""Speedups with their uncertainty, and what follows from them.

Sources: Kalibera and Jones, "Quantifying Performance Changes with Effect Size Confidence Intervals" (arXiv:2007.10899);
Karp and Flatt, "Measuring Parallel Processor Performance", CACM 33(5), 1990.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import special

from scripts.scaling.comparing.limits import LEAST_BLOCKS

K = TypeVar("K")


@dataclass(frozen=True)
class Ratio:
    """A ratio, a rate or a mean, with its interval where there are blocks enough."""

    value: float  # exp of the mean log, but for `mean`
    low: float | None
    high: float | None

    @property
    def inverse(self) -> "Ratio":
        """The other way round."""
        return Ratio(1 / self.value, self.high and 1 / self.high, self.low and 1 / self.low)

    @property
    def tied(self) -> bool:
        """Whether the interval holds 1: the two cannot be told apart."""
        return self.low is not None and self.high is not None and self.low <= 1 <= self.high


@cache
def student_t(confidence: float, freedom: float) -> float:
    """How many standard errors the two-sided interval of a mean reaches."""
    return float(special.stdtrit(freedom, (1 + confidence) / 2))


def standard_error(values: Sequence[float] | NDArray[np.float64]) -> float:
    """Of the mean of two values or more."""
    return float(np.std(values, ddof=1)) / math.sqrt(len(values))


def paired_ratio(numerators: Sequence[float], denominators: Sequence[float], confidence: float) -> Ratio:
    """The ratio of two series paired by block: Student's t on the log ratios.

    Args:
        numerators, denominators: positive, in the same order of blocks, at least one.
        confidence: level of the two-sided interval, as 0.95.
    """
    logs = np.log(np.asarray(numerators, float) / np.asarray(denominators, float))
    mean = float(logs.mean())
    if len(logs) < LEAST_BLOCKS:
        return Ratio(math.exp(mean), None, None)
    reach = student_t(confidence, len(logs) - 1) * standard_error(logs)
    return Ratio(math.exp(mean), math.exp(mean - reach), math.exp(mean + reach))


def unpaired_ratio(numerators: Sequence[float], denominators: Sequence[float], confidence: float) -> Ratio:
    """The ratio of the geometric means of two series that share no blocks to speak of: Welch's t on their logs.

    Args:
        numerators, denominators: positive, two or more of each.
        confidence: level of the two-sided interval, as 0.95.
    """
    above, below = np.log(np.asarray(numerators, float)), np.log(np.asarray(denominators, float))
    from scipy import stats  # half a second, and seldom needed

    interval = stats.ttest_ind(above, below, equal_var=False).confidence_interval(confidence)
    value = math.exp(float(above.mean() - below.mean()))
    return Ratio(value, math.exp(float(interval.low)), math.exp(float(interval.high)))


def lead(mine: Mapping[int, float], other: Mapping[int, float], confidence: float) -> Ratio:
    """How many times as fast one is as another, by the rates of their valid blocks: paired where enough are shared."""
    shared = sorted(mine.keys() & other.keys())
    if len(shared) < LEAST_BLOCKS and min(len(mine), len(other)) > 1:
        return unpaired_ratio(list(mine.values()), list(other.values()), confidence)
    return paired_ratio([mine[block] for block in shared], [other[block] for block in shared], confidence)


def block_levels(rates: Mapping[K, Mapping[int, float]]) -> dict[K, float] | None:
    """Log rate of each in the mean block, by least squares: log rate = its level + level of the block + noise.

    So two that were measured in different blocks are compared as if in the same ones. None where gaps leave some that
    no chain of shared blocks joins.
    """
    names, blocks = list(rates), sorted({block for mine in rates.values() for block in mine})
    if blocks and all(len(mine) == len(blocks) for mine in rates.values()):  # no gap: the least squares are means
        return {name: float(np.mean([math.log(rate) for rate in mine.values()])) for name, mine in rates.items()}
    seen = [(i, blocks.index(b), math.log(x)) for i, name in enumerate(names) for b, x in rates[name].items()]
    design = np.zeros((len(seen) + 1, len(names) + len(blocks)))
    for row, (i, j, _) in enumerate(seen):
        design[row, i] = design[row, len(names) + j] = 1
    design[-1, len(names) :] = 1  # blocks' levels add up to 0
    found, _, rank, _ = np.linalg.lstsq(design, np.array([*(log for *_, log in seen), 0.0]), rcond=None)
    return dict(zip(names, map(float, found), strict=False)) if rank == design.shape[1] else None


def fastest_first(rates: Mapping[K, Mapping[int, float]]) -> list[K]:
    """By their levels in the mean block; by their own mean rates where these cannot be told."""
    levels = block_levels(rates) or {name: float(np.mean(np.log(list(mine.values())))) for name, mine in rates.items()}
    return sorted(rates, key=lambda name: levels[name], reverse=True)


def mean_rate(rates: Sequence[float], confidence: float) -> Ratio:
    """The geometric mean of the rates of some blocks: Student's t on their logs.

    Args:
        rates: positive, at least one.
        confidence: level of the two-sided interval, as 0.95.
    """
    return paired_ratio(rates, [1.0] * len(rates), confidence)


def mean(values: Sequence[float], confidence: float) -> Ratio:
    """The arithmetic mean of the values of some blocks: Student's t.

    Args:
        values: at least one.
        confidence: level of the two-sided interval, as 0.95.
    """
    value = float(np.mean(values))
    if len(values) < LEAST_BLOCKS:
        return Ratio(value, None, None)
    reach = student_t(confidence, len(values) - 1) * standard_error(values)
    return Ratio(value, value - reach, value + reach)


def efficiency(speedup: float, cores: int, baseline_cores: int) -> float:
    """Speedup for each core, relative to the baseline's cores; 1 is ideal."""
    return speedup / (cores / baseline_cores)


def serial_fraction(speedup: float, cores: int, baseline_cores: int) -> float | None:
    """The experimentally determined serial fraction of Karp and Flatt; None at the baseline's own cores.

    e = (1/S - 1/p) / (1 - 1/p), with p the cores relative to the baseline's. Below 0 where the speedup is superlinear.
    """
    p = cores / baseline_cores
    if p <= 1:
        return None
    return (1 / speedup - 1 / p) / (1 - 1 / p)
