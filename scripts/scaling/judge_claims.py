"""Which sentences about the trainings do the rows bear out, and which are refused, by which rule?

Claimed are: each point's speedup against its baseline; at equal cores, the fastest point's lead over each other; and
what the config's `scaling.claims` says. A claim stands where every rule holds (`breaches`); a refused one keeps its
sentence.

Input: `training.parquet`. Output: `claims.json` (scripts/scaling/answer.py).

By hand: see the command that `snakemake -np` prints for rule judge_claims.
"""

import json
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from scripts import cli
from scripts import format as show
from scripts.atomic import write_text
from scripts.errors import UserError
from scripts.scaling.analysis import differing
from scripts.scaling.answer import Breach, Claim, Claims
from scripts.scaling.limits import LEAST_BLOCKS
from scripts.scaling.ratios import Ratio, fastest_first, lead
from scripts.scaling.rows import TrainingRow
from scripts.scaling.table_file import read_rows
from scripts.spec import Spec


class Claimed(Spec):
    """As one of the config's `scaling.claims`."""

    point: str
    against: str
    times: float


class ClaimsSpec(Spec):
    """What the gate takes from the config's `scaling`."""

    confidence: float
    claims: list[Claimed]


def judge(rows: Sequence[TrainingRow], spec: ClaimsSpec) -> Claims:
    """Every claim, in the order of the table, the config's own last.

    Raises:
        UserError: a claim of the config names a point that is none.
    """
    by_point = {row.point: row for row in rows}
    found = [
        compare(row, by_point[row.baseline], spec.confidence)
        for row in rows
        if row.point != row.baseline and row.baseline in by_point
    ]
    found += _at_equal_cores(rows, spec.confidence)
    for i, claimed in enumerate(spec.claims):
        for key, name in (("point", claimed.point), ("against", claimed.against)):
            if name not in by_point:
                raise UserError(
                    f"scaling.claims[{i}].{key}: found {name!r}; expected a point of the table: {', '.join(by_point)}"
                )
        found.append(compare(by_point[claimed.point], by_point[claimed.against], spec.confidence, claimed.times))
    return Claims(claims=found)


def compare(one: TrainingRow, other: TrainingRow, confidence: float, times: float | None = None) -> Claim:
    """That `one` is as many times as fast as `other` as the rows say; or `times` as fast, as somebody says."""
    mine, others = one.rates_by_block, other.rates_by_block
    able = mine and others and (mine.keys() & others.keys() or min(len(mine), len(others)) > 1)
    ratio = lead(mine, others, confidence) if able else None
    found = breaches(one, other, ratio)
    if times is not None:
        found += _wrong(ratio, times)
    said = f"{times:g}" if times is not None else _said(ratio)
    sentence = f"{one.point} trains {said} times as fast as {other.point}{_besides(one, other)}."
    return Claim(sentence=sentence, rows=[one.point, other.point], stands=not found, breaches=found)


def breaches(one: TrainingRow, other: TrainingRow, ratio: Ratio | None) -> list[Breach]:
    """Every rule that dividing these rows breaks; none where it may be quoted."""
    found = []
    unequal = differing(json.loads(one.key), json.loads(other.key))
    if unequal:
        found.append(Breach(rule="equal work", found=f"they differ in {', '.join(unequal)}"))
    for row in (one, other):
        if row.validity == "invalid":
            found.append(Breach(rule=_why_invalid(row), found=f"{row.point} has no valid block: {row.reason}"))
        elif row.blocks < LEAST_BLOCKS:
            some = f"{row.blocks} valid block{'' if row.blocks == 1 else 's'}"
            found.append(Breach(rule="repetition", found=f"{row.point} has {some}; expected {LEAST_BLOCKS} or more"))
        if row.has("oversubscribed"):
            found.append(Breach(rule="cores enough", found=f"{row.point} had more cores than the machine offered"))
    if ratio is not None and ratio.tied:
        found.append(Breach(rule="no tie", found=f"the interval of {_said(ratio)} holds 1"))
    return found


def _wrong(ratio: Ratio | None, times: float) -> list[Breach]:
    if ratio is None:
        return []
    if ratio.low is None or ratio.high is None:
        # As many digits as the claim has must agree.
        agrees = round(ratio.value, len(f"{times:g}".partition(".")[2])) == times
    else:
        agrees = ratio.low <= times <= ratio.high
    if agrees:
        return []
    return [Breach(rule="what was measured", found=f"the rows say {_said(ratio)}")]


def _why_invalid(row: TrainingRow) -> str:
    """The rule that its blocks broke: one of these, where all broke the same."""
    rules = {"drifted": "no drift", "disturbed": "alone on the machine", "resumed": "no resumed timing"}
    return next((rule for word, rule in rules.items() if f"{word}: " in row.reason), "validity before speed")


def _at_equal_cores(rows: Sequence[TrainingRow], confidence: float) -> list[Claim]:
    """Among the valid points of a baseline at equal cores: the fastest against each other."""

    def place(row: TrainingRow) -> tuple[str, int]:
        return row.baseline, row.cores

    order = {row.baseline: i for i, row in enumerate(rows)}
    valid = sorted((row for row in rows if row.blocks), key=lambda row: (order[row.baseline], row.cores))
    found = []
    for _, group in groupby(valid, place):
        some = {row.point: row for row in group}
        # One lucky launch makes no fastest.
        sure = {point: row.rates_by_block for point, row in some.items() if row.blocks >= LEAST_BLOCKS}
        if not sure:
            continue
        best = some[fastest_first(sure)[0]]
        others = [row for row in some.values() if row is not best]
        # With the baseline every point has been compared already.
        if best.point != best.baseline:
            found += [compare(best, other, confidence) for other in others if other.point != other.baseline]
    return found


def _said(ratio: Ratio | None) -> str:
    return "an unknown number of" if ratio is None else show.ratio(ratio.value, ratio.low, ratio.high)


def _besides(one: TrainingRow, other: TrainingRow) -> str:
    """What must be known beside a ratio of rates: cores, and what was learned."""
    said = f", on {one.cores} against {other.cores} cores"
    if one.device == other.device == "cuda":
        said = f", on {one.workers} against {other.workers} GPUs"
    if one.efficiency is not None and one.baseline == other.point:
        said += f" (efficiency {show.ratio(one.efficiency)})"
    if one.test_accuracy is not None and other.test_accuracy is not None:
        said += f"; test accuracy {show.share(one.test_accuracy)} against {show.share(other.test_accuracy)}"
    if one.global_batch != other.global_batch:
        said += f" at a global batch of {one.global_batch:,} against {other.global_batch:,}"
    return said


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--training", type=Path, required=True)
    parser.add_argument("--claims", type=Path, required=True)
    parser.add_argument("--spec", type=ClaimsSpec.model_validate_json, required=True)
    args = parser.parse_args()
    found = judge(read_rows(args.training, TrainingRow), args.spec)
    write_text(args.claims, found.model_dump_json(indent=1) + "\n")
    for claim in found.claims:
        refused = "; ".join(f"{breach.rule}: {breach.found}" for breach in claim.breaches)
        cli.log.info("%s%s", claim.sentence, f" Refused: {refused}." if refused else "")


if __name__ == "__main__":
    cli.run(main)
