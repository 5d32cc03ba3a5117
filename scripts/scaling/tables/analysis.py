"""From records to the figures of a row: which launches count, what they are divided by, and how sure the ratio is."""

import json
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from scripts.record import Record, Watched
from scripts.scaling.comparing.comparison import Comparison
from scripts.scaling.comparing.faults import faults, noisy
from scripts.scaling.comparing.keys import other_work
from scripts.scaling.comparing.learned import learned_nothing
from scripts.scaling.comparing.levelling import levelled
from scripts.scaling.comparing.ratios import Ratio, efficiency, serial_fraction


class Launch(Protocol):
    """What a table's common columns are made of: a record, or a line of a table from outside."""

    @property
    def point_id(self) -> str: ...
    @property
    def key(self) -> dict[str, Any]: ...
    @property
    def block(self) -> int: ...
    @property
    def workers(self) -> int: ...
    @property
    def cores(self) -> int: ...
    @property
    def seconds(self) -> float: ...
    @property
    def images_per_second(self) -> float: ...
    @property
    def oversubscribed(self) -> bool: ...
    @property
    def shares_cores(self) -> bool: ...


L = TypeVar("L", bound=Launch)


@dataclass(frozen=True)
class Judged(Generic[L]):
    """The launches of a point, and which of them count."""

    launches: Sequence[L]  # at least one
    good: Sequence[L]  # those that count
    reasons: Sequence[str]  # a sentence for each that does not
    noise: Sequence[str] = ()  # a sentence for each that counts though it was disturbed
    set_aside: int = 0  # launches that were measured again


def judge(
    records: Sequence[Record],
    baseline: Sequence[Record],
    more: Callable[[Record, Record], list[str]] | None = None,
) -> Judged[Record]:
    """Which of a point's records count.

    Args:
        records: of one point, at least one.
        baseline: the baseline's records, those with faults too; may be the same ones, or none.
        more: further faults of a record beside the baseline's of its block, or the nearest that learned anything; of
            one that measured nothing there are none.
    """
    good, reasons, noise, unequal = [], [], [], other_work(records, baseline)
    beside = [one for one in baseline if one.images and (one.quality is None or not learned_nothing(one.quality))]
    for one in records:
        found = faults(one)
        if one.block in unequal:
            found.append(unequal[one.block])
        elif more and beside and one.images:
            found += more(one, min(beside, key=lambda other: abs(other.block - one.block)))
        if found:
            reasons.append(f"block {one.block}: {'; '.join(found)}")
            continue
        good.append(one)
        if disturbances := noisy(one):
            noise.append(f"block {one.block}: {'; '.join(disturbances)} (no calm came: it counts)")
    return Judged(records, good, reasons, noise, sum(len(one.set_aside) for one in records))


def median(values: Sequence[float | None]) -> float | None:
    """The median; None of nothing, or where a value is missing."""
    present = [value for value in values if value is not None]
    return statistics.median(present) if present and len(present) == len(values) else None


