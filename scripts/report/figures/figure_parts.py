"""What the figures share: their size, titles, legends, reference lines, and how they are written."""

import math
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from matplotlib.transforms import Bbox, blended_transform_factory

from scripts import format as show
from scripts.atomic import replacing
from scripts.report.figures.style import MUTED
from scripts.scaling.tables.rows import LoadingRow, TrainingRow

WIDTH = 5.2  # inches
DPI = 200
ROOM = 10  # numbers below an axis, at most, from end to end
DOUBLINGS = 3  # more of them on an axis of cores or workers make it logarithmic
APART = 0.19  # of an axis, between two numbers on it that are not to touch
NAME = 0.2  # of a line of a legend, inches
IDEAL: dict[str, Any] = {"color": MUTED, "linestyle": (0, (4, 3)), "linewidth": 1, "zorder": 1}


def save(figure: Figure, folder: Path, name: str, table: pd.DataFrame | None = None) -> None:
    """Write a figure twice: SVG without a background, for any page; PNG on white. And what it shows, as CSV."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axes in figure.axes:
        # The layout's solver differs from run to run in the last digits, and an SVG's ids are digests of all digits.
        axes.set_position(Bbox(axes.get_position().get_points().round(6)))
    with replacing(folder / f"{name}.svg") as temporary:
        figure.savefig(temporary, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    with replacing(folder / f"{name}.png") as temporary:
        figure.savefig(temporary, format="png", dpi=DPI, facecolor="white", metadata={"Software": None})
    if table is not None:
        with replacing(folder / f"{name}.csv") as temporary:
            table.to_csv(temporary, index=False, float_format="%.6g")


def nothing(title: str, why: str) -> Figure:
    """What stands in place of a figure that has nothing to show: a line of text."""
    figure = Figure(figsize=(WIDTH, 0.6), layout="constrained")
    entitle(figure, title, why)
    return figure


def stack(axes: Axes, y: float, parts: Sequence[tuple[float, str]], text: str) -> None:
    """A bar of parts, each of a length and a colour, from 0; those below 0 to the left. Its text stands at its end."""
    ends = {True: 0.0, False: 0.0}  # of what is drawn already: left of 0, and right of it
    for length, colour in parts:
        axes.barh(y, length, left=ends[length < 0], color=colour, height=0.72)
        ends[length < 0] += length
    axes.annotate(text, (ends[False], y), (3, 0), textcoords="offset points", va="center", fontsize=7.5)


def start(height: float) -> tuple[Figure, Axes]:
    """A figure of this height, inches, and its only axes."""
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    return figure, figure.subplots()


def start_grid(heights: Sequence[float], columns: int, names: int) -> tuple[Figure, list[Axes], Axes]:
    """A figure whose rows of axes have these heights, inches; below them axes for a legend of `names` lines."""
    ratios = [*heights, NAME * (names or 1)]
    figure = Figure(figsize=(WIDTH, 1.2 + sum(ratios)), layout="constrained")
    grid = figure.add_gridspec(len(ratios), columns, height_ratios=ratios)
    axes = [figure.add_subplot(grid[i, j]) for i in range(len(heights)) for j in range(columns)]
    return figure, axes, figure.add_subplot(grid[-1, :])


def fill_legend(axes: Axes, figure: Figure, handles: Mapping[str, Any], columns: int) -> None:
    """The names in axes that show nothing else, from the figure's left edge."""
    axes.set_axis_off()
    place = blended_transform_factory(figure.transFigure, axes.transAxes)
    look: dict[str, Any] = {"loc": "center left", "bbox_to_anchor": (0.01, 0.5), "bbox_transform": place}
    # Out of the layout, or the axes above would make room for what stands left of them.
    axes.legend(handles.values(), handles.keys(), ncols=columns, borderaxespad=0, **look).set_in_layout(False)


def round_ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers between two positive ends, for an axis that is logarithmic: evenly spaced, or 1, 2 and 5 of each
    power of ten where the ends are far apart.
    """
    if high > 4 * low:
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        found = [digit * 10.0**power for power in powers for digit in (1, 2, 5)]
    else:
        step = 10.0 ** math.floor(math.log10(high - low))
        step = next(step * part for part in (0.1, 0.2, 0.5, 1, 2, 5) if (high - low) / (step * part) <= most)
        found = [step * number for number in range(math.ceil(low / step), math.floor(high / step) + 1)]
    kept: list[float] = []
    for value in found:
        if low <= value <= high and (not kept or math.log(value / kept[-1]) > APART * math.log(high / low)):
            kept.append(float(f"{value:.6g}"))
    return kept[:: math.ceil(len(kept) / most) or 1]


def ticked(axis: Axis, low: float, high: float, most: int = 5) -> None:
    """Round numbers on a logarithmic axis, and nothing between them."""
    axis.set_major_locator(FixedLocator(round_ticks(low, high, most)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))


def tick_counts(axes: Axes, counts: Sequence[int]) -> None:
    """A number below each count of the x axis that has room for it, from the least on; nothing between them."""
    place = math.log2 if axes.get_xscale() == "log" else float
    apart = (place(counts[-1]) - place(counts[0])) / ROOM
    shown = list(counts[:1])
    for count in counts[1:]:
        if place(count) - place(shown[-1]) >= apart:
            shown.append(count)
    axes.set_xticks(shown, [f"{count}" for count in shown])
    axes.xaxis.set_minor_locator(NullLocator())


def short(value: float) -> str:
    """A number of an axis: `1.85`, `2,500`, `7.5 M`."""
    return f"{value / 1e6:,g} M" if value >= 1e6 else f"{value:,g}"


def blocks_said(rows: Sequence[TrainingRow] | Sequence[LoadingRow], dots: bool = True) -> str:
    """n, and what hollow dots are where there are any."""
    n = show.counts([row.blocks for row in rows])
    hollow = " Hollow: oversubscribed." if dots and any("oversubscribed" in row.marks for row in rows) else ""
    return f"n = {n} block{'' if n == '1' else 's'}.{hollow}"


def entitle(figure: Figure, title: str, said: str) -> None:
    """A bold title above, small print below, both flush with the figure's left edge."""
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    figure.supxlabel(textwrap.fill(said, 76), x=0.01, ha="left", fontsize=8.5, color=MUTED)
