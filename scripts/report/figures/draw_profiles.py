"""The figure of profiles: where the time of a step goes, in milliseconds, a stack of parts for each point.

Input: the profiles' table (parquet). Outputs, in --folder: `steps`, as `.svg`, `.png` and `.csv`.

By hand:
    python -m scripts.report.figures.draw_profiles --profiles results/demo/scaling/profiles.parquet --folder figures
"""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.patches import Patch

from scripts import cli
from scripts import format as show
from scripts.report.figures import figure_tables
from scripts.report.figures.figure_parts import entitle, fill_legend, nothing, save, stack, start_grid
from scripts.report.figures.style import COLOURS, MUTED, styled
from scripts.scaling.tables.rows import ProfileRow
from scripts.scaling.tables.table_file import read_rows

TITLE = "Where a step's time goes"
# From the left; each is a field of a profile's row, and together they are its step.
PARTS = {
    "ideal_seconds": "ideal: as the baseline",
    "input": "input",
    "threads": "threads",
    "smaller_batch": "smaller batch",
    "contention": "contention",
    "imbalance": "imbalance",
    "communication": "communication",
    "optimizer": "optimizer",
}
LOOKS = dict(zip(PARTS, (MUTED, *COLOURS, "#999999"), strict=True))


def draw_steps(rows: Sequence[ProfileRow]) -> Figure:
    """A bar for each point, in order of the table."""
    if not rows:
        return nothing(TITLE, "No step was profiled: training.profile asks for it.")
    figure, [axes], below = start_grid([0.3 + 0.22 * len(rows)], 1, -(-len(PARTS) // 3))
    for y, row in enumerate(rows):
        parts = [(1000 * (getattr(row, name) or 0.0), LOOKS[name]) for name in PARTS]
        stack(axes, y, parts, f"{show.milliseconds(row.step_seconds)} ms")
    axes.set_yticks(range(len(rows)), [row.point for row in rows], fontsize=8.5)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.margins(x=0.13)  # room for the last number
    axes.axvline(0, color=MUTED, linewidth=0.8)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("milliseconds of a step")
    fill_legend(below, figure, {name: Patch(color=LOOKS[part]) for part, name in PARTS.items()}, 3)
    below_zero = any((getattr(row, name) or 0.0) < 0 for row in rows for name in PARTS)
    left = " Left of 0: less than its part of the baseline's." if below_zero else ""
    entitle(figure, TITLE, f"Of one run of its own a point, n = 1; at the bar's end the step.{left}")
    return figure


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--profiles", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    args = parser.parse_args()
    rows = read_rows(args.profiles, ProfileRow)
    with styled():
        save(draw_steps(rows), args.folder, "steps", figure_tables.steps(rows))


if __name__ == "__main__":
    cli.run(main)
