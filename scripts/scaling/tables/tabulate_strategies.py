"""Which way to train is the fastest at equal cores? Every strategy, thread count and schedule against the best.

Points with a valid block that share a baseline and their number of cores; those with more cores than the machine take
no part.

Input: `training.parquet`. Outputs: `strategies.csv`, `strategies.parquet` (columns: scripts/scaling/tables/rows.py).

By hand:
    python -m scripts.scaling.tables.tabulate_strategies --training training.parquet --csv strategies.csv \
        --parquet strategies.parquet
"""

from collections.abc import Sequence
from pathlib import Path

from scripts import cli
from scripts.scaling.comparing.comparison import Comparison
from scripts.scaling.comparing.ratios import Ratio
from scripts.scaling.tables.compared import by_baseline, compared
from scripts.scaling.tables.rows import StrategyRow, TrainingRow
from scripts.scaling.tables.table_file import read_rows, write_table


def rows(training: Sequence[TrainingRow]) -> list[StrategyRow]:
    """Groups in the order of their baselines, by cores; in each the fastest first."""
    found = []
    for some in by_baseline(training).values():
        comparison = compared(some)
        by_cores: dict[int, list[TrainingRow]] = {}
        for row in some:
            if row.blocks and not row.has("oversubscribed"):
                by_cores.setdefault(row.cores, []).append(row)
        for _, group in sorted(by_cores.items()):
            found += _group(group, comparison) if len(group) > 1 else []
    return found


def _group(some: Sequence[TrainingRow], comparison: Comparison[str]) -> list[StrategyRow]:
    by_point = {row.point: row for row in some}
    leads = comparison.leads(by_point)
    assert leads is not None, "each has a valid block"
    found = [_row(by_point[leads.first], Ratio(1.0, None, None), "fastest")]
    for point, lead in leads.over.items():
        verdict = "exploratory" if lead.low is None else "tied" if lead.tied else "slower"
        found.append(_row(by_point[point], lead.inverse, verdict))
    return found


def _row(row: TrainingRow, ratio: Ratio, verdict: str) -> StrategyRow:
    return StrategyRow.model_validate(
        {
            "baseline": row.baseline,
            "cores": row.cores,
            "point": row.point,
            "images_per_second": row.images_per_second,
            "of_fastest": ratio.value,
            "of_fastest_low": ratio.low,
            "of_fastest_high": ratio.high,
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
    args = parser.parse_args()
    found = rows(read_rows(args.training, TrainingRow))
    write_table(found, StrategyRow, args.csv, args.parquet)


if __name__ == "__main__":
    cli.run(main)
