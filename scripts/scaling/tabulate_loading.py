"""The loading table: one row a point, divided by the serial backend.

Inputs: the loading records. Outputs: `loading.csv`, `loading.parquet` (columns: scripts/scaling/rows.py).

By hand:
    python -m scripts.scaling.tabulate_loading --records results/demo/loading/records/*/*.json --csv loading.csv \
        --parquet loading.parquet --spec '{"points": ["serial-1", "packed-1"], "confidence": 0.95}'
"""

from pathlib import Path

from scripts import cli
from scripts.record import Record
from scripts.scaling.analysis import common_columns, median, read_records, usable, write_table
from scripts.scaling.rows import LoadingRow
from scripts.spec import Spec

BASELINE = "serial-1"


class LoadingTableSpec(Spec):
    """What the table takes from the config."""

    points: list[str]  # in the order of the table
    confidence: float


def rows(records: dict[str, list[Record]], points: list[str], confidence: float) -> list[LoadingRow]:
    """One row for each of `points`."""
    baseline = {one.block: one for one in records[BASELINE]}
    found = []
    for point in points:
        good, reasons = usable(records[point], baseline)
        settings = records[point][0].point
        found.append(
            LoadingRow(
                **common_columns(records[point], good, reasons, BASELINE, baseline, confidence),
                source=settings["source"],
                backend=settings["backend"],
                chunk=settings["chunk"],
                cpu_seconds=median([one.cpu_seconds for one in good]),
                peak_rss_bytes=median([one.peak_rss_bytes for one in good]),
            )
        )
    return found


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--records", type=Path, nargs="+", required=True)
    parser.add_argument("--csv", type=Path, required=True)
    parser.add_argument("--parquet", type=Path, required=True)
    parser.add_argument("--spec", type=LoadingTableSpec.model_validate_json, required=True)
    args = parser.parse_args()
    found = rows(read_records(args.records), args.spec.points, args.spec.confidence)
    write_table(found, LoadingRow, args.csv, args.parquet)


if __name__ == "__main__":
    cli.run(main)
