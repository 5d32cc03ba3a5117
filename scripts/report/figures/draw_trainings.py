"""The figures of trainings alone, somebody else's or of a script of the user's own.

Speedup and efficiency against cores, and their laws.

Inputs: the training table (parquet), `laws.json`. Outputs, in --folder: `speedup`, `efficiency` and `laws`, each as
`.svg` and `.png`.

By hand:
    python -m scripts.report.figures.draw_trainings --training external.parquet --laws laws.json --folder figures
"""

from pathlib import Path

from scripts import cli
from scripts.report.figures.figure_parts import save
from scripts.report.figures.law_figures import draw_laws
from scripts.report.figures.scaling_figures import draw_efficiency, draw_speedup
from scripts.report.figures.style import styled
from scripts.scaling.answers.laws import Laws
from scripts.scaling.tables.rows import TrainingRow
from scripts.scaling.tables.table_file import read_answer, read_rows


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--training", type=Path, required=True)
    parser.add_argument("--laws", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    args = parser.parse_args()
    rows = read_rows(args.training, TrainingRow)
    with styled():
        save(draw_speedup(rows), args.folder, "speedup")
        save(draw_efficiency(rows), args.folder, "efficiency")
        save(draw_laws(read_answer(args.laws, Laws), rows), args.folder, "laws")


if __name__ == "__main__":
    cli.run(main)
