"""How many workers should a training ask for? The fewest that are sure to lose little against the best.

Points that share a baseline are compared (one model, precision and scaling): their images/s, along shared blocks, all
as one family of statements (scripts/scaling/comparing/comparison.py). Only points with blocks enough for an interval,
and no more cores than the machine has, take part.

- recommended: the fewest cores whose rate is at least 1 - `tolerance` of the best point's, even at the lower end of the
  interval of that ratio. From how few on it cannot be ruled out is said with it: the interval of the answer.
- fastest: the best point, and those that it is tied with.
- knee: on the recommended point's curve, the last number of cores up to which each further core brought at least
  `marginal_efficiency` of what each of the fewest brings.
- cheapest: the least cost, without prices the fewest GPU-hours, then core-hours; within `deadline_seconds` where set.

Input: `training.parquet`. Output: `recommendation.json` (scripts/scaling/answers/answer.py).

By hand: see the command that `snakemake -np` prints for rule recommend.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from scripts import cli
from scripts import format as show
from scripts.atomic import write_text
from scripts.scaling.answers.answer import Choice, Knee, Recommendation, Recommendations
from scripts.scaling.answers.paste import to_paste
from scripts.scaling.comparing.launches_needed import more_would
from scripts.scaling.comparing.limits import LEAST_BLOCKS
from scripts.scaling.comparing.ratios import Ratio, mean, mean_rate
from scripts.scaling.tables.compared import by_baseline, compared
from scripts.scaling.tables.rows import TrainingRow
from scripts.scaling.tables.table_file import read_rows
from scripts.spec import Spec
from scripts.training.points import PROGRAM


class RecommendSpec(Spec):
    """What the recommendation takes from the config's `scaling`."""

    confidence: float
    tolerance: float
    marginal_efficiency: float
    deadline_seconds: float | None
    currency: str
    command: str | None = None  # of a training script of the user's own


def recommend(rows: Sequence[TrainingRow], spec: RecommendSpec) -> Recommendations:
    """One for each baseline of the table."""
    return Recommendations(recommendations=[_among(name, some, spec) for name, some in by_baseline(rows).items()])


def _among(baseline: str, rows: Sequence[TrainingRow], spec: RecommendSpec) -> Recommendation:
    able = [row for row in rows if row.blocks >= LEAST_BLOCKS and not row.has("oversubscribed")]
    comparison = compared(rows)
    leads = comparison.leads([row.point for row in able], stepwise=True)
    if leads is None or not leads.over:
        return _nothing(baseline, rows, able)
    sure = [row for row in able if row.point not in leads.apart]
    best = next(row for row in sure if row.point == leads.first)
    ratios = {point: ratio.inverse for point, ratio in leads.over.items()} | {best.point: Ratio(1, 1, 1)}
    choices = {row.point: _choice(row, ratios[row.point]) for row in sure}
    least = 1 - spec.tolerance
    # At equal cores the faster one.
    by_cores = sorted(choices.values(), key=lambda one: (one.cores, -one.of_best))
    recommended = next(one for one in by_cores if one.of_best_low >= least)
    possible = next(one for one in by_cores if one.of_best_high >= least)
    row = next(row for row in sure if row.point == recommended.point)
    curve = sorted((one for one in sure if one.curve == row.curve), key=lambda one: one.workers)
    knee = find_knee(curve, spec)
    tied = [point for point, ratio in ratios.items() if point != best.point and (ratio.tied or ratio.low is None)]
    cheapest = find_cheapest(sure, choices, spec)
    at = curve.index(row)
    found = Recommendation(
        baseline=baseline,
        baseline_accuracy=next((one.test_accuracy for one in rows if one.point == baseline), None),
        recommended=recommended,
        cores_low=possible.cores,
        fastest=choices[best.point],
        tied=tied,
        knee=knee,
        cheapest=cheapest,
        neighbours=[one.point for one in curve[max(0, at - 1) : at + 2] if one is not row],
        next=next(iter(leads.over)),
        sentences=[],
    )
    more = more_would(comparison.more_to_tell(best.point, tied), "launches")
    unit = "a million images" if row.strategy == PROGRAM else "a launch"
    said = sentences(found, spec, more, busy=any(row.has("noisy") for row in sure), unit=unit)
    return found.model_copy(update={"sentences": said, "paste": to_paste(row, spec.command)})


