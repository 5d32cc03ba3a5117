"""What a training costs against how long it takes: of each baseline those that none beats in both are joined."""

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from scripts.report.figures.figure_parts import blocks_said, entitle, fill_legend, nothing, start_grid
from scripts.report.figures.style import MUTED, PAPER, colours_of
from scripts.report.words.point_words import STRATEGIES
from scripts.report.words.tables import valid
from scripts.scaling.tables.rows import TrainingRow

TITLE = "Cost against time"
HEIGHT = 3.0  # inches


def draw_costs(rows: Sequence[TrainingRow]) -> Figure:
    """A dot for each valid point: seconds of a whole launch, and its cost, else its GPU-hours, else its core-hours."""
    drawn = [row for row in valid(rows) if row.wall_seconds is not None and row.core_hours is not None]
    if not drawn:
        return nothing(TITLE, "No valid launch tells what it cost.")
    field, unit = unit_of_cost(drawn)
    costs = {row.point: float(getattr(row, field) or 0.0) for row in drawn}
    colours = colours_of(row.strategy for row in drawn)
    figure, [axes], below = start_grid([HEIGHT], 1, (len(colours) + 2) // 3)
    places = {row.point: (row.wall_seconds or 0.0, costs[row.point]) for row in drawn}
    for baseline in dict.fromkeys(row.baseline for row in drawn):
        beside = [row for row in drawn if row.baseline == baseline]
        front = pareto_front([places[row.point] for row in beside])
        axes.step(*zip(*front, strict=True), where="post", color=MUTED, linewidth=1, zorder=1)
        for row in beside:
            colour = colours[row.strategy]
            face = PAPER if row.has("oversubscribed") else colour
            axes.plot(*places[row.point], "o", color=colour, markerfacecolor=face)
            if places[row.point] in front:
                axes.annotate(f"{row.workers}", places[row.point], (4, 4), textcoords="offset points", fontsize=8)
    ends = [max(ends) for ends in zip(*places.values(), strict=True)]
    axes.set_xlim(0, 1.08 * ends[0])
    axes.set_ylim(0, 1.08 * ends[1])
    axes.set_xlabel("seconds of a training")
    axes.set_ylabel(unit)
    handles = {
        STRATEGIES.get(name, name): Line2D([], [], color=colour, marker="o", linestyle="none")
        for name, colour in colours.items()
    }
    fill_legend(below, figure, handles | {"beaten by none": Line2D([], [], color=MUTED, linewidth=1)}, 3)
    entitle(figure, TITLE, f"Medians of whole launches; numbers: workers; {blocks_said(drawn)}")
    return figure


def unit_of_cost(rows: Sequence[TrainingRow]) -> tuple[str, str]:
    """The field that all rows tell, and its name: money before GPU-hours before core-hours."""
    for field, unit in (("cost", "cost"), ("gpu_hours", "GPU-hours")):
        if all(getattr(row, field) is not None for row in rows):
            return field, unit
    return "core_hours", "core-hours"


def pareto_front(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Those that no other is at most equal to in both, and less in one, by the first."""
    front: list[tuple[float, float]] = []
    for x, y in sorted(set(points)):
        if not front or y < front[-1][1]:
            front.append((x, y))
    return front
