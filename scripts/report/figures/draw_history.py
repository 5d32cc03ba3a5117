"""The figures of earlier runs: what each says of each statement, and the same points on other machines.

Input: `history.json`. Outputs, in --folder: `ratios`, `rates`, `machines_training` and `machines_loading`, each as
`.svg`, `.png` and `.csv`.

By hand:
    python -m scripts.report.figures.draw_history --history results/demo/scaling/history.json --folder figures
"""

from pathlib import Path

from scripts import cli
from scripts.report.figures import history_figures, machine_figures
from scripts.report.figures.figure_parts import save
from scripts.report.figures.history_figures import draw_history
from scripts.report.figures.machine_figures import draw_machines
from scripts.report.figures.style import styled
from scripts.scaling.history.history import History, Stage
from scripts.scaling.tables.table_file import read_answer

STAGES: tuple[Stage, ...] = ("training", "loading")


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--history", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    args = parser.parse_args()
    found = read_answer(args.history, History)
    with styled():
        for name, ratios in (("ratios", True), ("rates", False)):
            save(draw_history(found, ratios), args.folder, name, history_figures.table(found, ratios))
        for stage in STAGES:
            name = f"machines_{stage}"
            save(draw_machines(found, stage), args.folder, name, machine_figures.table(found, stage))


if __name__ == "__main__":
    cli.run(main)