def _nothing(baseline: str, rows: Sequence[TrainingRow], able: Sequence[TrainingRow]) -> Recommendation:
    over = sum(row.has("oversubscribed") for row in rows)
    few = len(rows) - over - len(able)
    why = [f"{len(able)} point{'' if len(able) == 1 else 's'} can be compared; expected 2 or more."]
    if len(able) > 1:
        why = [f"{len(able)} points have no blocks in common, by which they could be compared."]
    why += [f"{few} with under {LEAST_BLOCKS} valid blocks."] if few else []
    why += [f"{over} with more cores than the machine has."] if over else []
    return Recommendation(
        baseline=baseline,
        baseline_accuracy=None,
        recommended=None,
        cores_low=None,
        fastest=None,
        tied=[],
        knee=None,
        cheapest=None,
        neighbours=[],
        next=None,
        sentences=[f"Nothing can be recommended among what is compared with {baseline}.", *why],
    )


def _choice(row: TrainingRow, ratio: Ratio) -> Choice:
    assert row.wall_seconds is not None, "a point with valid blocks has their time"
    assert row.core_hours is not None, "and what they cost"
    return Choice(
        point=row.point,
        workers=row.workers,
        cores=row.cores,
        of_best=ratio.value,
        of_best_low=0.0 if ratio.low is None else ratio.low,
        of_best_high=1.0 if ratio.high is None else ratio.high,
        wall_seconds=row.wall_seconds,
        core_hours=row.core_hours,
        gpu_hours=row.gpu_hours,
        cost=row.cost,
        test_accuracy=row.test_accuracy,
    )


def find_knee(curve: Sequence[TrainingRow], spec: RecommendSpec) -> Knee | None:
    """On the points of a curve, by cores; None of one point, or where too few blocks hold them all."""
    curve = sorted(curve, key=lambda row: row.cores)
    rates = [row.rates_by_block for row in curve]
    blocks = sorted(set.intersection(*map(set, rates)))
    if len({row.cores for row in curve}) < max(2, len(curve)) or len(blocks) < LEAST_BLOCKS:
        return None
    reached = dict.fromkeys(("low", "value", "high"), curve[0].cores)
    going = set(reached)
    for (one, before), (other, after) in pairwise(zip(curve, rates, strict=True)):
        # What a further core brought, as a share of what each of the first ones brings.
        ideals = [rates[0][b] / curve[0].cores for b in blocks]
        gains = [(after[b] - before[b]) / (other.cores - one.cores) for b in blocks]
        found = mean([gain / ideal for gain, ideal in zip(gains, ideals, strict=True)], spec.confidence)
        for end in sorted(going):
            value = getattr(found, end)
            if value is not None and value >= spec.marginal_efficiency:
                reached[end] = other.cores
            else:
                going.discard(end)
    points = [row.point for row in curve]
    return Knee(curve=curve[0].curve, points=points, cores=reached["value"], low=reached["low"], high=reached["high"])


def find_cheapest(rows: Sequence[TrainingRow], choices: dict[str, Choice], spec: RecommendSpec) -> Choice | None:
    """The point of least cost that is sure to meet the deadline."""
    deadline = math.inf if spec.deadline_seconds is None else spec.deadline_seconds
    able = [row for row in rows if slowest_wall(row, spec.confidence) <= deadline]
    return min((choices[row.point] for row in able), key=_dearness, default=None)


