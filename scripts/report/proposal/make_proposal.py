"""The scaling section of an application for computing time: what was measured, how, and what is asked for.

Only claims that stand are in it: a speedup that the gate refused is none of its numbers, a tie is called one, and a way
to train is requested only where the recommendation may be quoted. What a form asks for and is not there stands in a
list at the top, with what would give it.

Inputs: the training table, `recommendation.json` and `claims.json`; once there are any, `confirmation.json` and
`plan.json`; the records and the split, but of trainings from outside; a centre's file (centre.py). Outputs, in
--folder: `proposal.md`, `proposal.tex`, a figure of each series as PDF and PNG; `proposal.pdf` and `proposal.docx`
where latexmk and pandoc are installed.

By hand: see the command that `snakemake -np proposal` prints.
"""

from collections.abc import Sequence
from pathlib import Path

from scripts import cli
from scripts.atomic import write_text
from scripts.record import Record
from scripts.report.proposal import centre as centres
from scripts.report.proposal import facts_of_study, missing, scaling_plot
from scripts.report.proposal.centre import Centre, Part, Rate
from scripts.report.proposal.content import Content, months_of, request_of, scaling_of
from scripts.report.proposal.languages import APT, latex_of, make_docx, make_pdf, markdown_of
from scripts.report.proposal.request import Request, of_measured, of_plan, units_of
from scripts.report.proposal.series import Series, series_of
from scripts.report.words.point_words import names_of
from scripts.scaling.answers.answer import Claim, Claims, Confirmations, Recommendation, Recommendations
from scripts.scaling.plan.planned import Plan
from scripts.scaling.tables.read_records import read_all
from scripts.scaling.tables.rows import TrainingRow
from scripts.scaling.tables.table_file import read_answer, read_rows
from scripts.spec import Spec

WHERE: dict[Part, str] = {
    "strong": "Strong scaling",
    "weak": "Weak scaling",
    "memory": "GiB/node, in the tables",
    "cost": "core-h, in the tables, and Request",
    "problem": "Problem measured",
    "io": "Problem measured, input and output",
    "method": "How it was measured",
    "request": "Request",
    "months": "Request, by month",
}


class ProposalSpec(Spec):
    """What the proposal takes from the config."""

    study: str
    trainings: int | None
    reserve: float


def content_of(
    series: Sequence[Series],
    rows: Sequence[TrainingRow],
    claims: Sequence[Claim],
    advice: Sequence[Recommendation],
    confirmed: Sequence[str],
    plan: Plan | None,
    records: Sequence[Record],
    split: Path | None,
    centre: Centre,
    spec: ProposalSpec,
) -> Content:
    """All that a proposal says.

    Args:
        confirmed: what fresh blocks said of the recommendations, in sentences.
        plan: whose trainings are asked for; None: `spec.trainings` of the way that is recommended first.
    """
    refused = {one.baseline: _refused(one, claims) for one in advice}
    standing = [one for one in advice if refused[one.baseline] is None and one.recommended]
    wanted = [one.recommended.point for one in standing if one.recommended]
    row = next((row for row in rows if wanted[:1] == [row.point]), None)
    device = (row or rows[0]).device if rows else "cpu"
    rate = centre.rate(device)
    request = None
    if row is not None and plan is not None:
        request = of_plan(plan.jobs, rate, spec.reserve)
    elif row is not None and spec.trainings is not None:
        request = of_measured(row, rate, spec.trainings, spec.reserve)
    parts = _parts(series, records, rate, request)
    why = None if standing else "; ".join(filter(None, refused.values())) or "nothing is recommended"
    asked = spec.trainings is not None or plan is not None
    lacks = [
        *missing.lacking(centre, parts),
        *missing.no_request(centre, why, device, asked),
        *missing.not_requested(wanted[1:] if plan is None else []),
        *missing.not_quoted(series),
    ]
    names = names_of(rows)
    problem, method = facts_of_study.problem(series, split, records), facts_of_study.method(series, records)
    return Content(
        study=spec.study,
        centre=centre,
        missing=[names.say(lack) for lack in dict.fromkeys(lacks)],
        problem=[(name, names.say(value)) for name, value in problem],
        method=[(name, names.say(value)) for name, value in method],
        scalings=[
            scaling_of(one, centre, name if len(one.lines) > 1 else None) for name, one in figures_of(series).items()
        ],
        answers=[names.say(said) for said in (*(said for one in standing for said in one.sentences), *confirmed)],
        request=[names.say(said) for said in request_of(request, centre, row, plan is not None)],
        months=months_of(request, centre),
        answered=[
            (ask.line, "; ".join(WHERE[part] for part in ask.answered_by if part in parts) or "not yet, see above")
            for ask in (centre.form.asks if centre.form else [])
        ],
    )