class Group(Generic[L]):
    """The points of one baseline, which are compared all at once.

    Args:
        points: by id; the baseline is one of them, where it was measured.
        levels: levelled images/s of their good launches, by point and block; None: as measured.
        confidence: level of a statement alone.
        confidence_of_all: level of all statements about these points together.
    """

    def __init__(
        self,
        baseline: str,
        points: Mapping[str, Judged[L]],
        levels: Mapping[str, Mapping[int, float]] | None,
        confidence: float,
        confidence_of_all: float,
    ) -> None:
        self.baseline = baseline
        self.points = points
        measured = {point: {one.block: one.images_per_second for one in j.good} for point, j in points.items()}
        self.levelled = measured if levels is None else levels
        self.comparison = Comparison(measured, self.levelled, confidence, confidence_of_all)

    def columns(self, point: str) -> dict[str, Any]:
        """The columns that every table has (scripts/scaling/tables/rows.py, Row)."""
        judged, comparison = self.points[point], self.comparison
        first, good = judged.launches[0], judged.good
        is_baseline = point == self.baseline
        # Of rates, not of seconds: weak scaling trains on a few images more or less than its baseline.
        ratio = comparison.ratio(point, self.baseline)
        if is_baseline and good:  # divided by itself: exactly 1, and no interval is one of anything
            ratio = Ratio(1.0, None, None)
        together = None if is_baseline else comparison.together(point, self.baseline)
        beside = self.points.get(self.baseline, judged)
        cores = beside.launches[0].cores
        marks = {
            "baseline": is_baseline,
            "tied": together is not None and together.tied,
            "exploratory": bool(good) and not (comparison.enough(point) and comparison.enough(self.baseline)),
            "noisy": bool(judged.noise),
            "oversubscribed": any(one.oversubscribed for one in judged.launches),
            "shared_cores": any(one.shares_cores for one in judged.launches),
        }
        alone = [f"no valid {self.baseline} to divide by"] if good and ratio is None else []
        if alone and self.baseline in self.points and beside.good:
            alone = [f"no block joins it with {self.baseline}, nor with a point that one does"]
        return {
            "point": point,
            "workers": first.workers,
            "cores": first.cores,
            "blocks": len(good),
            "blocks_used": " ".join(str(one.block) for one in good),
            "rates": " ".join(repr(one.images_per_second) for one in good),
            "levelled": " ".join(repr(self.levelled[point][one.block]) for one in good),
            "key": json.dumps((good or judged.launches)[0].key, sort_keys=True),
            "seconds": median([one.seconds for one in good]),
            "seconds_min": min((one.seconds for one in good), default=None),
            "seconds_max": max((one.seconds for one in good), default=None),
            "images_per_second": median([one.images_per_second for one in good]),
            "speedup": ratio.value if ratio else None,
            "speedup_low": ratio.low if ratio else None,
            "speedup_high": ratio.high if ratio else None,
            "confidence": comparison.confidence,
            "confidence_of_all": comparison.confidence_of_all,
            "efficiency": efficiency(ratio.value, first.cores, cores) if ratio else None,
            "serial_fraction": serial_fraction(ratio.value, first.cores, cores) if ratio else None,
            "baseline": self.baseline,
            "baseline_seconds": median([one.seconds for one in beside.good]) if self.baseline in self.points else None,
            "validity": "valid" if good else "invalid",
            "marks": " ".join(name for name, holds in marks.items() if holds),
            "reason": ". ".join([*judged.reasons, *alone]),
            "noise": ". ".join(judged.noise),
            "set_aside": judged.set_aside,
        }


def groups(
    points: Mapping[str, Judged[Record]], baselines: Mapping[str, str], confidence: float, families: int
) -> dict[str, Group[Record]]:
    """By baseline.

    Args:
        baselines: of each of `points`.
        confidence: level of a statement alone, and of all statements of a study together.
        families: baselines of the study, which share what may be wrong of all.
    """
    found = {}
    for baseline in dict.fromkeys(baselines.values()):
        mine = {point: points[point] for point, other in baselines.items() if other == baseline}
        levels = levelled({point: judged.good for point, judged in mine.items()})
        found[baseline] = Group(baseline, mine, levels, confidence, 1 - (1 - confidence) / families)
    return found


def loss_distance(one: Record, other: Record) -> float:
    """Mean distance of two training-loss curves, as a share of the loss of guessing: ln(classes), or of a script of the
    user's own the other's first loss.

    Over the epochs, or steps, that both have: trainings that end with the target accuracy, or once they are measured,
    do not all end with the same one. Returns nan where either has no curve.
    """
    if one.watched is not None and other.watched is not None:
        return _watched_distance(one.watched, other.watched)
    if one.quality is None or other.quality is None:
        return math.nan
    distances = [abs(a.loss - b.loss) for a, b in zip(one.quality.epochs, other.quality.epochs, strict=False)]
    return statistics.fmean(distances) / math.log(len(one.quality.classes)) if distances else math.nan


def _watched_distance(one: Watched, other: Watched) -> float:
    pairs = [(a, b) for a, b in zip(one.losses, other.losses, strict=False) if a is not None and b is not None]
    if not pairs or not other.first_loss:
        return math.nan
    return statistics.fmean(abs(a - b) for a, b in pairs) / abs(other.first_loss)