def _dearness(one: Choice) -> tuple[float, ...]:
    """The cost; without prices GPU-hours before core-hours."""
    return (one.gpu_hours or 0.0, one.core_hours) if one.cost is None else (one.cost,)


def slowest_wall(row: TrainingRow, confidence: float) -> float:
    """Seconds of a whole launch that a plan may rely on: at the lower end of the rate's interval."""
    rate = mean_rate(list(row.rates_by_block.values()), confidence)
    return (row.wall_seconds or 0.0) * rate.value / (rate.low or rate.value)


def sentences(found: Recommendation, spec: RecommendSpec, more: str, busy: bool, unit: str) -> list[str]:
    """The recommendation in plain English.

    Args:
        more: how many launches would tell the ties.
        busy: whether other work disturbed a launch that counts.
        unit: what its seconds and hours are of.
    """
    one, best = found.recommended, found.fastest
    if one is None or best is None:
        return found.sentences
    sure, loss = show.percent(spec.confidence), show.percent(spec.tolerance)
    span = f"{found.cores_low} to {one.cores}" if found.cores_low != one.cores else f"{one.cores}"
    said = [f"Ask for {_cores(one.cores)} ({sure}: {span}): {one.point}."]
    if one.point == best.point:
        said.append(f"It is the fastest, and nothing with fewer cores is sure to be within {loss} of it.")
    else:
        share = show.ratio(one.of_best, one.of_best_low, one.of_best_high)
        said.append(f"It reaches {share} of the images/s of {best.point}, the fastest ({_cores(best.cores)}).")
    said += [f"Tied with the fastest: {show.some(found.tied)} ({more} tell)."] if found.tied else []
    said += [f"Measured {show.BUSY}."] if busy else []
    take = "takes" if unit == "a launch" else "take"
    said.append(f"{unit.capitalize()} {take} {show.number(one.wall_seconds)} s, {_costs(one, spec)}.")
    if one.test_accuracy is not None and found.baseline_accuracy is not None and one.point != found.baseline:
        said.append(
            f"Its test accuracy is {show.share(one.test_accuracy)}, that of {found.baseline} "
            f"{show.share(found.baseline_accuracy)}."
        )
    if found.knee is not None:
        knee = found.knee
        span = f"{knee.low} to {knee.high}" if knee.low != knee.high else f"{knee.low}"
        said.append(
            f"Along {knee.curve}, each further core brings at least {show.percent(spec.marginal_efficiency)} of its "
            f"ideal gain up to {_cores(knee.cores)} ({sure}: {span})."
        )
    within = f" within {show.number(spec.deadline_seconds)} s" if spec.deadline_seconds else ""
    if found.cheapest is None:
        said.append(f"No point is sure to train{within}.")
    else:
        cheapest = found.cheapest
        said.append(
            f"The cheapest{within} is {cheapest.point}: {_costs(cheapest, spec)} and "
            f"{show.number(cheapest.wall_seconds)} s {unit}."
        )
    return said


def _costs(one: Choice, spec: RecommendSpec) -> str:
    hours = f"{show.number(one.core_hours)} core-hours"
    hours += "" if one.gpu_hours is None else f", {show.number(one.gpu_hours)} GPU-hours"
    return hours if one.cost is None else f"{hours}, {show.number(one.cost)} {spec.currency}".rstrip()


def _cores(count: int) -> str:
    return f"{count} core" if count == 1 else f"{count} cores"


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--training", type=Path, required=True)
    parser.add_argument("--recommendation", type=Path, required=True)
    parser.add_argument("--spec", type=RecommendSpec.model_validate_json, required=True)
    args = parser.parse_args()
    found = recommend(read_rows(args.training, TrainingRow), args.spec)
    write_text(args.recommendation, found.model_dump_json(indent=1) + "\n")
    for one in found.recommendations:
        for sentence in one.sentences:
            cli.log.info("%s", sentence)


if __name__ == "__main__":
    cli.run(main)
