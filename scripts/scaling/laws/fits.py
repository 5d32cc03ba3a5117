"""A law fitted to the blocks of a curve, how sure its parameters are, and which law the blocks speak for.

Blocks come in full or in part: a launch that does not count leaves a gap. So the rates are read as log rate = level of
the worker count + level of the block + noise, by least squares; what drifts from block to block is in no law.

Intervals: a block is left out at a time, all is fitted anew, and the spread of these fits gives a standard error for
Student's t (jackknife: Tukey, Ann. Math. Stat. 29, 1958; Efron and Stein, Ann. Stat. 9(3), 1981). For a ratio of two
worker counts that is exactly the paired interval of the tables. Resampling blocks instead covers too seldom at six
blocks (tests/scaling/test_known_truth.py).

Choice: AICc (Hurvich and Tsai, Biometrika 76(2), 1989) of the launches' log rates, the blocks' levels counted as
parameters, among the laws that can be told from a simpler one. That a loss cannot be told from none is no proof of
none: predictions by the chosen law have the bands of all laws that the blocks do not speak against (AICc less than 4
above).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from scripts.scaling.comparing.limits import LEAST_BLOCKS
from scripts.scaling.comparing.ratios import block_levels, student_t
from scripts.scaling.laws.laws import LAWS, Axis, Floats, Law

LIKELY = 4  # above the best law's AICc: a law with more is not reckoned with

Rates = Mapping[int, Mapping[int, float]]  # worker count -> block -> images/s


@dataclass(frozen=True)
class Curve:
    """What is measured of one way to train at several worker counts."""

    rates: Rates
    global_batch: Mapping[int, int]  # worker count -> images of a step
    gradient_bytes: float | None = None

    @property
    def workers(self) -> list[int]:
        return sorted(self.rates)

    @property
    def blocks(self) -> list[int]:
        """Numbers of all blocks that have a launch."""
        return sorted({block for mine in self.rates.values() for block in mine})

    def axis(self, workers: Sequence[int]) -> Axis:
        """Worker counts with what a step is there; beyond those measured it grows as between them."""
        least, most = self.workers[0], self.workers[-1]
        growth = 0 if self.global_batch[most] == self.global_batch[least] else self.global_batch[least] / least
        batches = [self.global_batch.get(n, self.global_batch[least] + growth * (n - least)) for n in workers]
        return Axis(np.array(workers, float), np.array(batches, float), self.gradient_bytes)

    def without(self, block: int) -> "Curve":
        rates = {n: {b: rate for b, rate in mine.items() if b != block} for n, mine in self.rates.items()}
        return Curve(rates, self.global_batch, self.gradient_bytes)

    @cached_property
    def levels(self) -> Floats | None:
        """(k,) log images/s of each worker count in the mean block; None where gaps leave some not comparable."""
        found = block_levels(self.rates)
        return None if found is None else np.array([found[n] for n in self.workers])


@dataclass(frozen=True)
class Estimate:
    """A number with its interval, where there are blocks enough for one."""

    value: float
    low: float | None = None
    high: float | None = None

    def clipped(self, least: float, most: float) -> "Estimate":
        """Within what is possible."""

        def clip(end: float | None) -> float | None:
            return None if end is None else min(max(end, least), most)

        return Estimate(min(max(self.value, least), most), clip(self.low), clip(self.high))

    def widened(self, deviation: float, blocks: int, confidence: float) -> "Estimate":
        """Of a ratio: from the interval of its mean to that of one more, which scatters by `deviation` in its log."""
        if self.low is None or self.high is None:
            return self
        reach = student_t(confidence, blocks - 1) * deviation
        below, above = math.log(self.value / self.low), math.log(self.high / self.value)
        return Estimate(
            self.value,
            self.value * math.exp(-math.hypot(below, reach)),
            self.value * math.exp(math.hypot(above, reach)),
        )


@dataclass(frozen=True)
class Fit:
    """One law on one curve."""

    law: Law
    parameters: dict[str, Estimate]
    aicc: float | None  # None: too few launches for it
    unidentified: str  # why the blocks cannot tell the law; empty where they can
    coefficients: Floats

    def rates(self, curve: Curve, workers: Sequence[int]) -> Floats:
        """(k,) images/s that the law gives."""
        return self.law.rates(curve.axis(workers), self.coefficients)


def fit(law: Law, curve: Curve, confidence: float) -> Fit | str:
    """The law on a curve; a sentence where it cannot even be tried."""
    counts = len(curve.workers)
    if counts < law.coefficients + 1:
        return f"{counts} worker counts; {law.coefficients + 1} or more can contradict it"
    if law.needs_bytes and curve.gradient_bytes is None:
        return "no profile says how many bytes a step averages over ranks"
    if curve.levels is None:
        return "blocks have too many gaps for worker counts to be compared"
    coefficients = _coefficients(law, curve, bounded=True)
    bounded, free = law.parameters(coefficients), law.parameters(_coefficients(law, curve, bounded=False))
    again = [law.parameters(_coefficients(law, less, bounded=False)) for less in _left_out(curve)]
    intervals = {
        name: _interval(free[name], [one[name] for one in again], confidence, bounded[name]) for name in bounded
    }
    reason = _unidentified(law, intervals, len(curve.blocks))
    parameters = {name: one.clipped(0, law.most(name)) for name, one in intervals.items()}
    return Fit(law, parameters, _aicc(law, curve, coefficients), reason, coefficients)


def choose(curve: Curve, scaling: str, confidence: float) -> tuple[dict[str, Fit | str], Fit | None]:
    """Every law that applies, or why it cannot be tried, and the one that the blocks speak for.

    That no loss is told apart from 0 is said only where a law with a loss was fitted, and none is much more likely.
    """
    tried = {name: fit(law, curve, confidence) for name, law in LAWS.items() if scaling in law.scaling}
    known = [one for one in tried.values() if isinstance(one, Fit) and one.aicc is not None]
    able = [one for one in known if not one.unidentified]
    # Equal curves differ in the last digits.
    best = min(able, key=lambda one: round(one.aicc or 0.0, 6), default=None)
    lossy = [one for one in known if one.law.losses]
    if best is None or not lossy:
        return tried, None
    much_better = min(one.aicc or 0.0 for one in known) < (best.aicc or 0.0) - LIKELY
    return tried, None if much_better else best


def predict(tried: Mapping[str, Fit | str], chosen: Fit, curve: Curve, workers: int, confidence: float) -> Estimate:
    """Rate at `workers` over that at the least worker count: by the chosen law, with the band of all likely ones."""
    best = chosen.aicc or 0.0
    known = [one for one in tried.values() if isinstance(one, Fit) and one.aicc is not None]
    bands = [speedup(one, curve, workers, confidence) for one in known if (one.aicc or 0.0) < best + LIKELY]
    lows, highs = [one.low for one in bands], [one.high for one in bands]
    value = speedup(chosen, curve, workers, confidence).value
    if None in lows or None in highs:
        return Estimate(value)
    return Estimate(value, min(low for low in lows if low is not None), max(top for top in highs if top is not None))


def speedup(one: Fit, curve: Curve, workers: int, confidence: float) -> Estimate:
    """Rate at `workers` over that at the least worker count, with the interval of its mean, by the law of `one`."""
    pair = [curve.workers[0], workers]

    def log_ratio(coefficients: Floats) -> float:
        low, high = one.law.rates(curve.axis(pair), coefficients)
        return math.log(high / low) if low > 0 and high > 0 and math.isfinite(high) else math.inf

    free = log_ratio(_coefficients(one.law, curve, bounded=False))
    again = [log_ratio(_coefficients(one.law, less, bounded=False)) for less in _left_out(curve)]
    if not all(map(math.isfinite, [free, *again])):
        return Estimate(math.exp(log_ratio(one.coefficients)))
    found = _interval(free, again, confidence, log_ratio(one.coefficients))
    found = found.clipped(-math.inf, math.log(workers / pair[0]))
    ends = [None if end is None else math.exp(end) for end in (found.low, found.high)]
    return Estimate(math.exp(found.value), *ends)


def launch_noise(one: Fit, curve: Curve) -> float:
    """Standard deviation of a launch's log rate about law and block: what one more launch would show."""
    residuals, free = _residuals(curve, one.rates(curve, curve.workers))
    return math.sqrt(float(residuals @ residuals) / max(1, free - len(one.law.losses)))


