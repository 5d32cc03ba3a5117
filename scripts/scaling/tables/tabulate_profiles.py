"""The profile table: where the efficiency of each training point is lost, in seconds of a step.

A point on c times the baseline's cores would ideally need the baseline's step seconds / c for as many images. What it
needs more is the sum of: `input` (data, to_device, augment, and cores that only load), `threads` (rank 0 alone, on its
threads against one), `smaller_batch` (its share alone on one thread, against as many images of the baseline's step),
`contention` (all ranks at once against one alone), `imbalance` (the slowest rank against the mean), `communication`
(with the exchange of gradients against without), `optimizer`. A strategy that cannot go without its exchange, as fsdp
and pipeline, has the middle ones in `communication`.

Inputs: the profiles (scripts/training/loop/step_profile.py). Outputs: `profiles.csv`, `profiles.parquet`.

By hand:
    python -m scripts.scaling.tables.tabulate_profiles --profiles results/demo/training/profiles/*.json \
        --csv profiles.csv --parquet profiles.parquet \
        --spec '{"points": [{"point": "resnet18-serial-1", "baseline": "resnet18-serial-1", \
        "images": 32}, {"point": "resnet18-ddp-2", "baseline": "resnet18-serial-1", "images": 32}]}'
"""

import statistics
from pathlib import Path

from scripts import cli
from scripts.scaling.tables.rows import ProfileRow
from scripts.scaling.tables.table_file import write_table
from scripts.spec import Spec
from scripts.training.loop import step_profile
from scripts.training.loop.step_profile import StepProfile


class PointSpec(Spec):
    """One row."""

    point: str
    baseline: str
    images: int  # of a step


class ProfilesSpec(Spec):
    """What the table takes from the config."""

    points: list[PointSpec]  # in the order of the table


def feeding(one: StepProfile) -> float:
    """Seconds until a batch is where it is used, slowest rank."""
    return sum(one.phases.get(name, 0.0) for name in ("data", "to_device", "augment"))


def computing(one: StepProfile) -> float:
    """Seconds of forward and backward, slowest rank."""
    return one.step_seconds - feeding(one) - one.phases.get("optimizer", 0.0)


def row(one: StepProfile, base: StepProfile, images: float) -> ProfileRow:
    """`images`: of a step, over those of the baseline's step."""
    share = images * base.cores / one.cores  # of the baseline's step that each core should need
    ideal = share * base.step_seconds
    loaders, threads, smaller, contention, imbalance = 0.0, None, None, None, None
    without = share * computing(base)
    if one.unreduced_seconds and one.alone_seconds and one.alone_one_thread_seconds:
        per_thread = one.alone_one_thread_seconds / one.threads
        per_core = one.alone_one_thread_seconds * one.workers / one.cores
        threads, loaders, smaller = one.alone_seconds - per_thread, per_thread - per_core, per_core - without
        mean, slowest = statistics.fmean(one.unreduced_seconds), max(one.unreduced_seconds)
        contention, imbalance = mean - one.alone_seconds, slowest - mean
        without = slowest
    lost = {
        "input": feeding(one) - share * feeding(base) + loaders,
        "threads": threads,
        "smaller_batch": smaller,
        "contention": contention,
        "imbalance": imbalance,
        "communication": computing(one) - without,
        "optimizer": one.phases.get("optimizer", 0.0) - share * base.phases.get("optimizer", 0.0),
    }
    bandwidth = one.gradient_bytes / one.all_reduce_seconds if one.all_reduce_seconds else None
    return ProfileRow(
        point=one.point_id,
        baseline=base.point_id,
        cores=one.cores,
        step_seconds=one.step_seconds,
        ideal_seconds=ideal,
        efficiency=ideal / one.step_seconds,
        **lost,
        gradient_bytes=one.gradient_bytes,
        all_reduce_bytes_per_second=bandwidth,
        bubble=one.bubble,
        ideal_bubble=one.ideal_bubble,
    )


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--profiles", type=Path, nargs="+", required=True)
    parser.add_argument("--csv", type=Path, required=True)
    parser.add_argument("--parquet", type=Path, required=True)
    parser.add_argument("--spec", type=ProfilesSpec.model_validate_json, required=True)
    args = parser.parse_args()
    found = {one.point_id: one for one in map(step_profile.read, args.profiles)}
    images = {one.point: one.images for one in args.spec.points}
    rows = [row(found[one.point], found[one.baseline], one.images / images[one.baseline]) for one in args.spec.points]
    write_table(rows, ProfileRow, args.csv, args.parquet)


if __name__ == "__main__":
    cli.run(main)
