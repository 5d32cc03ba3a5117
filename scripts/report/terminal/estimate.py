"""When will a run end? From the records of its study and from its jobs so far; nothing is said before any."""

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from scripts.record import Record


@dataclass(frozen=True)
class Work:
    """One job whose seconds can be told from records."""

    rule: str
    stage: str  # loading or training
    point: str
    workers: int | None  # of the point; None where the study has it no more


@dataclass
class Pace:
    """Known seconds: of launches from the study's records, of what a job does beside its launch from this run."""

    walls: dict[tuple[str, str], list[float]] = field(default_factory=dict)  # of launches, by stage and point
    alike: dict[tuple[str, int], list[float]] = field(default_factory=dict)  # by stage and workers
    outside: dict[str, list[float]] = field(default_factory=dict)  # seconds of a job beside its launch, by rule

    def learn(self, one: Record) -> None:
        """Take in a record. One that was resumed tells a part of its time only."""
        if not one.resumed:
            self.walls.setdefault((one.stage, one.point_id), []).append(one.wall_seconds)
            self.alike.setdefault((one.stage, one.workers), []).append(one.wall_seconds)

    def took(self, work: Work, seconds: float, one: Record) -> None:
        """Take in what a job of this run left, and how long it took."""
        self.learn(one)
        self.outside.setdefault(work.rule, []).append(max(0.0, seconds - one.wall_seconds))

    def seconds(self, work: Work) -> float | None:
        """A job's seconds to expect: as other blocks of its point, else as points of its stage with as many workers.

        None where there is nothing to go by.
        """
        launches = self.walls.get((work.stage, work.point))
        if launches is None and work.workers is not None:
            launches = self.alike.get((work.stage, work.workers))
        outside = self.outside.get(work.rule) or [value for values in self.outside.values() for value in values]
        if not launches or not outside:
            return None
        return statistics.median(launches) + statistics.median(outside)


def seconds_left(pace: Pace, waiting: Iterable[Work], running: Sequence[tuple[Work, float]]) -> float | None:
    """Seconds until all is measured, one after the other; None where one of them cannot be told.

    Args:
        running: what runs, with the seconds that it has run.
    """
    left = total(pace, waiting)
    for work, gone in running:
        seconds = pace.seconds(work)
        if left is None or seconds is None:
            return None
        left += max(0.0, seconds - gone)
    return left


def seconds_left_side_by_side(pace: Pace, waiting: Iterable[Work], done: Sequence[Work], gone: float) -> float | None:
    """The same where jobs run side by side, as on a cluster: what is left goes as fast as what is done.

    Args:
        waiting: what is not done, what runs too.
        gone: seconds since the first of `done` was submitted.
    """
    left, behind = total(pace, waiting), total(pace, done)
    return gone * left / behind if left is not None and behind else None


def total(pace: Pace, works: Iterable[Work]) -> float | None:
    """Seconds of all; None where one of them cannot be told. Blocks of a point are looked up once."""
    left = 0.0
    for work, blocks in Counter(works).items():
        seconds = pace.seconds(work)
        if seconds is None:
            return None
        left += blocks * seconds
    return left
