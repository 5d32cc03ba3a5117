"""The page of trainings that somebody else measured: their table by scalecard's rules, and what may be quoted of it.

Inputs: the training table (parquet), `laws.json`, `recommendation.json`, `claims.json`, the figures (SVG), the
template. Output: `external.html`, which loads nothing from a network.

By hand: see the command that `snakemake -np` prints for rule render_external.
"""

import json
from pathlib import Path
from typing import Any

from scripts import cli
from scripts.atomic import write_text
from scripts.report.page_parts import template, trainings
from scripts.scaling.answers.answer import Claims, Recommendations
from scripts.scaling.answers.laws import Laws
from scripts.scaling.tables.rows import StrategyRow, TrainingRow
from scripts.scaling.tables.table_file import read_answer, read_rows
from scripts.spec import Spec


class ExternalPageSpec(Spec):
    """What the page takes from the config."""

    study: str
    table: str  # its file's name
    scaling: dict[str, Any]


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--training", type=Path, required=True)
    parser.add_argument("--strategies", type=Path, required=True)
    parser.add_argument("--laws", type=Path, required=True)
    parser.add_argument("--recommendation", type=Path, required=True)
    parser.add_argument("--claims", type=Path, required=True)
    parser.add_argument("--plan", type=Path, nargs="*", default=[], help="plan.json and its figures, if there is one")
    parser.add_argument("--figures", type=Path, nargs="+", required=True)
    parser.add_argument("--template", type=Path, required=True)
    parser.add_argument("--page", type=Path, required=True)
    parser.add_argument("--spec", type=ExternalPageSpec.model_validate_json, required=True)
    args = parser.parse_args()
    rows = read_rows(args.training, TrainingRow)
    page = template(args.template).render(
        **trainings(
            rows,
            read_rows(args.strategies, StrategyRow),
            read_answer(args.laws, Laws),
            read_answer(args.recommendation, Recommendations),
            read_answer(args.claims, Claims),
            args.plan,
            args.figures,
            "Seconds and images are those of the table; n launches a point, their median.",
        ),
        study=args.spec.study,
        table=args.spec.table,
        points=len(rows),
        config=json.dumps(args.spec.scaling, indent=2, ensure_ascii=False),
    )
    write_text(args.page, page)


if __name__ == "__main__":
    cli.run(main)
