"""Rows of the training table from rates that a test chooses, by the program that makes them."""

from collections.abc import Mapping, Sequence

from test_tables import made

from scripts.record import Record
from scripts.scaling.tables import tabulate_training
from scripts.scaling.tables.costs import Prices
from scripts.scaling.tables.rows import TrainingRow
from scripts.scaling.tables.tabulate_training import TableSpec

WORK = 100.0  # images/s of one worker


def rows_of(
    speedups: Mapping[str, Sequence[float]], prices: Prices | None = None, cores: int = 64, **changes: object
) -> dict[str, TrainingRow]:
    """Rows by point (`ddp-2`), each from its speedups in blocks 1, 2, ..., with `cores` of a machine's 64."""
    records: dict[str, list[Record]] = {}
    for point, mine in speedups.items():
        for block, speedup in enumerate(mine, start=1):
            one = made(point, block, WORK / speedup, **changes)
            machine = {"usable_cores": cores, "machine_cores": 64}
            one = one.model_copy(update={"environment": one.environment.model_copy(update=machine)})
            records.setdefault(one.point_id, []).append(one)
    spec = TableSpec(baseline="serial-1", confidence=0.95, loss_tolerance=0.25, prices=prices or Prices())
    return {row.point: row for row in tabulate_training.rows(records, list(records), spec)}
