"""Which way to train is the fastest at equal cores? Every strategy, thread count and schedule against the best.

Points with a valid block that share a baseline and their number of cores; those with more cores than the machine take
no part.

Input: `training.parquet`. Outputs: `strategies.csv`, `strategies.parquet` (columns: scripts/scaling/tables/rows.py).

By hand:
    python -m scripts.scaling.tables.tabulate_strategies --training training.parquet --csv strategies.csv \
        --parquet strategies.parquet --spec '{"confidence": 0.95}'
"""

from collections.abc import Sequence
from pathlib import Path

from scripts import cli
from scripts.scaling.comparing.limits import LEAST_BLOCKS
from scripts.scaling.comparing.ratios import fastest_first, lead
from scripts.scaling.tables.rows import StrategyRow, TrainingRow
from scripts.scaling.tables.table_file import read_rows, write_table
from scripts.spec import Spec


class StrategiesSpec(Spec):
    """What the table takes from the config's `scaling`."""

    confidence: float


def rows(training: Sequence[TrainingRow], confidence: float) -> list[StrategyRow]:
    """Groups in the order of their baselines, by cores; in each the fastest first."""
    groups: dict[str, dict[int, list[TrainingRow]]] = {}
    for row in training:
        if row.blocks and not row.has("oversubscribed"):
            groups.setdefault(row.baseline, {}).setdefault(row.cores, []).append(row)
    return [
        found
        for by_cores in groups.values()
        for _, some in sorted(by_cores.items())
        if len(some) > 1
        for found in _group(some, confidence)
    ]


def _group(some: Sequence[TrainingRow], confidence: float) -> list[StrategyRow]:
    rates = {row.point: row.rates_by_block for row in some}
    # One lucky launch makes no fastest.
    sure = {point: mine for point, mine in rates.items() if len(mine) >= LEAST_BLOCKS}
    order = [*fastest_first(sure), *fastest_first({point: rates[point] for point in rates if point not in sure})]
    fastest, *others = (next(row for row in some if row.point == point) for point in order)
    found = [_row(fastest, 1.0, None, None, "fastest")]
    for row in others:
        if not rates[row.point].keys() & rates[fastest.point].keys() and min(row.blocks, fastest.blocks) < 2:
            continue  # nothing to compare by
        ratio = lead(rates[row.point], rates[fastest.point], confidence)
        verdict = "exploratory" if ratio.low is None else "tied" if ratio.tied else "slower"
        if ratio.low is not None and ratio.low > 1:
            verdict = "faster"
        found.append(_row(row, ratio.value, ratio.low, ratio.high, verdict))
    return found


def _row(row: TrainingRow, value: float, low: float | None, high: float | None, verdict: str) -> StrategyRow:
    return StrategyRow.model_validate(
        {
            "baseline": row.baseline,
            "cores": row.cores,
            "point": row.point,
            "images_per_second": row.images_per_second,
            "of_fastest": value,
            "of_fastest_low": low,
            "of_fastest_high": high,
            "verdict": verdict,
            "test_accuracy": row.test_accuracy,
            "core_hours": row.core_hours,
        }
    )


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--training", type=Path, required=True)
    parser.add_argument("--csv", type=Path, required=True)
    parser.add_argument("--parquet", type=Path, required=True)
    parser.add_argument("--spec", type=StrategiesSpec.model_validate_json, required=True)
    args = parser.parse_args()
    found = rows(read_rows(args.training, TrainingRow), args.spec.confidence)
    write_table(found, StrategyRow, args.csv, args.parquet)


if __name__ == "__main__":
    cli.run(main)
