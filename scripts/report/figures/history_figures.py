"""What each run says of each statement: small multiples over the runs, all of one span, so that changes compare."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from scripts import format as show
from scripts.report.figures.figure_parts import entitle, fill_legend, nothing, start_grid, ticked
from scripts.report.figures.style import COLOURS, MUTED, PAPER
from scripts.scaling.history.history import ComparisonRow, History, Reading

PANELS = 16  # at most
COLUMNS = 2
HEIGHT = 1.1  # of a panel, inches
LEAST_SPAN = 1.1  # of a panel's axis, its upper end / its lower end: noise is not to look like a change
TICKS = 12  # runs that are numbered, about
CHANGED = {"slower": COLOURS[1], "faster": COLOURS[2]}  # told apart by their shapes too
SHAPES = {"slower": "v", "faster": "^"}
TITLES = {True: "Ratios over time", False: "Rates over time"}


def draw_history(found: History, ratios: bool) -> Figure:
    """A panel for each statement, what changed most first.

    Args:
        ratios: how many times as fast a point is as another; else images/s.
    """
    rows = ordered([row for row in found.comparisons if bool(row.against) == ratios and row.after is not None])
    if not rows:
        return nothing(TITLES[ratios], "No launch of this run counts.")
    drawn = rows[:PANELS]
    lines = {(row.stage, row.point, row.against): readings_of(found, row) for row in drawn}
    span = max([LEAST_SPAN, *(_span(line) for line in lines.values())])
    columns = min(COLUMNS, len(drawn))
    figure, axes, below = start_grid([HEIGHT] * math.ceil(len(drawn) / columns), columns, 2)
    for one, row, line in zip(axes, drawn, lines.values(), strict=False):
        _draw_panel(one, row, line, found.runs, span)
    for one in axes[len(drawn) :]:
        one.set_axis_off()
    fill_legend(below, figure, _legend(ratios), 2)
    entitle(figure, TITLES[ratios], _said(found, ratios, len(drawn), len(rows)))
    return figure


def table(found: History, ratios: bool) -> pd.DataFrame:
    """All readings, drawn or not."""
    lines = [one.model_dump() for one in found.readings if bool(one.against) == ratios]
    return pd.DataFrame(lines, columns=list(Reading.model_fields))


def ordered(rows: Sequence[ComparisonRow]) -> list[ComparisonRow]:
    """Regressions first, then other changes, each with the greatest first; then ties, then what was not compared."""
    places = {"slower": 1, "faster": 2, "tied": 3, "not compared": 4}

    def place(row: ComparisonRow) -> tuple[int, float]:
        return 0 if row.regression else places[row.verdict], -abs(math.log(row.ratio or 1.0))

    return sorted(rows, key=place)


def readings_of(found: History, row: ComparisonRow) -> dict[str, Reading]:
    """What each run says of a row's statement; images/s of other work, or of another machine, would only mislead."""
    about = (row.stage, row.point, row.against)
    mine = [one for one in found.readings if (one.stage, one.point, one.against) == about]
    return {one.run: one for one in mine if row.against or not one.differs}


def _ends(line: Mapping[str, Reading]) -> tuple[float, float]:
    """The lowest and the highest that is drawn."""
    return (
        min(one.low or one.value for one in line.values()),
        max(one.high or one.value for one in line.values()),
    )


def _span(line: Mapping[str, Reading]) -> float:
    low, high = _ends(line)
    return 1.05 * high / low


def _draw_panel(axes: Axes, row: ComparisonRow, line: Mapping[str, Reading], runs: Sequence[str], span: float) -> None:
    places = {run: number for number, run in enumerate(runs, start=1)}
    own = [(places[run], one) for run, one in line.items() if not one.differs]
    axes.plot([x for x, _ in own], [one.value for _, one in own], color=MUTED, linewidth=1, zorder=2)
    for run, one in line.items():
        x, last = places[run], run == runs[-1]
        colour = CHANGED.get(row.verdict, COLOURS[0]) if last else MUTED if one.differs else COLOURS[0]
        marker = SHAPES.get(row.verdict, "o") if last else "o"
        face = PAPER if one.differs else colour
        if one.low is not None and one.high is not None:
            axes.vlines(x, one.low, one.high, color=colour, linewidth=1.2, zorder=3)
        size = 3.5 if marker == "o" else 5
        axes.plot(x, one.value, marker, color=colour, markerfacecolor=face, markersize=size, zorder=4)
    low, high = _ends(line)
    middle = math.sqrt(low * high)
    axes.set_yscale("log")
    axes.set_ylim(middle / math.sqrt(span), middle * math.sqrt(span))
    ticked(axes.yaxis, *axes.get_ylim())
    step = math.ceil(len(runs) / TICKS)
    axes.set_xticks(range(len(runs), 0, -step))
    axes.set_xlim(0.5, len(runs) + 0.5)
    axes.tick_params(labelsize=7.5)
    against = f"against {row.against}" if row.against else f"{row.stage}, images/s"
    axes.set_title(f"{row.point}\n{against}", fontsize=7.5, loc="left", fontweight="normal")
    if row.verdict in CHANGED:  # earlier runs leave this corner free
        times = f"{row.verdict}: {show.ratio(row.ratio, row.low, row.high)}"
        corner: dict[str, Any] = {"y": 0.05, "va": "bottom"} if row.verdict == "slower" else {"y": 0.95, "va": "top"}
        axes.text(0.02, s=times, fontsize=8, color=CHANGED[row.verdict], transform=axes.transAxes, **corner)


def _legend(ratios: bool) -> dict[str, Line2D]:
    look: dict[str, Any] = {"linestyle": "none", "markersize": 5}
    hollow = {"other work or machine": Line2D([], [], marker="o", color=MUTED, markerfacecolor=PAPER, **look)}
    return {
        "an earlier run, or tied": Line2D([], [], marker="o", color=COLOURS[0], **look),
        **(hollow if ratios else {}),
        **{name: Line2D([], [], marker=SHAPES[name], color=CHANGED[name], **look) for name in SHAPES},
    }


def _said(found: History, ratios: bool, drawn: int, all_of_them: int) -> str:
    left = f" {drawn} of {all_of_them}; the CSV has all." if drawn < all_of_them else ""
    left = f" Not drawn: runs of other work, or on another machine.{left}" if not ratios else left
    names = "; ".join(f"{number}: {name}" for number, name in enumerate(found.runs[:-1], start=1))
    n = show.counts([one.blocks for one in found.readings])
    return (
        f"Bars: each run's own {show.percent(found.confidence)} interval, n = {n} blocks. Changed: beyond both, "
        f"and beyond an interval that holds for all comparisons together. All panels span the same factor.{left} "
        f"Runs: {names}; {len(found.runs)}: this one."
    )
