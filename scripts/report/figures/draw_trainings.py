"""The figures of trainings alone, somebody else's or of a script of the user's own.

What is recommended, speedup and efficiency against cores, and their laws.

Inputs: the training table (parquet), `laws.json`, `recommendation.json`. Outputs, in --folder: `answer`, `speedup`,
`efficiency`, `costs` and `laws`, each as `.svg`, `.png` and `.csv`.

By hand:
    python -m scripts.report.figures.draw_trainings --training external.parquet --laws laws.json \
        --recommendation recommendation.json --folder figures
"""

from pathlib import Path

from scripts import cli
from scripts.report.figures import figure_tables
from scripts.report.figures.figure_parts import save
from scripts.report.figures.style import styled
from scripts.report.figures.training.answer_figure import draw_answer
from scripts.report.figures.training.cost_figures import draw_costs
from scripts.report.figures.training.law_figures import draw_laws
from scripts.report.figures.training.scaling_figures import draw_efficiency, draw_speedup
from scripts.scaling.answers.answer import Recommendations
from scripts.scaling.answers.laws import Laws
from scripts.scaling.tables.rows import TrainingRow
from scripts.scaling.tables.table_file import read_answer, read_rows


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--training", type=Path, required=True)
    parser.add_argument("--laws", type=Path, required=True)
    parser.add_argument("--recommendation", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    args = parser.parse_args()
    rows = read_rows(args.training, TrainingRow)
    with styled():
        save(
            draw_answer(rows, read_answer(args.recommendation, Recommendations)),
            args.folder,
            "answer",
            figure_tables.speedups(rows),
        )
        save(draw_speedup(rows), args.folder, "speedup", figure_tables.speedups(rows))
        save(draw_efficiency(rows), args.folder, "efficiency", figure_tables.speedups(rows))
        save(draw_costs(rows), args.folder, "costs", figure_tables.costs(rows))
        laws = read_answer(args.laws, Laws)
        save(draw_laws(laws, rows), args.folder, "laws", figure_tables.foretold(laws))


if __name__ == "__main__":
    cli.run(main)
