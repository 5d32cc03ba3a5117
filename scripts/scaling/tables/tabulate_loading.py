"""The loading table: one row a point, divided by the serial backend on the same storage in the same state.

Inputs: the loading records. Outputs: `loading.csv`, `loading.parquet` (columns: scripts/scaling/tables/rows.py).

By hand:
    python -m scripts.scaling.tables.tabulate_loading --records results/demo/loading/records/*/*.json \
        --csv loading.csv --parquet loading.parquet --spec '{"points": ["serial-1", "packed-1"], "confidence": 0.95}'
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scripts import cli
from scripts.loading.backend import OWN
from scripts.loading.points import LoadingPoint, backend_class
from scripts.record import Record
from scripts.scaling.comparing.levelling import paces
from scripts.scaling.comparing.ratios import mean_rate
from scripts.scaling.tables.analysis import groups, judge, median
from scripts.scaling.tables.attribution import attribute, sound_blocks
from scripts.scaling.tables.costs import Prices, cost_columns
from scripts.scaling.tables.read_records import of_point, read_records
from scripts.scaling.tables.rows import LoadingRow
from scripts.scaling.tables.table_file import write_table
from scripts.spec import Spec


class LoadingTableSpec(Spec):
    """What the table takes from the config."""

    points: list[str]  # in the order of the table
    confidence: float
    families: int = 1  # baselines of the study, those of training too
    prices: Prices = Prices()


def rows(
    records: dict[str, list[Record]],
    points: list[str],
    confidence: float,
    families: int = 1,
    prices: Prices | None = None,
) -> list[LoadingRow]:
    """One row for each of `points`.

    Raises:
        UserError: there is no record of one.
    """
    blocks = sound_blocks(records)
    ways = {name: LoadingPoint.model_validate(of_point(records, name)[0].point) for name in points}
    baselines = {name: way.baseline for name, way in ways.items()}
    # A baseline of its own is compared with too, though it has no row.
    baselines |= {other: other for other in baselines.values() if other in records}
    judged = {name: judge(records[name], records.get(other, [])) for name, other in baselines.items()}
    by_baseline = groups(judged, baselines, confidence, families)
    found = []
    for name, point in ways.items():
        good, common = judged[name].good, by_baseline[baselines[name]].columns(name)
        ceiling = backend_class(point.backend).ceiling
        mark = "ceiling" if ceiling else "" if point.decoder == OWN else "decoder"
        once = any(one.loaded.check == "once" for one in good if one.loaded is not None)
        mark = "once" if once else mark
        rate = mean_rate([one.images_per_second for one in good], confidence) if good else None
        parts = attribute(good, blocks)
        found.append(
            LoadingRow(
                **common | {"marks": f"{common['marks']} {mark}".strip()},
                **point.model_dump(exclude={"workers"}),
                calibrations=paces(good),
                check="once" if once else "pixels",
                ceiling=ceiling,
                images_per_second_low=rate.low if rate else None,
                images_per_second_high=rate.high if rate else None,
                cpu_seconds=median([one.cpu_seconds for one in good]),
                peak_rss_bytes=median([one.peak_rss_bytes for one in good]),
                **cost_columns(good, common["seconds"], point.cores, 0, prices or Prices()),
                **launch_columns(good),
                **(parts.columns() if parts else {}),
            )
        )
    return found


def launch_columns(good: Sequence[Record]) -> dict[str, Any]:
    """Medians of how the launches went beside their time."""
    went = [(one, one.loaded) for one in good if one.loaded is not None]
    return {
        "startup_seconds": median([one.phases["startup"] for one, _ in went]),
        "first_batch_seconds": median([loaded.first_batch_seconds for _, loaded in went]),
        "shutdown_seconds": median([one.phases["shutdown"] for one, _ in went]),
        "passes": median([loaded.passes for _, loaded in went]),
        "cpu_milliseconds": median([1000 * loaded.steady_cpu_seconds / one.images for one, loaded in went]),
        "pss_bytes": median([loaded.pss_bytes for _, loaded in went]),
        "shared_bytes": median([loaded.shared_bytes for _, loaded in went]),
        "descriptors": median([loaded.descriptors for _, loaded in went]),
        "decode_error": median([loaded.decode_error for _, loaded in went if loaded.decode_error is not None]),
        "storage_bytes": median([loaded.storage_bytes / loaded.passes for _, loaded in went]),
    }


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--records", type=Path, nargs="+", required=True)
    parser.add_argument("--csv", type=Path, required=True)
    parser.add_argument("--parquet", type=Path, required=True)
    parser.add_argument("--spec", type=LoadingTableSpec.model_validate_json, required=True)
    args = parser.parse_args()
    found = rows(
        read_records(args.records, LoadingPoint.model_validate),
        args.spec.points,
        args.spec.confidence,
        args.spec.families,
        args.spec.prices,
    )
    write_table(found, LoadingRow, args.csv, args.parquet)


if __name__ == "__main__":
    cli.run(main)
