"""Speedup and efficiency against cores: a panel for each baseline, a line for each curve."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from matplotlib.transforms import ScaledTranslation

from scripts import format as show
from scripts.report.figures.figure_parts import (
    DOUBLINGS,
    IDEAL,
    blocks_said,
    entitle,
    fill_legend,
    nothing,
    start_grid,
    tick_counts,
)
from scripts.report.figures.style import MARKERS, MUTED, PAPER, colours_of
from scripts.report.words.point_words import Names, line_names, names_of
from scripts.report.words.tables import valid
from scripts.scaling.tables.rows import TrainingRow

APART, SPREAD = 6, 24  # points between lines at equal cores, and of all of them at most
HEIGHT = 2.4  # of a panel, inches

Looks = Mapping[str, tuple[str, str]]  # colour and marker of each line


@dataclass(frozen=True)
class Dot:
    """One training point over its cores."""

    line: str  # what it is joined with
    cores: int
    value: float
    low: float | None  # ends of its interval, where there is one
    high: float | None
    hollow: bool  # oversubscribed


def draw_speedup(rows: Sequence[TrainingRow]) -> Figure:
    """Speedup against cores, with the ideal line."""
    return _draw(rows, "speedup")


def draw_efficiency(rows: Sequence[TrainingRow]) -> Figure:
    """Efficiency against cores; its interval is the speedup's, divided by the same cores."""
    return _draw(rows, "efficiency")


def _draw(rows: Sequence[TrainingRow], quantity: str) -> Figure:
    panels: dict[str, list[TrainingRow]] = {}
    names = names_of(rows)
    for row in valid(rows):
        if row.speedup is not None:
            panels.setdefault(row.baseline, []).append(row)
    if not panels:
        return nothing(quantity.capitalize(), "No point has a speedup.")
    drawn = [row for some in panels.values() for row in some]
    looks, words = _looks(drawn), line_names(drawn)
    columns = 2 if len(panels) > 1 else 1
    lines = math.ceil(len(panels) / columns)
    figure, axes, legend = start_grid([HEIGHT] * lines, columns, math.ceil((len(looks) + 1) / 2))
    unit = {row.point: row.cores for row in rows}
    for one, (baseline, some) in zip(axes, panels.items(), strict=False):
        _draw_panel(figure, one, [(row, words[row.curve]) for row in some], unit[baseline], quantity, looks)
        if len(panels) > 1:
            one.set_title(
                f"against {names.title(baseline)}", fontsize=8.5, color=MUTED, loc="left", fontweight="normal"
            )
    for one in axes[len(panels) :]:
        one.set_axis_off()
    handles = {name: axes[0].plot([], [], color=colour, marker=marker)[0] for name, (colour, marker) in looks.items()}
    handles |= {"ideal": axes[0].plot([], [], **IDEAL)[0]}
    fill_legend(legend, figure, handles, 2)
    entitle(figure, quantity.capitalize(), _said(rows, names))
    return figure


def _looks(rows: Sequence[TrainingRow]) -> Looks:
    """Of each line the colour of its strategy, and a marker that no other line of that strategy has."""
    colours = colours_of(row.strategy for row in rows)
    lines = line_names(rows)
    strategies = {lines[row.curve]: row.strategy for row in rows}
    markers = {strategy: cycle(MARKERS) for strategy in colours}
    return {name: (colours[strategy], next(markers[strategy])) for name, strategy in strategies.items()}


def _draw_panel(
    figure: Figure, axes: Axes, rows: Sequence[tuple[TrainingRow, str]], unit: int, quantity: str, looks: Looks
) -> None:
    """The points of one baseline, which has `unit` cores, each with its line's name."""
    per_core = quantity == "efficiency"
    dots = [_dot(row, line, unit / row.cores if per_core else 1.0) for row, line in rows]
    _draw_lines(figure, axes, dots, looks)
    cores = sorted({dot.cores for dot in dots})
    if per_core:
        axes.axhline(1, **IDEAL)
    else:
        axes.plot(cores, [count / unit for count in cores], **IDEAL)
    if not per_core and axes.get_xscale() == "log":
        axes.set_yscale("log", base=2)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    else:
        axes.set_ylim(bottom=0)
    axes.set_ylabel(quantity)


def _dot(row: TrainingRow, line: str, scale: float) -> Dot:
    assert row.speedup is not None, "rows without one are not drawn"
    return Dot(
        line=line,
        cores=row.cores,
        value=row.speedup * scale,
        low=None if row.speedup_low is None else row.speedup_low * scale,
        high=None if row.speedup_high is None else row.speedup_high * scale,
        hollow=row.has("oversubscribed"),
    )


def _draw_lines(figure: Figure, axes: Axes, dots: Sequence[Dot], looks: Looks) -> None:
    """A line through the dots of each name over cores, with error bars where there are any."""
    here = [name for name in looks if any(dot.line == name for dot in dots)]
    apart = min(APART, SPREAD / len(here))
    for i, name in enumerate(here):
        colour, marker = looks[name]
        line = sorted((dot for dot in dots if dot.line == name), key=lambda dot: dot.cores)
        # Lines stand a little apart, or bars at equal cores would hide each other.
        aside = ScaledTranslation((i - (len(here) - 1) / 2) * apart / 72, 0, figure.dpi_scale_trans)
        look: dict[str, Any] = {"color": colour, "transform": axes.transData + aside}
        axes.plot([dot.cores for dot in line], [dot.value for dot in line], zorder=2, **look)
        for dot in line:
            if dot.low is not None and dot.high is not None:
                reach = [[dot.value - dot.low], [dot.high - dot.value]]
                axes.errorbar(dot.cores, dot.value, reach, capsize=3, zorder=2, **look)
            face = PAPER if dot.hollow else colour
            axes.plot(dot.cores, dot.value, marker, markerfacecolor=face, zorder=3, **look)
    cores = sorted({dot.cores for dot in dots})
    if cores[-1] > cores[0] * 2**DOUBLINGS:
        axes.set_xscale("log", base=2)
    tick_counts(axes, cores)
    axes.set_xlabel("cores")
    axes.margins(x=0.12)
    # What stands aside does not count when matplotlib chooses the limits.
    axes.update_datalim([(dot.cores, end) for dot in dots for end in (dot.low, dot.value, dot.high) if end is not None])
    axes.autoscale_view()


def _said(rows: Sequence[TrainingRow], names: Names) -> str:
    """What the bars are and what n is."""
    rows = [row for row in valid(rows) if row.speedup is not None]
    divided_by = list(dict.fromkeys(row.baseline for row in rows))
    against = f"Against {names.title(divided_by[0])}" if len(divided_by) == 1 else "Each panel against its baseline"
    bars = f"bars: {show.percent(rows[0].confidence)} interval of each ratio alone"
    if all(row.speedup_low is None for row in rows):
        bars = "no intervals: fewer than 3 blocks"
    return f"{against}; {bars}; {blocks_said(rows)}"
