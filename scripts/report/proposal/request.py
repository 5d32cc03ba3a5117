"""What a proposal asks for: trainings x what one is charged x a reserve, in the centre's unit."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from scripts.report.proposal.centre import Rate
from scripts.scaling.plan.planned import PlannedJob
from scripts.scaling.tables.rows import TrainingRow

MONTH = 365.25 / 12 * 86400  # seconds


@dataclass(frozen=True)
class Month:
    """A month of a plan: the trainings that begin in it."""

    number: int  # from 1
    trainings: int
    units: float  # without reserve


@dataclass(frozen=True)
class Request:
    """What is asked for."""

    trainings: int
    units: float  # of all of them, without reserve
    reserve: float  # share that is added
    months: list[Month]  # none without a plan

    @property
    def total(self) -> float:
        return self.units * (1 + self.reserve)


def units_of(row: TrainingRow, rate: Rate | None) -> float | None:
    """What one training is charged; None where the centre has no rate for it, or how long it takes is not known."""
    seconds = row.seconds if row.wall_seconds is None else row.wall_seconds
    if rate is None or seconds is None:
        return None
    return rate.units_of(row.cores, row.workers if row.device == "cuda" else 0, seconds)


def of_measured(row: TrainingRow, rate: Rate | None, trainings: int, reserve: float) -> Request | None:
    """So many trainings as the measured one; None as for `units_of`."""
    each = units_of(row, rate)
    return None if each is None else Request(trainings, trainings * each, reserve, [])


def of_plan(jobs: Sequence[PlannedJob], rate: Rate | None, reserve: float) -> Request | None:
    """The trainings of a plan, each from its start to its end, by the month that it begins in."""
    if rate is None or not jobs:
        return None
    units: dict[int, float] = {}
    trainings: Counter[int] = Counter()
    for job in jobs:
        month = 1 + int(job.start_seconds // MONTH)
        seconds = job.end_seconds - job.start_seconds
        units[month] = units.get(month, 0.0) + rate.units_of(job.cores, job.gpus, seconds)
        trainings[month] += 1
    months = [Month(number, trainings[number], units[number]) for number in sorted(units)]
    return Request(len(jobs), sum(units.values()), reserve, months)
