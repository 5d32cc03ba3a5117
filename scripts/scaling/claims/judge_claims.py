"""Which of the study's sentences do the rows bear out, and which are refused, by which rule?

Claimed are: each point's speedup against its baseline; the fastest point's lead over each other, trainings at equal
cores, ways to load from the same storage in the same state; what the config's `scaling.claims` says; and what the study
answers: laws, the recommendation, which way loads fastest and which feeds the trainer. A claim stands where it breaks
no rule (scripts/scaling/claims/claims.py); a refused one keeps its sentence.

Inputs: `training.parquet` and its answers, `laws.json`, `recommendation.json` and, once there is one,
`confirmation.json`; `loading.parquet` and `loading.json`, unless the trainings are from outside. Outputs: `claims.json`
(scripts/scaling/answers/answer.py), `claims.csv`.

By hand: see the command that `snakemake -np` prints for rule judge_claims.
"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from pydantic import ConfigDict

from scripts import cli
from scripts import format as show
from scripts.atomic import replacing, write_text
from scripts.errors import UserError
from scripts.scaling.answers.answer import (
    Breach,
    Claim,
    Claims,
    Confirmation,
    Confirmations,
    LoadingAnswer,
    Recommendation,
    Recommendations,
)
from scripts.scaling.answers.laws import CurveLaws, Laws
from scripts.scaling.claims.claims import answered, compare
from scripts.scaling.comparing.comparison import Comparison
from scripts.scaling.tables.compared import by_baseline, compared
from scripts.scaling.tables.rows import LoadingRow, Row, TrainingRow
from scripts.scaling.tables.table_file import read_answer, read_rows
from scripts.spec import Spec


class Claimed(Spec):
    """As one of the config's `scaling.claims`."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    point: str
    against: str
    times: str  # its digits count


class ClaimsSpec(Spec):
    """What the gate takes from the config's `scaling`."""

    claims: list[Claimed]


def judge(training: Sequence[TrainingRow], loading: Sequence[LoadingRow], spec: ClaimsSpec) -> list[Claim]:
    """Every claim about rates, in the order of the tables, the config's own last.

    Raises:
        UserError: a claim of the config names a point that is none.
    """
    found = []
    for some in by_baseline(training).values():
        comparison = compared(some)
        found += _speedups(some, comparison)
        cores = dict.fromkeys(row.cores for row in some)
        found += [claim for count in cores for claim in _leads([r for r in some if r.cores == count], comparison)]
    for loaded in by_baseline(loading).values():
        comparison, ways = compared(loaded), [row for row in loaded if row.way]
        found += [*_speedups(ways, comparison), *_leads(ways, comparison, stepwise=True)]
    by_point: dict[str, Row] = {row.point: row for row in (*training, *loading)}
    for i, claimed in enumerate(spec.claims):
        for key, name in (("point", claimed.point), ("against", claimed.against)):
            if name not in by_point:
                raise UserError(
                    f"scaling.claims[{i}].{key}: found {name!r}; expected a point of the tables: {', '.join(by_point)}"
                )
        one, other = by_point[claimed.point], by_point[claimed.against]
        beside = [row for row in (*training, *loading) if row.baseline == one.baseline]
        comparison = compared(beside if other in beside else [one, other])
        found.append(compare(one, other, comparison, times=claimed.times))
    return found


def judge_answers(
    training: Sequence[TrainingRow],
    laws: Laws,
    advice: Recommendations,
    confirmed: Confirmations,
    loading: Sequence[LoadingRow],
    answer: LoadingAnswer | None,
) -> list[Claim]:
    """What the study answers; a sentence that says nothing of any point is no claim."""
    trained, loaded = {row.point: row for row in training}, {row.point: row for row in loading}
    found = []
    for one in advice.recommendations:
        more = _not_confirmed(one, confirmed.confirmations)
        found += _answered(" ".join(one.sentences), [trained[point] for point in one.points], more=more)
    for curve in laws.curves:
        found += _answered(curve.sentence, _points_of(curve, training))
    for situation in answer.situations if answer else []:
        found += _answered(situation.sentence, [loaded[point] for point in situation.points])
    if answer is not None:
        beside = trained.get(answer.feeding.needed_by or "")
        found += _answered(answer.feeding.sentence, [loaded[point] for point in answer.feeding.points], beside)
        for fed in answer.fed:
            found += _answered(fed.sentence, [trained[point] for point in fed.points])
    return found


