"""Where does a curve break that no law fits? In words, the first that holds of:

- superlinear: beyond ideal against the least count, as where more workers' caches hold what one's do not;
- at a node: the counts on fewer nodes follow a law, and that which a further node begins with does not;
- at a count: without it, or without it and all beyond, the others follow a law.

Of several such counts it is the one that leaves most to contradict the law of the others.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from scripts import format as show
from scripts.scaling.comparing.ratios import student_t
from scripts.scaling.laws.bands import band
from scripts.scaling.laws.curve import Curve
from scripts.scaling.laws.fits import Judged
from scripts.scaling.laws.lack_of_fit import lack_of_fit
from scripts.scaling.laws.laws import LAWS, Law

LEAST_COUNTS = 3  # that another can break with
SURELY_NOT = 0.01  # chance of so great a lack of fit: with less, counts follow no law


def where_it_breaks(judged: Judged, curve: Curve, scaling: str, confidence: float) -> str:
    """Of a curve on which every law was refused; empty where costs of several kinds together fit it, on one node."""
    node = _at_a_node(curve, scaling, confidence)
    if judged.mixed is not None and not judged.mixed.refused:
        return node
    return superlinear(curve, confidence) or node or _at_a_count(curve, scaling, confidence) or _missed_most(judged)


def superlinear(curve: Curve, confidence: float) -> str:
    """Up to which count the workers bring more than in proportion to the least; empty where none does.

    All counts together are wrong with a chance of 1 - confidence at most (Bonferroni).
    """
    least, *others = curve.workers
    for n in reversed(others):
        gain = curve.gain(n)
        reach = student_t(1 - (1 - confidence) / len(others), gain.freedom) * gain.error
        if gain.value - reach > math.log(n / least):
            low, high = math.exp(gain.value - reach), math.exp(gain.value + reach)
            speedup = show.ratio(math.exp(gain.value), low, high)
            return f"superlinear up to {n} workers ({speedup} times as fast as {least})"
    return ""


@dataclass(frozen=True, order=True)
class _Break:
    """A count that is off the law that others follow; the greatest says most."""

    freedom: int  # counts beyond the law's coefficients
    plain: int  # the law's coefficients, negative
    p: float  # of the law's lack of fit
    at: int
    off: float  # measured / foretold - 1

    @property
    def size(self) -> str:
        return f"{_percent(self.off)} {'slower' if self.off < 0 else 'faster'}"


def _at_a_node(curve: Curve, scaling: str, confidence: float) -> str:
    for before, n in zip(curve.workers, curve.workers[1:], strict=False):
        nodes = curve.nodes_at(n)
        if nodes > curve.nodes_at(before):
            for one in _breaks(curve, [m for m in curve.workers if m < n], n, scaling, confidence):
                begins = "where a second node begins" if nodes == 2 else f"where {nodes} nodes are used"
                return f"it breaks at {n} workers, {begins}: {one.size} than fewer workers foretell"
    return ""


def _at_a_count(curve: Curve, scaling: str, confidence: float) -> str:
    workers = curve.workers
    odd = [one for n in workers[1:-1] for one in _breaks(curve, [m for m in workers if m != n], n, scaling, confidence)]
    steps = [one for n in workers[1:] for one in _breaks(curve, [m for m in workers if m < n], n, scaling, confidence)]
    found = max([*odd, *steps], default=None)
    if found is None:
        return ""
    if found in odd:
        kind = "dip" if found.off < 0 else "peak"
        return f"a {kind} at {found.at} workers: {found.size} than the other counts foretell"
    return f"it breaks at {found.at} workers: {found.size} than fewer workers foretell"


def _missed_most(judged: Judged) -> str:
    nearest = max(judged.fitted, key=lambda one: one.lack.p)
    by = _percent(nearest.lack.by)
    return f"the nearest, {nearest.law.name}, misses it by up to {by}, at {nearest.lack.at} workers"


def _breaks(curve: Curve, others: Sequence[int], n: int, scaling: str, confidence: float) -> Iterator[_Break]:
    """The break at `n`, if others follow a law and it lies outside its band; nothing otherwise."""
    nodes = {m: curve.nodes_at(m) for m in others}
    # No cost of a further node is known to the others: as if there were none.
    nodes[n] = min(curve.nodes_at(n), max(nodes.values()))
    rest = replace(curve.only(others), nodes=nodes)
    if len(others) < LEAST_COUNTS or rest.levels is None or rest.levels.freedom < 1:
        return
    followed = _followed(rest, scaling)
    if followed is None:
        return
    law, p = followed
    low, high = band(law, rest, n, confidence)
    measured = curve.gain(n)
    reach = student_t(confidence, measured.freedom) * measured.error
    if not math.log(low) - reach <= measured.value <= math.log(high) + reach:
        off = math.expm1(measured.value - rest.log_speedup(law, rest.fit(law), n))
        yield _Break(len(others) - law.coefficients, -law.coefficients, p, n, off)


def _followed(curve: Curve, scaling: str) -> tuple[Law, float] | None:
    """The simplest law that fits a curve which could contradict it, with its chance."""
    for law in LAWS.values():
        if scaling not in law.scaling or law.needs_bytes or len(curve.workers) <= law.coefficients:
            continue
        p = lack_of_fit(law, curve, curve.fit(law)).p
        if p >= SURELY_NOT:
            return law, p
    return None


def _percent(off: float) -> str:
    return show.percent(float(f"{abs(off):.2g}"))