def _coefficients(law: Law, curve: Curve, bounded: bool) -> Floats:
    levels = curve.levels
    assert levels is not None, "only curves that can be compared are fitted"
    weights = np.array([len(curve.rates[n]) for n in curve.workers], float)
    return law.fit(curve.axis(curve.workers), np.exp(levels), weights, bounded)


def _left_out(curve: Curve) -> list[Curve]:
    """The curve without each of its blocks, where all worker counts stay comparable; nothing where they do not."""
    if len(curve.blocks) < LEAST_BLOCKS:
        return []
    found = [curve.without(block) for block in curve.blocks]
    able = all(all(less.rates.values()) and less.levels is not None for less in found)
    return found if able else []


def _interval(free: float, again: Sequence[float], confidence: float, value: float) -> Estimate:
    """`value` with the interval of the unbounded fit, by the jackknife over blocks."""
    n = len(again)
    if n < LEAST_BLOCKS:
        return Estimate(value)
    spread = np.asarray(again) - np.mean(again)
    error = math.sqrt((n - 1) / n * float(spread @ spread))
    reach = student_t(confidence, n - 1) * error
    return Estimate(value, free - reach, free + reach)


def _residuals(curve: Curve, rates: Floats) -> tuple[Floats, int]:
    """Log rates about law and block; how many of them the blocks' levels leave free."""
    expected = dict(zip(curve.workers, np.log(rates), strict=True))
    found = []
    for block in curve.blocks:
        logs = [math.log(mine[block]) - expected[n] for n, mine in curve.rates.items() if block in mine]
        found.extend(np.asarray(logs) - np.mean(logs))
    return np.array(found), len(found) - len(curve.blocks)


def _aicc(law: Law, curve: Curve, coefficients: Floats) -> float | None:
    residuals, free = _residuals(curve, law.rates(curve.axis(curve.workers), coefficients))
    n = len(residuals)
    k = n - free + law.coefficients - 1 + 1  # blocks' levels, the law's shape, the noise
    if n - k - 1 <= 0:
        return None
    noise = max(float(residuals @ residuals) / n, 1e-18)
    return n * math.log(noise) + 2 * k + 2 * k * (k + 1) / (n - k - 1)


def _unidentified(law: Law, parameters: Mapping[str, Estimate], blocks: int) -> str:
    if blocks < LEAST_BLOCKS:
        return f"{blocks} blocks; {LEAST_BLOCKS} or more give intervals"
    for name, one in parameters.items():
        if one.low is not None and one.high is not None and not one.low <= one.value <= one.high:
            return f"contradicted: without bounds, {name} would be {one.low:.3g} to {one.high:.3g}"
    for name in law.losses:
        low = parameters[name].low
        if low is None:
            return f"no interval of {name}: blocks have too many gaps"
        if low <= 0:
            return f"the interval of {name} holds 0"
    return ""
