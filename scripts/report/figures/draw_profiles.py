"""The figures of profiles: where the time of a step goes, in milliseconds, a stack of parts for each point; and the
efficiencies that POP asks for, each beside the line at 0.8.

Inputs: the two tables of profiles (parquet). Outputs, in --folder: `steps` and `pop`, as `.svg`, `.png` and `.csv`.

By hand:
    python -m scripts.report.figures.draw_profiles --profiles results/demo/scaling/profiles.parquet \
        --pop results/demo/scaling/pop.parquet --folder figures
"""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from scripts import cli
from scripts import format as show
from scripts.report.figures import figure_tables
from scripts.report.figures.figure_parts import entitle, fill_legend, nothing, save, stack, start_grid
from scripts.report.figures.style import COLOURS, MUTED, styled
from scripts.scaling.profiles.pop import EFFICIENCIES, LINE, spoken
from scripts.scaling.profiles.profile_rows import PopRow, ProfileRow
from scripts.scaling.tables.table_file import read_rows

TITLE = "Where a step's time goes"
POP_TITLE = "POP efficiencies"
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
COLUMNS = 3  # of panels
OF_THREADS = {"thread_efficiency", "hybrid_parallel_efficiency"}
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
    n = show.counts([row.blocks for row in rows])
    entitle(figure, TITLE, f"Of profiles, runs of their own, n = {n}; at the bar's end the step.{left}")
    return figure


def draw_pop(rows: Sequence[PopRow]) -> Figure:
    """A panel for each efficiency that is told of a point, but those of threads where each rank has one."""
    shown = [name for name in EFFICIENCIES if {getattr(row, name) for row in rows} - {None}]
    if {row.thread_efficiency for row in rows} <= {None, 1.0}:
        shown = [name for name in shown if name not in OF_THREADS]
    if not shown:
        return nothing(POP_TITLE, "No efficiency can be told.")
    lines = -(-len(shown) // COLUMNS)
    figure, axes, below = start_grid([0.45 + 0.2 * len(rows)] * lines, COLUMNS, 0)
    below.set_axis_off()
    for number, (panel, name) in enumerate(zip(axes, shown, strict=False)):
        for y, row in enumerate(rows):
            draw_efficiency(panel, y, row, name)
        panel.axvline(LINE, color=MUTED, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        panel.set_title(spoken(name).removesuffix(" efficiency"), fontsize=8.5, loc="left")
        panel.set_yticks(range(len(rows)), [row.point for row in rows], fontsize=7.5)
        panel.tick_params(labelleft=number % COLUMNS == 0, labelsize=7.5)
        panel.set_ylim(len(rows) - 0.5, -0.5)
        panel.set_xlim(left=0)
        panel.set_xticks([0, 0.4, LINE, 1.2], ["0", "0.4", "0.8", "1.2"])
    for panel in axes[len(shown) :]:
        panel.set_axis_off()
    n = show.counts([row.blocks for row in rows])
    below_it = "Dashed: 0.8; orange: under it, with the whole interval where there is one."
    entitle(figure, POP_TITLE, f"{below_it} n = {n} profile{'' if n == '1' else 's'} a point. 1 is ideal.")
    return figure


def draw_efficiency(axes: Axes, y: float, row: PopRow, name: str) -> None:
    """A dot with its interval; nothing where it cannot be told."""
    value, low, high = (getattr(row, field) for field in (name, f"{name}_low", f"{name}_high"))
    if value is None:
        return
    colour = COLOURS[1] if spoken(name) in row.under.split(", ") else COLOURS[0]
    if low is not None:
        axes.plot([low, high], [y, y], color=colour, linewidth=1.2)
    axes.plot(value, y, "o", color=colour, markersize=4)


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--profiles", type=Path, required=True)
    parser.add_argument("--pop", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    args = parser.parse_args()
    rows, pop = read_rows(args.profiles, ProfileRow), read_rows(args.pop, PopRow)
    with styled():
        save(draw_steps(rows), args.folder, "steps", figure_tables.steps(rows))
        save(draw_pop(pop), args.folder, "pop", figure_tables.efficiencies(pop))


if __name__ == "__main__":
    cli.run(main)
