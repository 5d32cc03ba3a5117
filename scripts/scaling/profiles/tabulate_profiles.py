"""The profile table: where the efficiency of each training point is lost, in seconds of a step.

A point on c times the baseline's cores would ideally need the baseline's step seconds / c for as many images. What it
needs more is the sum of: `input` (data, to_device, augment, and cores that only load), `threads` (rank 0 alone, on its
threads against one), `smaller_batch` (its share alone on one thread, against as many images of the baseline's step),
`contention` (all ranks at once against one alone), `imbalance` (the slowest rank against the mean), `communication`
(with the exchange of gradients against without), `optimizer`. A strategy that cannot go without its exchange, as fsdp
and pipeline, has the middle ones in `communication`. Of several blocks the means, which add up as well.

Inputs: the profiles (scripts/training/loop/step_profile.py). Outputs: `profiles.csv`, `profiles.parquet`.

By hand:
    python -m scripts.scaling.profiles.tabulate_profiles --profiles results/demo/training/profiles/*/*.json \
        --csv profiles.csv --parquet profiles.parquet \
        --spec '{"points": [{"point": "resnet18-serial-1", "baseline": "resnet18-serial-1", \
        "images": 32}, {"point": "resnet18-ddp-2", "baseline": "resnet18-serial-1", "images": 32}]}'
"""

import statistics
from collections.abc import Sequence
from pathlib import Path

from scripts import cli
from scripts.scaling.profiles.pairs import Pair, PointSpec, paired
from scripts.scaling.profiles.profile_rows import ProfileRow
from scripts.scaling.tables.table_file import write_table
from scripts.spec import Spec
from scripts.training.loop.step_profile import StepProfile


class ProfilesSpec(Spec):
    """What the table takes from the config."""

    points: list[PointSpec]  # in the order of the table


def feeding(one: StepProfile) -> float:
    """Seconds until a batch is where it is used, slowest rank."""
    return sum(one.phases.get(name, 0.0) for name in ("data", "to_device", "augment"))


def computing(one: StepProfile) -> float:
    """Seconds of forward and backward, slowest rank."""
    return one.step_seconds - feeding(one) - one.phases.get("optimizer", 0.0)


def row(pairs: Sequence[Pair]) -> ProfileRow:
    """Of all blocks of a point, at least one."""
    rows = [row_of(pair) for pair in pairs]
    numbers = [name for name, value in rows[0] if isinstance(value, float)]
    means = {name: statistics.fmean(getattr(one, name) for one in rows) for name in numbers}
    means["efficiency"] = means["ideal_seconds"] / means["step_seconds"]
    return rows[0].model_copy(update=means | {"blocks": len(rows)})


def row_of(pair: Pair) -> ProfileRow:
    """Of one block."""
    one, base = pair.one, pair.base
    # Of the baseline's step that each core should need.
    share = pair.images / pair.base_images * base.cores / one.cores
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
        blocks=1,
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
    rows = [row(pairs) for pairs in paired(args.profiles, args.spec.points)]
    write_table(rows, ProfileRow, args.csv, args.parquet)


if __name__ == "__main__":
    cli.run(main)