def _parts(
    series: Sequence[Series], records: Sequence[Record], rate: Rate | None, request: Request | None
) -> set[Part]:
    """The parts of a form that are there."""
    lines = [line for one in series for line in one.lines]
    curves = [one.scaling for one in series if len(one.lines) > 1]
    there: dict[Part, bool] = {
        "strong": "strong" in curves,
        "weak": "weak" in curves,
        "memory": any(line.node_bytes is not None for line in lines),
        "cost": any(units_of(line.row, rate) is not None for line in lines),
        "problem": bool(lines),
        "io": any(facts_of_study.waiting(records, line.row) for line in lines),
        "method": bool(records),
        "request": request is not None,
        "months": request is not None and bool(request.months),
    }
    return {part for part, found in there.items() if found}


def _refused(one: Recommendation, claims: Sequence[Claim]) -> str | None:
    """Why what was recommended may not be quoted; None: it may."""
    sentence = " ".join(one.sentences)
    if one.recommended is None:
        return sentence
    claim = next((its for its in claims if its.about == "answer" and its.sentence.startswith(sentence)), None)
    if claim is None:
        return f"{one.recommended.point} was not judged"
    return "; ".join(breach.found for breach in claim.breaches) or None


def figures_of(series: Sequence[Series]) -> dict[str, Series]:
    """By the names of their figures: their scaling, with the baseline where several have it."""
    often = [one.scaling for one in series]
    names = [
        f"{one.scaling}_scaling{f'_{one.baseline.point}' if often.count(one.scaling) > 1 else ''}" for one in series
    ]
    return dict(zip(names, series, strict=True))


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--training", type=Path, required=True)
    parser.add_argument("--recommendation", type=Path, required=True)
    parser.add_argument("--claims", type=Path, required=True)
    parser.add_argument("--confirmation", type=Path, nargs="?", help="none before `snakemake confirm`")
    parser.add_argument("--plan", type=Path, nargs="?", help="none where a number of trainings is asked for")
    parser.add_argument("--split", type=Path, nargs="?", help="none of trainings from outside")
    parser.add_argument("--records", type=Path, nargs="*", default=[], help="of trainings; none of those from outside")
    parser.add_argument("--centre", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--spec", type=ProposalSpec.model_validate_json, required=True)
    args = parser.parse_args()
    rows, claims = read_rows(args.training, TrainingRow), read_answer(args.claims, Claims).claims
    advice = read_answer(args.recommendation, Recommendations)
    confirmed = read_answer(args.confirmation, Confirmations).sentences(advice) if args.confirmation else []
    plan = read_answer(args.plan, Plan) if args.plan else None
    records = [one for one in read_all(args.records) if one.stage == "training"]
    series = series_of(rows, claims, advice.recommendations)
    content = content_of(
        *(series, rows, claims, advice.recommendations, confirmed, plan, records, args.split),
        centre=centres.read(args.centre),
        spec=args.spec,
    )
    for name, one in figures_of(series).items():
        if len(one.lines) > 1:
            scaling_plot.save(scaling_plot.draw(one), args.folder, name)
    markdown, latex = args.folder / "proposal.md", args.folder / "proposal.tex"
    write_text(markdown, markdown_of(content))
    write_text(latex, latex_of(content))
    for sentence in content.missing:
        print(f"missing: {sentence}")
    pdf, docx = make_pdf(latex), make_docx(markdown)
    if pdf is None:
        print(f"no PDF: latexmk is not installed (apt-get install {APT})")
    if docx is None:
        print("no docx: pandoc is not installed")
    print(f"The proposal: {pdf or latex}")


if __name__ == "__main__":
    cli.run(main)