def _answered(
    sentence: str, rows: Sequence[Row], beside: Row | None = None, more: Sequence[Breach] = ()
) -> list[Claim]:
    return [answered(sentence, rows, beside, more)] if rows else []


def _not_confirmed(one: Recommendation, confirmed: Sequence[Confirmation]) -> list[Breach]:
    """The best of many looks better than it is, until fresh blocks have shown it of this very point."""
    if one.recommended is None:
        return []
    point = one.recommended.point
    again = next((its for its in confirmed if its.is_of(one)), None)
    if again is None or again.verdict == "not measured":
        return [Breach(rule="measured again", found=f"fresh blocks of {point}: not measured (`snakemake confirm`)")]
    if again.verdict == "confirmed":
        return []
    share = show.ratio(again.of_best, again.low, again.high)
    found = f"fresh blocks of {point}: {again.verdict}, {share} times the rate of {again.fastest}"
    return [Breach(rule="confirmed", found=found)]


def _points_of(curve: CurveLaws, training: Sequence[TrainingRow]) -> list[TrainingRow]:
    """The rows that a law was fitted to; none where no law can be told."""
    return [row for row in training if curve.chosen and row.curve == curve.curve and row.workers in curve.workers]


def _speedups(rows: Sequence[Row], comparison: Comparison[str]) -> list[Claim]:
    base = next((row for row in rows if row.point == row.baseline), None)
    if base is None:
        return []
    return [compare(row, base, comparison) for row in rows if row is not base]


def _leads(rows: Sequence[Row], comparison: Comparison[str], stepwise: bool = False) -> list[Claim]:
    """The fastest that may be claimed against each other: one with too many cores does not hide it."""
    by_point = {row.point: row for row in rows if row.blocks}
    leads = comparison.leads([point for point, row in by_point.items() if not row.has("oversubscribed")], stepwise)
    # One lucky launch makes no fastest; and with the baseline every point has been compared already.
    if leads is None or not comparison.enough(leads.first) or by_point[leads.first].baseline == leads.first:
        return []
    over = {other: ratio for other, ratio in leads.over.items() if other != by_point[other].baseline}
    return [compare(by_point[leads.first], by_point[other], comparison, lead=ratio) for other, ratio in over.items()]


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--training", type=Path, required=True)
    parser.add_argument("--laws", type=Path, required=True)
    parser.add_argument("--recommendation", type=Path, required=True)
    parser.add_argument("--loading", type=Path, nargs="?", help="none where the trainings are from outside")
    parser.add_argument("--answer", type=Path, nargs="?", help="loading.json")
    parser.add_argument("--confirmation", type=Path, nargs="?", help="none before `snakemake confirm`")
    parser.add_argument("--claims", type=Path, required=True)
    parser.add_argument("--csv", type=Path, required=True, help="the same as a table")
    parser.add_argument("--spec", type=ClaimsSpec.model_validate_json, required=True)
    args = parser.parse_args()
    training = read_rows(args.training, TrainingRow)
    loading = read_rows(args.loading, LoadingRow) if args.loading else []
    laws, advice = read_answer(args.laws, Laws), read_answer(args.recommendation, Recommendations)
    answer = read_answer(args.answer, LoadingAnswer) if args.answer else None
    again = args.confirmation
    confirmed = read_answer(again, Confirmations) if again else Confirmations(confirmations=[])
    answers = judge_answers(training, laws, advice, confirmed, loading, answer)
    claims = Claims(claims=[*judge(training, loading, args.spec), *answers])
    write_text(args.claims, claims.model_dump_json(indent=1) + "\n")
    lines = []
    for claim in claims.claims:
        refused = "; ".join(f"{breach.rule}: {breach.found}" for breach in claim.breaches)
        lines.append((claim.about, claim.sentence, " ".join(claim.rows), claim.stands, refused))
        cli.log.info("%s%s", claim.sentence, f" Refused: {refused}." if refused else "")
    table = pd.DataFrame(lines, columns=["about", "sentence", "rows", "stands", "refused"])
    with replacing(args.csv) as temporary:
        table.to_csv(temporary, index=False)


if __name__ == "__main__":
    cli.run(main)
