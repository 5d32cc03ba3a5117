"""Does the recommendation hold in fresh blocks? The best of many tends to look better than it is.

The recommended point, its neighbours and the fastest have been measured anew, in blocks that the recommendation did not
see. What was said of the recommended point is said again of these alone.

Inputs: `recommendation.json`, the fresh records. Output: `confirmation.json` (scripts/scaling/answers/answer.py).

By hand: see the command that `snakemake -np confirm` prints for rule confirm_recommendation.
"""

from collections.abc import Sequence
from pathlib import Path

from scripts import cli
from scripts import format as show
from scripts.atomic import write_text
from scripts.record import Record
from scripts.scaling.answers.answer import (
    Confirmation,
    Confirmations,
    ConfirmationVerdict,
    Recommendation,
    Recommendations,
)
from scripts.scaling.comparing.limits import LEAST_BLOCKS
from scripts.scaling.comparing.ratios import Ratio, fastest_first, paired_ratio
from scripts.scaling.tables.analysis import judge
from scripts.scaling.tables.read_records import read_records
from scripts.scaling.tables.table_file import read_answer
from scripts.spec import Spec


class ConfirmSpec(Spec):
    """What the confirmation takes from the config's `scaling`."""

    confidence: float
    tolerance: float


def confirm(advice: Recommendation, records: dict[str, list[Record]], spec: ConfirmSpec) -> Confirmation:
    """Of one recommendation; `not measured` where it has changed since its points were measured again."""
    assert advice.recommended is not None, "only what was recommended is confirmed"
    assert advice.fastest is not None, "and what is recommended was compared with the fastest"
    one, fastest = advice.recommended.point, advice.fastest.point
    good = {
        point: {r.block: r.images_per_second for r in judge(records.get(point, []), records.get(fastest, [])).good}
        for point in advice.to_confirm
    }
    blocks = sorted(set.intersection(*(set(mine) for mine in good.values())))
    ratio, faster, best = None, [], fastest
    if len(blocks) >= LEAST_BLOCKS:
        if one == fastest:  # it must hold its place against the best of the others
            best = fastest_first({point: good[point] for point in good if point != one})[0]
        ratio = paired_ratio([good[one][b] for b in blocks], [good[best][b] for b in blocks], spec.confidence)
        faster = [point for point in good if point != one and _is_faster(good, point, best, spec)]
    verdict = _verdict(ratio, faster, 1 - spec.tolerance)
    return Confirmation(
        baseline=advice.baseline,
        point=one,
        fastest=best,
        blocks=len(blocks),
        of_best=ratio.value if ratio else None,
        low=ratio.low if ratio else None,
        high=ratio.high if ratio else None,
        verdict=verdict,
        sentence=_sentence(advice, best, ratio, blocks, faster, verdict),
    )


def _is_faster(good: dict[str, dict[int, float]], point: str, best: str, spec: ConfirmSpec) -> bool:
    """Whether a point beats, in fresh blocks and surely, the one that had been the fastest."""
    blocks = sorted(good[point].keys() & good[best].keys())
    if point == best or not blocks:
        return False
    ratio = paired_ratio([good[point][b] for b in blocks], [good[best][b] for b in blocks], spec.confidence)
    return ratio.low is not None and ratio.low > 1 / (1 - spec.tolerance)


def _verdict(ratio: Ratio | None, faster: Sequence[str], least: float) -> ConfirmationVerdict:
    if ratio is None:
        return "not measured"
    if faster or (ratio.high is not None and ratio.high < least):
        return "contradicted"
    return "confirmed" if ratio.value >= least else "not confirmed"


def _sentence(
    advice: Recommendation,
    best: str,
    ratio: Ratio | None,
    blocks: Sequence[int],
    faster: Sequence[str],
    verdict: ConfirmationVerdict,
) -> str:
    assert advice.recommended is not None
    one = advice.recommended.point
    if ratio is None:
        points = ", ".join(advice.to_confirm)
        return (
            f"{one} is not confirmed: {points} have {len(blocks)} valid fresh blocks in common; expected "
            f"{LEAST_BLOCKS} or more (`snakemake confirm` measures those that lack)."
        )
    rates = f"In {len(blocks)} fresh blocks {one} has {show.ratio(ratio.value, ratio.low, ratio.high)} times the rate"
    beaten = f"; {', '.join(faster)} is faster still" if faster else ""
    return f"{rates} of {best}, the fastest beside it{beaten}: {verdict}."


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--recommendation", type=Path, required=True)
    parser.add_argument("--records", type=Path, nargs="*", required=True)
    parser.add_argument("--confirmation", type=Path, required=True)
    parser.add_argument("--spec", type=ConfirmSpec.model_validate_json, required=True)
    args = parser.parse_args()
    advice = read_answer(args.recommendation, Recommendations).recommendations
    records = read_records(args.records)
    found = [confirm(one, records, args.spec) for one in advice if one.recommended is not None]
    write_text(args.confirmation, Confirmations(confirmations=found).model_dump_json(indent=1) + "\n")
    for one in found:
        cli.log.info("%s", one.sentence)


if __name__ == "__main__":
    cli.run(main)
