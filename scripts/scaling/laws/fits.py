"""A law fitted to the blocks of a curve, how sure its parameters are, and which law the blocks speak for.

Intervals: a block is left out at a time, all is fitted anew, and the spread of these fits gives a standard error for
Student's t (jackknife: Tukey, Ann. Math. Stat. 29, 1958; Efron and Stein, Ann. Stat. 9(3), 1981). For a ratio of two
worker counts that is exactly the paired interval of the tables. Resampling blocks instead covers too seldom at six
blocks (tests/scaling/test_known_truth.py).

Choice: among the laws that fit (lack_of_fit.py), and of these, if there are any, among those that can be told from a
simpler one, that with the least AICc (Hurvich and Tsai, Biometrika 76(2), 1989) of the launches' log rates, the blocks'
levels counted as parameters. Others that fit are named beside it. That a loss cannot be told from none is no proof of
none: what is foretold has a band of all laws (bands.py).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from scripts.scaling.comparing.limits import LACK_OF_FIT, LEAST_BLOCKS
from scripts.scaling.comparing.ratios import student_t
from scripts.scaling.laws.curve import Curve
from scripts.scaling.laws.lack_of_fit import LackOfFit, lack_of_fit
from scripts.scaling.laws.laws import LAWS, MIXED, Floats, Law


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
    unidentified: str  # why the blocks cannot tell the law from a simpler one; empty where they can
    coefficients: Floats
    lack: LackOfFit
    refused: bool  # it does not fit

    def twin_of(self, other: "Fit") -> bool:
        """Whether both draw one curve, and read it otherwise."""
        if self is other or self.aicc is None or other.aicc is None:
            return False
        return self.law.coefficients == other.law.coefficients and math.isclose(self.aicc, other.aicc, rel_tol=1e-6)


@dataclass(frozen=True)
class Judged:
    """What a curve says of the laws."""

    tried: dict[str, Fit | str]  # every law that applies, or why it cannot be tried
    chosen: Fit | None  # that the blocks speak for
    mixed: Fit | None  # the sum of all costs; None where levels cannot be compared

    @property
    def fitted(self) -> list[Fit]:
        """The laws that could be tried."""
        return [one for one in self.tried.values() if isinstance(one, Fit)]

    @property
    def all_refused(self) -> bool:
        """Whether no law fits."""
        return bool(self.fitted) and all(one.refused for one in self.fitted)

    @property
    def twins(self) -> list[Fit]:
        """Laws that draw the chosen one's curve."""
        return [one for one in self.fitted if self.chosen is not None and one.twin_of(self.chosen)]

    @property
    def may_be(self) -> list[Fit]:
        """Laws of another curve that fit as well, and have no loss more that need not be there."""
        most = self.chosen.law.coefficients if self.chosen is not None else 0
        others = [one for one in self.fitted if not (one is self.chosen or one.refused or one in self.twins)]
        return [one for one in others if one in _able(others) or one.law.coefficients == most]


def judge(curve: Curve, scaling: str, confidence: float, significance: float) -> Judged:
    """Every law that applies to a curve, and the one that it follows.

    Args:
        confidence: of the intervals of parameters.
        significance: a law with a smaller chance of so great a lack of fit is refused.

    That no loss is told apart from 0 is said only where a law with a loss was fitted.
    """
    applies = [law for law in LAWS.values() if scaling in law.scaling and (curve.most_nodes > 1 or not law.needs_nodes)]
    tried = {law.name: fit(law, curve, confidence, significance) for law in applies}
    fitted = [one for one in tried.values() if isinstance(one, Fit)]
    able = _able(fitted) or [one for one in fitted if one.aicc is not None and not one.refused]
    # Equal curves differ in the last digits; of these the first, the simplest.
    chosen = min(able, key=lambda one: round(one.aicc or 0.0, 6), default=None)
    if not any(one.law.losses for one in fitted):
        chosen = None
    mixed = None if _unfit(curve) else _fitted(MIXED, curve, confidence, significance)
    if mixed is not None and not all(one.refused or one.law.of_rate for one in fitted):
        mixed = replace(mixed, refused=False)  # a case of it fits
    return Judged(tried, chosen, mixed)


def fit(law: Law, curve: Curve, confidence: float, significance: float = LACK_OF_FIT) -> Fit | str:
    """The law on a curve; a sentence where it cannot even be tried."""
    counts = len(curve.workers)
    if counts < law.coefficients + 1:
        return f"{counts} worker counts; {law.coefficients + 1} or more can contradict it"
    if law.needs_bytes and curve.gradient_bytes is None:
        return "no profile says how many bytes a step averages over ranks"
    return _unfit(curve) or _fitted(law, curve, confidence, significance)


def _unfit(curve: Curve) -> str:
    """Why no law can be fitted; empty where some can."""
    if len(curve.blocks) < LEAST_BLOCKS:
        return f"{len(curve.blocks)} blocks; {LEAST_BLOCKS} or more give intervals"
    if curve.levels is None:
        return "blocks have too many gaps for worker counts to be compared"
    return "" if curve.levels.freedom > 0 else "blocks have so many gaps that nothing tells the noise"


def _fitted(law: Law, curve: Curve, confidence: float, significance: float) -> Fit:
    coefficients = curve.fit(law)
    bounded, free = law.parameters(coefficients), law.parameters(curve.fit(law, bounded=False))
    again = [law.parameters(curve.fit(law, False, less)) for less in curve.left_out] if bounded else []
    parameters = {
        name: _interval(free[name], [one[name] for one in again], confidence, value).clipped(0, law.most(name))
        for name, value in bounded.items()
    }
    lack = lack_of_fit(law, curve, coefficients)
    reason = _unidentified(law, parameters)
    return Fit(law, parameters, _aicc(law, curve, coefficients), reason, coefficients, lack, lack.p < significance)


def _able(fitted: Sequence[Fit]) -> list[Fit]:
    """Laws that may be chosen."""
    return [one for one in fitted if one.aicc is not None and not one.refused and not one.unidentified]


def _interval(free: float, again: Sequence[float], confidence: float, value: float) -> Estimate:
    """`value` with the interval of the unbounded fit, by the jackknife over blocks; a bound may keep it at the end."""
    n = len(again)
    if n < LEAST_BLOCKS:
        return Estimate(value)
    spread = np.asarray(again) - np.mean(again)
    error = math.sqrt((n - 1) / n * float(spread @ spread))
    reach = student_t(confidence, n - 1) * error
    return Estimate(value, min(free - reach, value), max(free + reach, value))


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


def _unidentified(law: Law, parameters: Mapping[str, Estimate]) -> str:
    for name in law.losses:
        low = parameters[name].low
        if low is None:
            return f"no interval of {name}: blocks have too many gaps"
        if low <= 0:
            return f"the interval of {name} holds 0"
    return ""
