"""Does the recommendation hold in fresh blocks? The best of many tends to look better than it is.

The recommended point, its neighbours and the fastest have been measured anew, in blocks that no choice has seen. What
was said of the recommended point is said again of these alone. It is confirmed where all of the interval of its rate,
as a share of the fastest's, lies within the tolerance; contradicted where none of it does, or where another point is
surely faster than the fastest by more than the tolerance; else not confirmed, with how many more blocks would tell.

Inputs: `recommendation.json`, the fresh records. Output: `confirmation.json` (scripts/scaling/answers/answer.py).

By hand: see the command that `snakemake -np confirm` prints for rule confirm_recommendation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts import cli
from scripts import format as show
from scripts.atomic import write_text
from scripts.errors import UserError
from scripts.record import Record
from scripts.scaling.answers.answer import (
    Confirmation,
    Confirmations,
    ConfirmationVerdict,
    Recommendation,
    Recommendations,
)
from scripts.scaling.comparing.comparison import Comparison
from scripts.scaling.comparing.launches_needed import more_would
from scripts.scaling.comparing.levelling import levelled
from scripts.scaling.comparing.limits import FIRST_FRESH_BLOCK, LEAST_BLOCKS
from scripts.scaling.comparing.ratios import Ratio
from scripts.scaling.tables.analysis import judge
from scripts.scaling.tables.read_records import read_records
from scripts.scaling.tables.table_file import read_answer
from scripts.spec import Spec
from scripts.training.points import TrainingPoint


@dataclass(frozen=True)
class Fresh:
    """The points that were measured again, by their fresh blocks that count."""

    rates: Mapping[str, Mapping[int, float]]  # images/s, by point and block
    comparison: Comparison[str]
    busy: bool  # whether a launch of them was disturbed

    def shared(self, one: str, other: str) -> int:
        """How many blocks two points have in common."""
        return len(self.rates[one].keys() & self.rates[other].keys())


class ConfirmSpec(Spec):
    """What the confirmation takes from the config's `scaling`."""

    confidence: float
    tolerance: float

    @property
    def least(self) -> float:
        """The share of the fastest's rate that a recommended point must have."""
        return 1 - self.tolerance


def confirm(advice: Recommendation, records: dict[str, list[Record]], spec: ConfirmSpec) -> Confirmation:
    """Of one recommendation; `not measured` where it has changed since its points were measured again.

    Raises:
        UserError: a record is of a block that the choice has seen.
    """
    assert advice.recommended is not None, "only what was recommended is confirmed"
    assert advice.fastest is not None, "and what is recommended was compared with the fastest"
    one, best = advice.recommended.point, advice.fastest.point
    fresh = _fresh(advice, records, spec.confidence)
    comparison = fresh.comparison
    others = comparison.fastest_first(point for point in fresh.rates if point != one)
    if best == one and others:  # it must hold its place against the best of the others
        best = others[0]
    ratio = comparison.ratio(one, best) if all(map(comparison.enough, fresh.rates)) else None
    faster = [point for point in others if point != best and _is_faster(comparison.together(point, best), spec)]
    verdict = _verdict(ratio, faster, spec.least)
    return Confirmation(
        baseline=advice.baseline,
        point=one,
        fastest=best,
        blocks=fresh.shared(one, best),
        of_best=ratio.value if ratio else None,
        low=ratio.low if ratio else None,
        high=ratio.high if ratio else None,
        verdict=verdict,
        sentence=_sentence(fresh, one, best, ratio, faster, verdict, spec),
    )


def _fresh(advice: Recommendation, records: Mapping[str, list[Record]], confidence: float) -> Fresh:
    """All points that are to be measured again."""
    assert advice.fastest is not None
    judged = {}
    for point in advice.to_confirm:
        mine = records.get(point, [])
        seen = [record.block for record in mine if record.block < FIRST_FRESH_BLOCK]
        if seen:
            raise UserError(
                f"--records: found {point} in block {seen[0]}, which the recommendation has seen; expected blocks from "
                f"{FIRST_FRESH_BLOCK} on, as `snakemake confirm` measures them"
            )
        judged[point] = judge(mine, records.get(advice.fastest.point, []))
    good = {point: one.good for point, one in judged.items()}
    rates = {point: {record.block: record.images_per_second for record in mine} for point, mine in good.items()}
    busy = any(one.noise for one in judged.values())
    return Fresh(rates, Comparison(rates, levelled(good), confidence), busy)


def _is_faster(ratio: Ratio | None, spec: ConfirmSpec) -> bool:
    """Whether a point is surely faster than the fastest by more than the tolerance."""
    return ratio is not None and ratio.low is not None and ratio.low > 1 / spec.least


def _verdict(ratio: Ratio | None, faster: Sequence[str], least: float) -> ConfirmationVerdict:
    if ratio is None or ratio.low is None or ratio.high is None:
        return "not measured"
    if faster or ratio.high < least:
        return "contradicted"
    return "confirmed" if ratio.low >= least else "not confirmed"


def _sentence(
    fresh: Fresh,
    one: str,
    best: str,
    ratio: Ratio | None,
    faster: Sequence[str],
    verdict: ConfirmationVerdict,
    spec: ConfirmSpec,
) -> str:
    if ratio is None or ratio.low is None:
        counts = ", ".join(f"{point} {len(mine)}" for point, mine in fresh.rates.items())
        return (
            f"{one} is not confirmed: expected {LEAST_BLOCKS} or more valid fresh blocks in common. There are: "
            f"{counts}. `snakemake confirm` measures those that lack."
        )
    # As many digits as decide.
    share = show.ratio(ratio.value, ratio.low, ratio.high, edges=(1.0, spec.least))
    blocks, busy = fresh.shared(one, best), f" {show.BUSY}" if fresh.busy else ""
    text = f"In {blocks} fresh blocks{busy} {one} has {share} times the rate of {best}, the fastest beside it."
    text += f" Faster still: {show.some(faster)}." if faster else ""
    if verdict != "not confirmed":
        return f"{text} It is {verdict}."
    more = fresh.comparison.more_launches(one, best, spec.least)
    loss = show.percent(spec.tolerance)
    why = f"the interval is too wide for a loss of at most {loss}"
    if ratio.value < spec.least:
        why = f"it loses more than {loss}, though not surely"
    told = f"{more_would(more)} tell" + (f" (scaling.confirm_blocks: {blocks + more})" if more else "")
    return f"{text} Not confirmed, {why}; {told}."


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--recommendation", type=Path, required=True)
    parser.add_argument("--records", type=Path, nargs="*", required=True)
    parser.add_argument("--confirmation", type=Path, required=True)
    parser.add_argument("--spec", type=ConfirmSpec.model_validate_json, required=True)
    args = parser.parse_args()
    advice = read_answer(args.recommendation, Recommendations).recommendations
    records = read_records(args.records, TrainingPoint.model_validate)
    found = [confirm(one, records, args.spec) for one in advice if one.recommended is not None]
    write_text(args.confirmation, Confirmations(confirmations=found).model_dump_json(indent=1) + "\n")
    for one in found:
        cli.log.info("%s", one.sentence)


if __name__ == "__main__":
    cli.run(main)
