"""Which points of an adaptive study need more blocks, and which worker counts are missing, to settle its answer?

Between the recommended worker count and the next smaller one that is measured, and on both sides of the fastest, the
middle of what is not measured is added. Where nothing is missing, points that could still take the recommendation's
place get two more blocks, with the points that they are compared with. The study is stable when neither changes
anything.

Inputs: `training.parquet`, `recommendation.json`. Output: `next_pass.json` (scripts/scaling/answers/passes.py).

By hand: see the command that `snakemake -np` prints for rule decide_pass.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from scripts import cli
from scripts import format as show
from scripts.atomic import write_text
from scripts.scaling.answers.answer import Recommendation, Recommendations
from scripts.scaling.answers.passes import Pass, by_curve
from scripts.scaling.comparing.limits import LEAST_BLOCKS
from scripts.scaling.tables.rows import TrainingRow
from scripts.scaling.tables.table_file import read_answer, read_rows
from scripts.spec import Spec
from scripts.training.points import TrainingPoint

MORE = 2  # blocks of a pass


class PassSpec(Spec):
    """What a pass takes from the config."""

    points: dict[str, TrainingPoint]  # the full grid
    blocks: dict[str, int]  # so far
    first_blocks: int
    most_blocks: int
    core_hours: float | None
    minutes: float | None = None


def decide(rows: Sequence[TrainingRow], advice: Sequence[Recommendation], spec: PassSpec) -> Pass:
    """The next pass."""
    wanted = dict(spec.blocks)
    for one in advice:
        # Before all else, what was disturbed is measured again: it has no say, and may be the best.
        mine = [row for row in rows if row.baseline == one.baseline and row.blocks < LEAST_BLOCKS]
        poor = [row.point for row in mine if not row.has("oversubscribed")]
        _add_blocks(wanted, [*poor, one.baseline] if poor else [], spec)
        if poor or one.recommended is None or one.fastest is None:
            continue
        missing = missing_counts(one, spec)
        wanted |= dict.fromkeys(missing, spec.first_blocks)
        if not missing and one.cores_low != one.recommended.cores:
            _add_blocks(wanted, rivals(rows, one), spec)
    spent, full = core_hours(rows, spec)
    settled = wanted == spec.blocks
    seconds, more = (launch_seconds(rows, blocks, spec) for blocks in (spec.blocks, wanted))
    over = spec.core_hours is not None and spent >= spec.core_hours
    over = over or (spec.minutes is not None and more > 60 * spec.minutes)
    return Pass(
        blocks={point: wanted[point] for point in spec.points if point in wanted},
        stable=settled or over,
        core_hours=spent,
        core_hours_of_full_grid=full,
        sentence=_sentence(settled, over, wanted, (spent, full, more - seconds), spec),
    )


def missing_counts(one: Recommendation, spec: PassSpec) -> list[str]:
    """Points that are not measured and may be better: below the recommended one, on both sides of the fastest."""
    assert one.recommended is not None
    assert one.fastest is not None
    found = []
    for point, sides in ((one.recommended.point, (-1,)), (one.fastest.point, (-1, 1))):
        curve = by_curve(spec.points)[spec.points[point].curve]
        for side in sides:
            gap = []
            at = curve.index(point) + side
            while 0 <= at < len(curve) and curve[at] not in spec.blocks:
                gap.append(curve[at])
                at += side
            found += [gap[len(gap) // 2]] if gap else []
    return list(dict.fromkeys(found))


def rivals(rows: Sequence[TrainingRow], one: Recommendation) -> list[str]:
    """What decides between fewer cores and the recommended ones: these points, and the fastest."""
    assert one.recommended is not None
    assert one.fastest is not None
    least, most = one.cores_low or 0, one.recommended.cores
    between = [
        row.point
        for row in rows
        if row.baseline == one.baseline and least <= row.cores <= most and not row.has("oversubscribed")
    ]
    # With the baseline, or nothing could be said of what a fresh block learned.
    return list(dict.fromkeys([*between, one.recommended.point, one.fastest.point, one.baseline]))


def core_hours(rows: Sequence[TrainingRow], spec: PassSpec) -> tuple[float, float]:
    """Spent so far, and by the full grid; a point without a valid launch is taken as its nearest neighbour."""
    hours = {row.point: row.core_hours for row in rows if row.core_hours is not None}
    spent = math.fsum(count * _of(point, hours, spec) for point, count in spec.blocks.items())
    return spent, math.fsum(spec.most_blocks * _of(point, hours, spec) for point in spec.points)


def launch_seconds(rows: Sequence[TrainingRow], blocks: Mapping[str, int], spec: PassSpec) -> float:
    """Of all launches of `blocks`, one after the other, and of those that were set aside; what is not known of a point
    is that of its nearest neighbour.
    """
    each = {row.point: row.launch_seconds or row.wall_seconds for row in rows}
    seconds = {point: one for point, one in each.items() if one is not None}
    aside = math.fsum(row.set_aside * seconds[row.point] for row in rows if row.point in seconds)
    return aside + math.fsum(count * _of(point, seconds, spec) for point, count in blocks.items())


def _of(point: str, known: Mapping[str, float], spec: PassSpec) -> float:
    """What is known of a point, or of the one of its curve, else of any, that has about as many workers."""
    curve = [other for other in by_curve(spec.points)[spec.points[point].curve] if other in known] or list(known)
    near = min(curve, key=lambda other: abs(spec.points[other].workers - spec.points[point].workers), default=None)
    return 0.0 if near is None else known[near]


def _add_blocks(wanted: dict[str, int], points: Sequence[str], spec: PassSpec) -> None:
    for point in points:
        wanted[point] = max(wanted[point], min(wanted[point] + MORE, spec.most_blocks))


def _sentence(
    settled: bool, over: bool, wanted: Mapping[str, int], costs: tuple[float, float, float], spec: PassSpec
) -> str:
    spent, full, more_seconds = costs
    cost = (
        f"{show.number(spent)} core-hours spent of the {show.number(full)} that the full grid of {len(spec.points)} "
        f"points and {spec.most_blocks} blocks would take"
    )
    saved = f", {show.percent(round(1 - spent / full, 2))} saved" if full > spent else ""
    if settled:
        return f"The answer is stable: {cost}{saved}."
    launches = sum(wanted.values()) - sum(spec.blocks.values())
    more = f"{launches} more launches, about {show.at_least(more_seconds / 60)} min"
    if over:
        return f"The budget is spent, and {more}, would be the next pass: {cost}."
    new = len(wanted.keys() - spec.blocks.keys())
    return f"The next pass takes {more}, {new} worker counts of them new: {cost}."


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--training", type=Path, required=True)
    parser.add_argument("--recommendation", type=Path, required=True)
    parser.add_argument("--next-pass", type=Path, required=True)
    parser.add_argument("--spec", type=PassSpec.model_validate_json, required=True)
    args = parser.parse_args()
    advice = read_answer(args.recommendation, Recommendations).recommendations
    found = decide(read_rows(args.training, TrainingRow), advice, args.spec)
    write_text(args.next_pass, found.model_dump_json(indent=1) + "\n")
    cli.log.info("%s", found.sentence)


if __name__ == "__main__":
    cli.run(main)
