"""What one run says: images/s of a point, or how many times as fast it is as another, in logs and with what is known.

A ratio is paired by the run's blocks, as in its tables (scripts/scaling/comparing/two_way.py); images/s are those of
the blocks.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from scripts.errors import UserError
from scripts.scaling.comparing.comparison import Comparison
from scripts.scaling.comparing.limits import LEAST_BLOCKS
from scripts.scaling.comparing.ratios import Ratio, mean_rate, standard_error, student_t
from scripts.scaling.comparing.two_way import Difference
from scripts.scaling.history.history import Stage
from scripts.scaling.tables.compared import by_baseline, compared
from scripts.scaling.tables.rows import LoadingRow, Row, TrainingRow
from scripts.scaling.tables.table_file import read_rows

# The tables that may be compared: what their rows are, and of what.
TABLES: dict[str, tuple[type[Row], Stage]] = {
    "training": (TrainingRow, "training"),
    "external": (TrainingRow, "training"),
    "loading": (LoadingRow, "loading"),
}


@dataclass(frozen=True)
class Statement:
    """What each run has a number for."""

    stage: Stage
    point: str
    against: str = ""  # the point that it is divided by; empty: its images/s


@dataclass(frozen=True)
class Level:
    """The number of one run."""

    ratio: Ratio  # or rate; its own interval, this statement alone
    logs: tuple[Difference, ...]  # as measured, and levelled; none where there are too few blocks
    blocks: int
    noisy: bool
    keys: tuple[Mapping[str, Any], ...]  # comparison keys: of the point, and of what it is divided by


class Run:
    """The tables of one run.

    Args:
        name: its folder, as it was named.
        rows: of each stage.
        confidence: level of each interval alone.
    """

    def __init__(self, name: str, rows: Mapping[Stage, Sequence[Row]], confidence: float) -> None:
        self.name = name
        self.rows = {(stage, row.point): row for stage, some in rows.items() for row in some}
        self.confidence = confidence
        self._groups = {stage: by_baseline(some) for stage, some in rows.items()}

    def level(self, about: Statement) -> Level | None:
        """What the run says; None where it has no launch of it that counts, or nothing joins the two points."""
        one = self.rows.get((about.stage, about.point))
        if one is None or not one.blocks:
            return None
        if not about.against:
            return Level(
                mean_rate([*one.rates_by_block.values()], self.confidence),
                _logs_of_rates(one),
                one.blocks,
                one.has("noisy"),
                (json.loads(one.key),),
            )
        other = self.rows.get((about.stage, about.against))
        if other is None:
            return None
        comparison = self._comparison(about.stage, one, other)
        ratio = comparison.ratio(one.point, other.point)
        if ratio is None:
            return None
        return Level(
            ratio,
            tuple(comparison.differences(one.point, other.point)),
            min(one.blocks, other.blocks),
            one.has("noisy") or other.has("noisy"),
            (json.loads(one.key), json.loads(other.key)),
        )

    @cached_property
    def _comparisons(self) -> dict[tuple[Stage, str], Comparison[str]]:
        return {(stage, name): compared(some) for stage, found in self._groups.items() for name, some in found.items()}

    def _comparison(self, stage: Stage, one: Row, other: Row) -> Comparison[str]:
        """That which the tables make of both: of all points of their baseline, where they share it."""
        beside = self._groups[stage][one.baseline]
        return self._comparisons[stage, one.baseline] if other in beside else compared([one, other])


def _logs_of_rates(row: Row) -> tuple[Difference, ...]:
    """The mean log of a point's images/s: as measured; and of images in the time that the calibration kernel took, for
    a machine whose cores changed their speed from one run to the next.
    """
    if row.blocks < LEAST_BLOCKS:
        return ()
    measured = np.log([*row.rates_by_block.values()])
    paces = [float(word) for word in row.calibrations.split()]
    kinds = [measured, measured + np.log(paces)] if paces else [measured]
    return tuple(Difference(float(logs.mean()), standard_error(logs), len(logs) - 1) for logs in kinds)


def read_run(folder: Path, tables: Sequence[str], confidence: float, earlier: bool = True) -> Run:
    """The run of a results folder.

    Args:
        tables: of TABLES.
        earlier: it is one of `scaling.compare_with`.

    Raises:
        UserError: a table is not there, or is of another version of scalecard.
    """
    rows: dict[Stage, Sequence[Row]] = {}
    for name in tables:
        kind, stage = TABLES[name]
        try:
            rows[stage] = read_rows(folder / "scaling" / f"{name}.parquet", kind)
        except UserError as error:
            more = f" for that study, or leave {folder} out of scaling.compare_with" if earlier else ""
            raise UserError(f"{error}{more}") from None
    return Run(f"{folder}", rows, confidence)


def between(later: Level, earlier: Level, confidence: float) -> Ratio:
    """How many times what one run says is what another said: Welch's t on logs, of what is known of each (Welch,
    Biometrika 34, 1947); of all kinds that both have, the interval holds those of each.

    Args:
        later, earlier: both with logs.
        confidence: level of the two-sided interval.
    """
    ends = []
    for one, other in zip(later.logs, earlier.logs, strict=False):
        error, value = math.hypot(one.error, other.error), one.value - other.value
        reach = 0.0
        if error:
            freedom = error**4 / (one.error**4 / one.freedom + other.error**4 / other.freedom)
            reach = student_t(confidence, freedom) * error
        ends.append((value - reach, value + reach))
    value = later.logs[0].value - earlier.logs[0].value
    return Ratio(math.exp(value), math.exp(min(low for low, _ in ends)), math.exp(max(high for _, high in ends)))
