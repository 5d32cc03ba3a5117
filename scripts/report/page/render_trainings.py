"""The page of trainings alone: what somebody else measured, or a script of the user's own did.

Their table is made by scalecard's rules, with what may be quoted of it.

Inputs: the training table (parquet), `laws.json`, `recommendation.json`, `claims.json`, once there is one
`confirmation.json`, the figures (SVG), the template. Output: `trainings.html`, which loads nothing from a network.

By hand: see the command that `snakemake -np` prints for rule render_trainings.
"""

import json
from pathlib import Path
from typing import Any

from scripts import cli
from scripts.atomic import write_text
from scripts.report.page.first_screen import answers
from scripts.report.page.page_parts import template, trainings
from scripts.report.words.point_words import names_of
from scripts.scaling.answers.answer import Claims, Confirmations, Recommendations
from scripts.scaling.answers.laws import Laws
from scripts.scaling.tables.rows import StrategyRow, TrainingRow
from scripts.scaling.tables.table_file import read_answer, read_rows
from scripts.spec import Spec

NOTES = {
    "table": "Seconds and images are those of the table. Of n launches a point, their median.",
    "program": "Seconds are those of steps behind the warm-up, each from the end of the one before, at the slowest "
    "rank. Evaluation is apart. Of n launches a point, their median.",
}


class TrainingsPageSpec(Spec):
    """What the page takes from the config."""

    study: str
    table: str | None  # the file's name of what somebody else measured
    program: dict[str, Any] | None  # the settings of a script of the user's own
    scaling: dict[str, Any]


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--training", type=Path, required=True)
    parser.add_argument("--strategies", type=Path, required=True)
    parser.add_argument("--laws", type=Path, required=True)
    parser.add_argument("--recommendation", type=Path, required=True)
    parser.add_argument("--claims", type=Path, required=True)
    parser.add_argument("--confirmation", type=Path, nargs="?", help="none before `snakemake confirm`")
    parser.add_argument("--plan", type=Path, nargs="*", default=[], help="plan.json and its figures, if there is one")
    parser.add_argument("--figures", type=Path, nargs="+", required=True)
    parser.add_argument("--template", type=Path, required=True)
    parser.add_argument("--page", type=Path, required=True)
    parser.add_argument("--spec", type=TrainingsPageSpec.model_validate_json, required=True)
    args = parser.parse_args()
    rows, advice = read_rows(args.training, TrainingRow), read_answer(args.recommendation, Recommendations)
    claims = read_answer(args.claims, Claims)
    confirmed = read_answer(args.confirmation, Confirmations) if args.confirmation else None
    page = template(args.template).render(
        **trainings(
            rows,
            read_rows(args.strategies, StrategyRow),
            read_answer(args.laws, Laws),
            advice,
            claims,
            confirmed,
            args.plan,
            args.figures,
            NOTES["program" if args.spec.program else "table"],
            names_of(rows),
        ),
        study=args.spec.study,
        table=args.spec.table,
        program=args.spec.program,
        screen=answers(rows, advice, claims, confirmed, repeatable=args.spec.program is not None),
        points=len(rows),
        config=json.dumps(
            {"training": args.spec.program, "scaling": args.spec.scaling} if args.spec.program else args.spec.scaling,
            indent=2,
            ensure_ascii=False,
        ),
    )
    write_text(args.page, page)


if __name__ == "__main__":
    cli.run(main)
