"""What each figure shows, as a table: the CSV that stands beside it."""

from collections.abc import Sequence
from itertools import accumulate

import pandas as pd
from pydantic import BaseModel

from scripts.record import Record
from scripts.report.figures.training.target_figure import Reached
from scripts.report.words.tables import counted, valid
from scripts.scaling.answers.laws import Laws
from scripts.scaling.plan.planned import Plan
from scripts.scaling.profiles.profile_rows import PopRow, ProfileRow
from scripts.scaling.tables.rows import LoadingRow, TrainingRow

OF_POINT = ["point", "workers", "cores", "blocks"]
SPEEDUP = [*OF_POINT, "curve", "baseline", "speedup", "speedup_low", "speedup_high", "efficiency"]
COSTS = [*OF_POINT, "wall_seconds", "core_hours", "gpu_hours", "cost"]
THROUGHPUT = [
    *OF_POINT,
    "images_per_second",
    "images_per_second_low",
    "images_per_second_high",
    "page_cache",
    "ceiling",
]
PHASES = ["point", "once_seconds", "read_seconds", "decode_seconds", "transport_seconds", "take_seconds"]
STEPS = ["point", "step_seconds", "ideal_seconds", "input", "threads", "smaller_batch", "contention", "imbalance"]
LEARNING = ["point", "block", "epoch", "seconds", "loss", "valid_accuracy"]


def speedups(rows: Sequence[TrainingRow]) -> pd.DataFrame:
    return _columns([row for row in valid(rows) if row.speedup is not None], SPEEDUP)


def costs(rows: Sequence[TrainingRow]) -> pd.DataFrame:
    """Of a whole launch."""
    return _columns([row for row in valid(rows) if row.wall_seconds is not None], COSTS)


def throughputs(rows: Sequence[LoadingRow]) -> pd.DataFrame:
    return _columns([row for row in valid(rows) if row.images_per_second is not None], THROUGHPUT)


def phases(rows: Sequence[LoadingRow]) -> pd.DataFrame:
    """Seconds of a launch that passes over the images once."""
    return _columns([row for row in valid(rows) if row.whole_seconds is not None and row.way], PHASES)


def steps(rows: Sequence[ProfileRow]) -> pd.DataFrame:
    """Seconds of a step."""
    return _columns(rows, [*STEPS, "communication", "optimizer"])


def efficiencies(rows: Sequence[PopRow]) -> pd.DataFrame:
    return _columns(rows, list(PopRow.model_fields))


def foretold(laws: Laws) -> pd.DataFrame:
    lines = [
        {"curve": curve.curve, "law": curve.chosen or "", **one.model_dump()}
        for curve in laws.curves
        for one in curve.predictions
    ]
    return pd.DataFrame(lines, columns=None if lines else ["curve", "law", "workers", "speedup"])


def learned(rows: Sequence[TrainingRow], records: Sequence[Record]) -> pd.DataFrame:
    lines = [
        (row.point, one.block, epoch, passed, its.loss, its.valid_accuracy)
        for row in valid(rows)
        for one in counted(records, row)
        if one.quality is not None
        for epoch, (its, passed) in enumerate(
            zip(one.quality.epochs, accumulate(epoch.seconds for epoch in one.quality.epochs), strict=True), start=1
        )
    ]
    return pd.DataFrame(lines, columns=LEARNING)


def targets(reached: Sequence[Reached]) -> pd.DataFrame:
    """Training seconds to the target accuracy: geometric means where every launch reached it."""
    lines = [
        (one.row.point, one.row.workers, one.row.cores, one.launches, len(one.seconds))
        + ((one.mean.value, one.mean.low, one.mean.high) if one.always else (None, None, None))
        for one in reached
    ]
    return pd.DataFrame(lines, columns=[*OF_POINT, "reached", "seconds", "seconds_low", "seconds_high"])


def planned(plan: Plan) -> pd.DataFrame:
    return _columns(plan.jobs, ["job", "point", "cores", "gpus", "start_seconds", "end_seconds", "cost"])


def front(plan: Plan) -> pd.DataFrame:
    return _columns(plan.pareto, ["makespan_seconds", "cost"])


def _columns(rows: Sequence[BaseModel], names: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame([[getattr(row, name) for name in names] for row in rows], columns=list(names))
