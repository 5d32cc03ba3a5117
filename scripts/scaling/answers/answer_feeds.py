"""What does it cost a training that a way to load brings its images, and not the packed shards?"""

import statistics
from collections.abc import Sequence

from scripts import format as show
from scripts.record import Record
from scripts.scaling.answers.answer import Fed
from scripts.scaling.tables.compared import compared
from scripts.scaling.tables.rows import TrainingRow
from scripts.training.loop.steps import STEADY
from scripts.training.points import PACKED, TrainingPoint


def feeds(rows: Sequence[TrainingRow], records: dict[str, list[Record]]) -> list[Fed]:
    """Each fed training beside the same one on packed shards, by loader processes where none is without.

    Args:
        rows: of all trainings; `records` are theirs, by point.
    """
    points = {row.point: TrainingPoint.model_validate(records[row.point][0].point) for row in rows if row.blocks}
    by_point = {row.point: row for row in rows}
    found = []
    for name, point in points.items():
        packed = _packed(point, points) if point.tuning.feed != PACKED else None
        if packed is None:
            continue
        row = by_point[name]
        ratio = compared([one for one in rows if one.baseline == row.baseline]).ratio(name, packed)
        if ratio is None:
            continue
        waits = statistics.median([_waiting(one) for one in records[name] if one.validity.ok])
        found.append(
            Fed(
                point=name,
                against=packed,
                feed=point.tuning.feed,
                ratio=ratio.value,
                low=ratio.low,
                high=ratio.high,
                waiting=waits,
                sentence=_sentence(point, packed, ratio.value, ratio.low, ratio.high, waits),
            )
        )
    return found


def _packed(fed: TrainingPoint, points: dict[str, TrainingPoint]) -> str | None:
    """The same training on packed shards: of those the one with the fewest loader processes."""

    def of(point: TrainingPoint) -> dict[str, object]:
        apart = {"loader_workers", "variant", "tuning"}
        return point.model_dump(exclude=apart) | {"tuning": point.tuning.model_dump(exclude={"feed"})}

    same = [
        (one.loader_workers, name) for name, one in points.items() if one.tuning.feed == PACKED and of(one) == of(fed)
    ]
    return min(same)[1] if same else None


def _waiting(one: Record) -> float:
    """The share of its training time in which the slowest rank waits for images."""
    return one.phases.get("data", 0.0) / sum(one.phases.get(phase, 0.0) for phase in STEADY)


def _sentence(
    point: TrainingPoint, packed: str, ratio: float, low: float | None, high: float | None, waits: float
) -> str:
    count = point.loader_workers
    loaders = f", by {count} loader worker{'s' if count > 1 else ''} a rank" if count else ""
    sure = "" if low is not None else " (exploratory: fewer than 3 valid blocks)"
    times = show.ratio(ratio, low, high)
    return (
        f"Fed by {point.tuning.feed} from raw files{loaders}, {point.id} trains {times} times as "
        f"fast as {packed} from packed shards{sure}, and waits for images {show.percent(round(waits, 3))} of its time."
    )
