"""Points compared: their ratios, singly or as one family of statements, measured and levelled.

Each launch has a rate as measured and a levelled one: what it would have been at the speed that the machine had on
average (scripts/scaling/comparing/levelling.py). The interval of a ratio holds those of both, and one leads another
only if it does by both: what a machine's drift could have made costs width, and makes no lead.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from scripts.scaling.comparing.launches_needed import launches_needed
from scripts.scaling.comparing.limits import LEAST_BLOCKS
from scripts.scaling.comparing.ratios import Ratio, student_t
from scripts.scaling.comparing.simultaneous import reaches
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
        confidence: level of a statement alone.
        confidence_of_all: level of all statements about these points together.
    """

    def __init__(
        self, measured: Rates[K], levelled: Rates[K], confidence: float, confidence_of_all: float | None = None
    ) -> None:
        self.confidence = confidence
        self.confidence_of_all = confidence if confidence_of_all is None else confidence_of_all
        self.launches = {point: len(mine) for point, mine in measured.items() if mine}
        self.fits: list[TwoWay[K]] = []
        if self.launches:
            kinds = (measured,) if measured == levelled else (measured, levelled)
            self.fits = [fit({point: rates[point] for point in self.launches}) for rates in kinds]

    def enough(self, point: K) -> bool:
        """Whether a point has launches enough for an interval."""
        return self.launches.get(point, 0) >= LEAST_BLOCKS

    def joined(self, one: K, other: K) -> bool:
        """Whether both have launches, and shared blocks join them."""
        return {one, other} <= self.launches.keys() and self.fits[0].joined(one, other)

    def ratio(self, one: K, other: K) -> Ratio | None:
        """How many times as fast one is as the other, this statement alone; None where nothing joins them."""
        if not self.joined(one, other):
            return None
        return self._ratio(one, other, lambda found: student_t(self.confidence, found.freedom))

    def together(self, one: K, other: K) -> Ratio | None:
        """The same as one of all such statements about these points, which are all true at once."""
        if not self.joined(one, other):
            return None
        count = sum(map(self.enough, self.launches))
        return self._ratio(one, other, lambda found: self._reaches(count, found)[-1])

    def differences(self, one: K, other: K) -> list[Difference]:
        """Of the levels of two points that shared blocks join, as measured and levelled; none of too few launches."""
        found = [model.difference(one, other) for model in self.fits]
        if not (self.enough(one) and self.enough(other)) or min(each.freedom for each in found) <= 0:
            return []
        return found

    def more_launches(self, one: K, other: K, bound: float = 1.0, together: bool = False) -> int | None:
        """How many launches more of each of two would tell their ratio from `bound`: 1 or more; None: MOST would not.

        They must tell it as measured and levelled alike: what may have biased launches shrinks with no number of them.

        Args:
            together: as one of all statements about these points.
        """
        count = min(self.launches[one], self.launches[other])
        both = [model.difference(one, other) for model in self.fits]
        if count < 2 or both[0].freedom <= 0:
            return LEAST_BLOCKS
        distances = [found.value - math.log(bound) for found in both]
        if min(distances) < 0 < max(distances):
            return None
        all_needed = []
        for found, distance in zip(both, distances, strict=True):
            wider = 1.0
            if together:
                all_of_them = self._reaches(sum(map(self.enough, self.launches)), found)[-1]
                wider = all_of_them / student_t(self.confidence, found.freedom)
            deviation, freedom = found.error * math.sqrt(count), found.freedom / (count - 1)
            needed = launches_needed(distance, deviation, self.confidence, freedom, wider)
            if needed is None:
                return None
            all_needed.append(needed)
        return max(1, max(all_needed) - count)

    def more_to_tell(self, one: K, others: Iterable[K]) -> int | None:
        """How many launches more of each would tell one from all of others; 0 of none, None: MOST would not."""
        more = [self.more_launches(one, other, together=True) for other in others]
        return None if None in more else max((each for each in more if each is not None), default=0)

    def fastest_first(self, among: Iterable[K]) -> list[K]:
        """Some points by their levels in the mean block, those with launches enough first.

        Of points that shared blocks do not all join, those of the largest part.
        """
        if not self.launches:
            return []
        model = self.fits[0]
        places = {point: model.points.index(point) for point in among if point in self.launches}
        parts = [int(model.parts[place]) for place in places.values()]
        most = max(parts, key=parts.count, default=0)
        levels = {point: float(model.levels[place]) for point, place in places.items() if model.parts[place] == most}
        return sorted(levels, key=lambda point: (not self.enough(point), -levels[point]))

    def leads(self, among: Iterable[K], stepwise: bool = False) -> Leads[K] | None:
        """The fastest of some points against each other one; None where none has a launch.

        Args:
            among: from these; those with launches enough before all others: one lucky launch makes no fastest.
            stepwise: narrower intervals, which are true at once for one set of points only, the one that matters most.
        """
        among = list(among)
        order = self.fastest_first(among)
        if not order:
            return None
        first, sure = order[0], [point for point in order if self.enough(point)]
        over = self._steps(sure) if stepwise else {}
        for other in order[1:]:
            if other not in over:
                ratio = self.together(first, other)
                assert ratio is not None, "they are joined"
                over[other] = ratio
        return Leads(first, over, [point for point in among if point in self.launches and point not in order])

    def _steps(self, sure: Sequence[K]) -> dict[K, Ratio]:
        """The leads that are found going down from the widest, until one is too small: the others are none."""
        found: dict[K, Ratio] = {}
        for k in range(len(sure), 1, -1):
            ratio = self._ratio(sure[0], sure[k - 1], self._reach_of(k, len(sure)))
            if ratio.low is None or ratio.low <= 1:
                break
            found[sure[k - 1]] = ratio
        for other in sure[1 : len(sure) - len(found)]:
            ratio = self._ratio(sure[0], other, self._reach_of(len(sure), len(sure)))
            found[other] = Ratio(ratio.value, None if ratio.low is None else min(ratio.low, 1.0), ratio.high)
        return {other: found[other] for other in sure[1:]}

    def _reach_of(self, k: int, count: int) -> Callable[[Difference], float]:
        return lambda found: self._reaches(count, found)[k - 1]

    def _reaches(self, count: int, found: Difference) -> list[float]:
        return reaches(count, found.freedom, self.confidence_of_all)

    def _ratio(self, one: K, other: K, reach: Callable[[Difference], float]) -> Ratio:
        """With an interval of `reach` standard errors, where both have launches enough."""
        value = math.exp(self.fits[0].difference(one, other).value)
        if not (found := self.differences(one, other)):
            return Ratio(value, None, None)
        lows = [each.value - reach(each) * each.error for each in found]
        highs = [each.value + reach(each) * each.error for each in found]
        return Ratio(value, math.exp(min(lows)), math.exp(max(highs)))
