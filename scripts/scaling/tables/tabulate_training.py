"""The training table: one row a point, divided by the configured baseline of its model.

A run counts only if its training-loss curve stays near the baseline's of the same block, which had the same seed, the
same initial weights and the same global batches: a faster run that learned something else is no speedup.

Inputs: the training records. Outputs: `training.csv`, `training.parquet` (columns: scripts/scaling/tables/rows.py).

By hand:
    python -m scripts.scaling.tables.tabulate_training --records results/demo/training/records/*/*.json \
        --csv training.csv --parquet training.parquet \
        --spec '{"points": ["resnet18-serial-1", "resnet18-ddp-2"], "scaling": \
        {"baseline": "serial-1", "confidence": 0.95, "loss_tolerance": 0.25}}'
"""

import math
import statistics
from pathlib import Path

from scripts import cli
from scripts.record import Quality, Record
from scripts.scaling.comparing.levelling import paces
from scripts.scaling.tables.analysis import groups, judge, loss_distance, median
from scripts.scaling.tables.costs import Prices, cost_columns
from scripts.scaling.tables.equal_work import other_curve, other_images
from scripts.scaling.tables.read_records import of_point, read_records
from scripts.scaling.tables.rows import TrainingRow
from scripts.scaling.tables.table_file import write_table
from scripts.spec import Spec
from scripts.training.points import PROGRAM, TrainingPoint


class TableSpec(Spec):
    """What a table divides by, and how sure it is: as in the config's `scaling`."""

    baseline: str
    confidence: float
    loss_tolerance: float
    families: int = 1  # baselines of the study, those of loading too
    prices: Prices = Prices()


class TrainingTableSpec(Spec):
    """What the table takes from the config."""

    points: list[str]  # in the order of the table
    scaling: TableSpec


def rows(records: dict[str, list[Record]], points: list[str], scaling: TableSpec) -> list[TrainingRow]:
    """One row for each of `points`.

    Raises:
        UserError: there is no record of one.
    """

    def strays(one: Record, other: Record) -> list[str]:
        return other_images(one, other) + other_curve(one, other, scaling.loss_tolerance)

    trainings = {point: TrainingPoint.model_validate(of_point(records, point)[0].point) for point in points}
    baselines = {point: trained.baseline(scaling.baseline) for point, trained in trainings.items()}
    # A baseline of its own is compared with too, though it has no row.
    baselines |= {other: other for other in baselines.values() if other in records}
    judged = {point: judge(records[point], records.get(other, []), strays) for point, other in baselines.items()}
    by_baseline = groups(judged, baselines, scaling.confidence, scaling.families)
    found = []
    for point in points:
        mine, good, first, trained = records[point], judged[point].good, records[point][0], trainings[point]
        common = by_baseline[baselines[point]].columns(point)
        baseline = {one.block: one for one in records.get(baselines[point], [])}
        marks = [*marks_of_numbers(mine), *unchecked(mine, [*baseline.values()])]
        common["marks"] = " ".join([*common["marks"].split(), *marks])
        qualities = [one.quality for one in good if one.quality is not None]
        launch_seconds = median([one.wall_seconds for one in good])
        wall = launch_seconds if trained.strategy != PROGRAM else seconds_of_a_million(common["images_per_second"])
        gpus = first.workers if first.key["device"] == "cuda" else 0
        machine_cores = first.environment.machine_cores
        distances = [loss_distance(one, baseline[one.block]) for one in good if one.block in baseline]
        distances = [distance for distance in distances if not math.isnan(distance)]
        found.append(
            TrainingRow(
                **common,
                calibrations=paces(good),
                model=first.point["model"],
                strategy=first.point["strategy"],
                curve=trained.curve,
                threads=first.point["threads"],
                precision_of_numbers=first.point["precision"],
                scaling=first.point["scaling"],
                variant=first.point["variant"],
                device=first.key["device"],
                nodes=trained.nodes,
                node_holds=None if gpus or trained.nodes > 1 else machine_cores // trained.cores_per_rank,
                global_batch=first.point["global_batch"],
                steps_per_epoch=qualities[0].steps_per_epoch if qualities else None,
                epoch_seconds=median([epoch_seconds(quality) for quality in qualities]),
                test_accuracy=median([q.test_accuracy for q in qualities]),
                precision=median([q.precision for q in qualities]),
                recall=median([q.recall for q in qualities]),
                f1=median([q.f1 for q in qualities]),
                seconds_to_target=median([q.seconds_to_target for q in qualities]),
                loss_distance=max(distances, default=None),
                wall_seconds=wall,
                launch_seconds=launch_seconds,
                peak_rss_bytes=median([one.peak_rss_bytes for one in good]),
                **cost_columns(good, wall, first.cores, gpus, scaling.prices),
            )
        )
    return found


def seconds_of_a_million(images_per_second: float | None) -> float | None:
    """What a million images take: launches that are ended once they are measured do not do equal work."""
    return 1e6 / images_per_second if images_per_second else None


def marks_of_numbers(records: list[Record]) -> list[str]:
    """What is to be known of the precision of a point's launches."""
    qualities = [one.quality for one in records if one.quality is not None]
    marks = {
        "emulated": any(quality.precision_emulated for quality in qualities),
        "left_out_steps": any(quality.left_out_steps for quality in qualities),
    }
    return [name for name, holds in marks.items() if holds]


def unchecked(records: list[Record], baseline: list[Record]) -> list[str]:
    """Whether nothing shows that a script of the user's own learned as its baseline did."""
    watched = [one for one in records if one.watched is not None]
    alike = {one.point["global_batch"] for one in (*watched, *baseline)}
    seen = all(one.watched is not None and one.watched.losses for one in (*watched, *baseline))
    return ["learning_not_checked"] if watched and not (seen and len(alike) == 1) else []


def epoch_seconds(quality: Quality) -> float:
    """Seconds of the median epoch that no warm-up shortened: the first is left out, and those that were all warm-up."""
    whole = [epoch.seconds for epoch in quality.epochs[1:] if epoch.seconds > 0]
    return statistics.median(whole or [quality.epochs[-1].seconds])


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--records", type=Path, nargs="+", required=True)
    parser.add_argument("--csv", type=Path, required=True)
    parser.add_argument("--parquet", type=Path, required=True)
    parser.add_argument("--spec", type=TrainingTableSpec.model_validate_json, required=True)
    args = parser.parse_args()
    found = rows(read_records(args.records, TrainingPoint.model_validate), args.spec.points, args.spec.scaling)
    write_table(found, TrainingRow, args.csv, args.parquet)


if __name__ == "__main__":
    cli.run(main)
