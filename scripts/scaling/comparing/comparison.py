"""Points compared: their ratios, singly or as one family of statements, measured and levelled.

Each launch has a rate as measured and a levelled one: what it would have been at the speed that the machine had on
average (scripts/scaling/comparing/levelling.py). The interval of a ratio holds those of both, and one leads another
only if it does by both: what a machine's drift could have made costs width, and makes no lead.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from scripts.scaling.comparing.limits import LEAST_BLOCKS
from scripts.scaling.comparing.ratios import Ratio, student_t
from scripts.scaling.comparing.simultaneous import reach_of_many, reaches_of_leads
from scripts.scaling.comparing.two_way import Difference, Rates, TwoWay, fit

K = TypeVar("K")


@dataclass(frozen=True)
class Leads(Generic[K]):
    """The fastest of some points, and how far it leads: all these leads are true at once."""

    first: K
    over: dict[K, Ratio]  # each other point that shared blocks join with it, the next one first
    apart: list[K]  # those that none do


class Comparison(Generic[K]):
    """Points whose launches may be divided by each other.

    Args:
        measured: images/s of each point's launches that count, by block; a point may have none.
        levelled: the levelled rates of the same launches.
        confidence: level of an interval, or of a whole family of them.
    """

    def __init__(self, measured: Rates[K], levelled: Rates[K], confidence: float) -> None:
        self.confidence = confidence
        self.launches = {point: len(mine) for point, mine in measured.items() if mine}
        self.fits: list[TwoWay[K]] = []
        if self.launches:
            self.fits = [fit({point: rates[point] for point in self.launches}) for rates in (measured, levelled)]

    def joined(self, one: K, other: K) -> bool:
        """Whether both have launches, and shared blocks join them."""
        return {one, other} <= self.launches.keys() and self.fits[0].joined(one, other)

    def ratio(self, one: K, other: K) -> Ratio | None:
        """How many times as fast one is as the other, this statement alone; None where nothing joins them."""
        if not self.joined(one, other):
            return None
        return self._ratio(one, other, lambda found: student_t(self.confidence, found.freedom))

    def against(self, baseline: K, families: int = 1) -> dict[K, Ratio]:
        """How many times as fast as the baseline each other point is, all these statements at once.

        Args:
            families: of statements that share what may be wrong of all.
        """
        others = [point for point in self.launches if point != baseline and self.joined(point, baseline)]
        level = self._level(families)
        return {
            point: self._ratio(point, baseline, lambda found: reach_of_many(len(others), found.freedom, level))
            for point in others
        }

    def fastest_first(self, among: Iterable[K]) -> list[K]:
        """Some points by their levels in the mean block, those with launches enough first; in the largest part."""
        known = [point for point in among if point in self.launches]
        if not known:
            return []
        model = self.fits[0]
        places = {point: model.points.index(point) for point in known}
        sizes = [int(model.parts[place]) for place in places.values()]
        most = max(sizes, key=sizes.count)
        joined = [point for point in known if model.parts[places[point]] == most]
        return sorted(joined, key=lambda p: (not self._enough(p), -float(model.levels[places[p]])))

    def leads(self, among: Iterable[K], families: int = 1) -> Leads[K] | None:
        """The fastest of some points against each other one; None where none has a launch.

        Picked are points with launches enough before all others: one lucky launch makes no fastest.
        """
        among = list(among)
        order = self.fastest_first(among)
        if not order:
            return None
        first, level = order[0], self._level(families)
        sure = [point for point in order if self._enough(point)]
        found: dict[K, Ratio] = {}
        leading = True
        for k in range(len(sure), 1, -1):
            other = sure[k - 1]

            def reach(of: Difference, k: int = k) -> float:
                return reaches_of_leads(len(sure), of.freedom, level)[k - 1]

            ratio = self._ratio(first, other, reach)
            leading = leading and ratio.low is not None and ratio.low > 1
            if not leading:  # nor is it by the widest
                ratio = self._ratio(first, other, lambda of: reach(of, len(sure)))
                ratio = Ratio(ratio.value, None if ratio.low is None else min(ratio.low, 1.0), ratio.high)
            found[other] = ratio
        over = dict(reversed(found.items()))
        # Without an interval.
        over |= {other: self._ratio(first, other, lambda _: math.inf) for other in order[1:] if other not in over}
        return Leads(first, over, [point for point in among if point in self.launches and point not in order])

    def _enough(self, point: K) -> bool:
        return self.launches[point] >= LEAST_BLOCKS

    def _level(self, families: int) -> float:
        return 1 - (1 - self.confidence) / families

    def _ratio(self, one: K, other: K, reach: Callable[[Difference], float]) -> Ratio:
        """With an interval of `reach` standard errors, where both have launches enough."""
        found = [model.difference(one, other) for model in self.fits]
        value = math.exp(found[0].value)
        if not (self._enough(one) and self._enough(other)) or min(one.freedom for one in found) <= 0:
            return Ratio(value, None, None)
        lows = [one.value - reach(one) * one.error for one in found]
        highs = [one.value + reach(one) * one.error for one in found]
        return Ratio(value, math.exp(min(lows)), math.exp(max(highs)))
