"""The figures of trainings that somebody else measured: speedup and efficiency against cores.

Input: the training table (parquet). Outputs, in --folder: `speedup` and `efficiency`, each as `.svg` and `.png`.

By hand:
    python -m scripts.report.draw_external --training external.parquet --folder figures
"""

from pathlib import Path

import matplotlib as mpl

from scripts import cli
from scripts.report.figure_parts import save
from scripts.report.scaling_figures import draw_efficiency, draw_speedup
from scripts.report.style import STYLE
from scripts.scaling.rows import TrainingRow
from scripts.scaling.table_file import read_rows


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--training", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    args = parser.parse_args()
    rows = read_rows(args.training, TrainingRow)
    with mpl.rc_context(STYLE):
        save(draw_speedup(rows), args.folder, "speedup")
        save(draw_efficiency(rows), args.folder, "efficiency")


if __name__ == "__main__":
    cli.run(main)
