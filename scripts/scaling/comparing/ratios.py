"""Speedups with their uncertainty, and what follows from them.

Sources: Kalibera and Jones, "Quantifying Performance Changes with Effect Size Confidence Intervals" (arXiv:2007.10899);
Karp and Flatt, "Measuring Parallel Processor Performance", CACM 33(5), 1990.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import special

from scripts.scaling.comparing.limits import LEAST_BLOCKS


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
