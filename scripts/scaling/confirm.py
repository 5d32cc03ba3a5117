"""Does the recommendation hold in fresh blocks? The best of many tends to look better than it is.

The recommended point, its neighbours and the fastest have been measured anew, in blocks that the recommendation did not
see. What was said of the recommended point is said again of these alone.

Inputs: `recommendation.json`, the fresh records. Output: `confirmation.json` (scripts/scaling/answer.py).

By hand: see the command that `snakemake -np confirm` prints for rule confirm_recommendation.
"""

from collections.abc import Sequence
from pathlib import Path

from scripts import cli
from scripts import format as show
from scripts.atomic import write_text
from scripts.record import Record
from scripts.scaling.analysis import read_records, usable
from scripts.scaling.answer import (
    Confirmation,
    Confirmations,
    ConfirmationVerdict,
    Recommendation,
    Recommendations,
)
from scripts.scaling.limits import LEAST_BLOCKS
from scripts.scaling.ratios import Ratio, paired_ratio
from scripts.scaling.table_file import read_answer
from scripts.spec import Spec


class ConfirmSpec(Spec):
    """What the confirmation takes from the config's `scaling`."""

    confidence: float
    tolerance: float


def confirm(advice: Recommendation, records: dict[str, list[Record]], spec: ConfirmSpec) -> Confirmation:
    """Of one recommendation; `not measured` where it has changed since its points were measured again."""
    one, best = advice.recommended, advice.fastest
    assert one is not None, "only what was recommended is confirmed"
    assert best is not None, "and what is recommended was compared with the fastest"
    best_records = {one.block: one for one in records.get(best.point, [])}
    good = {
        point: {r.block: r.images_per_second for r in usable(records.get(point, []), best_records)[0]}
        for point in advice.to_confirm
    }
    blocks = sorted(set.intersection(*(set(mine) for mine in good.values())))
    ratio = None
    if len(blocks) >= LEAST_BLOCKS:
        mine, fastest = ([good[point][b] for b in blocks] for point in (one.point, best.point))
        ratio = paired_ratio(mine, fastest, spec.confidence)
    faster = [point for point in advice.to_confirm if _is_faster(good, point, best.point, spec)]
    verdict = _verdict(ratio, faster, 1 - spec.tolerance)
    return Confirmation(
        baseline=advice.baseline,
        point=one.point,
        fastest=best.point,
        blocks=len(blocks),
        of_best=ratio.value if ratio else None,
        low=ratio.low if ratio else None,
        high=ratio.high if ratio else None,
        verdict=verdict,
        sentence=_sentence(advice, ratio, blocks, faster, verdict),
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
    ratio: Ratio | None,
    blocks: Sequence[int],
    faster: Sequence[str],
    verdict: ConfirmationVerdict,
) -> str:
    one, best = advice.recommended, advice.fastest
    assert one is not None
    assert best is not None
    if ratio is None:
        points = ", ".join(advice.to_confirm)
        return (
            f"{one.point} is not confirmed: {points} have {len(blocks)} valid fresh blocks in common; expected "
            f"{LEAST_BLOCKS} or more (`snakemake confirm` measures those that lack)."
        )
    text = f"In {len(blocks)} fresh blocks {one.point} "
    if one.point == best.point:
        text += "stays the fastest beside its neighbours" if not faster else f"is slower than {', '.join(faster)}"
    else:
        text += f"reaches {show.ratio(ratio.value, ratio.low, ratio.high)} of {best.point}"
        text += f", and {', '.join(faster)} is faster" if faster else ""
    return f"{text}: {verdict}."


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
