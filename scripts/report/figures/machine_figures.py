"""The same points on several machines, by node, by core and by price: dots side by side, not divided by each other."""

from collections.abc import Sequence
from itertools import cycle

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from scripts import format as show
from scripts.report.figures.figure_parts import entitle, fill_legend, nothing, start_grid, ticked
from scripts.report.figures.style import COLOURS, MARKERS, MUTED
from scripts.scaling.history.history import Beside, History, Stage

POINTS = 24  # at most
ROW = 0.24  # of a point, inches


def draw_machines(found: History, stage: Stage) -> Figure:
    """A row for each point, a dot for each machine; as many images/s by node come first."""
    title = f"Machines side by side: {stage}"
    some = [one for one in found.beside if one.stage == stage]
    if not some:
        return nothing(title, "All runs that can be set side by side are of one machine.")
    order = list(dict.fromkeys(one.point for one in sorted(some, key=lambda one: -one.images_per_second)))
    drawn = order[:POINTS]
    machines = list(dict.fromkeys(one.machine for one in some))
    figure, panels, below = start_grid([0.4 + ROW * len(drawn)], 3, len(machines))
    looks = dict(zip(machines, zip(cycle(COLOURS), cycle(MARKERS), strict=False), strict=False))
    currencies = sorted({one.currency for one in some if one.per_cost is not None})
    price = currencies[0] if len(currencies) == 1 else ""
    unit = "a GPU" if all(one.gpus for one in some) else "a core or GPU" if any(one.gpus for one in some) else "a core"
    for axes, field, name in zip(
        panels,
        ("per_node", "per_core", "per_cost"),
        ("images/s of a node", f"images/s of {unit}", f"images for one {price or 'unit of price'}"),
        strict=True,
    ):
        axes.set_title(name, fontsize=8.5, loc="left", fontweight="normal")
        axes.set_yticks(range(len(drawn)), drawn if axes is panels[0] else [""] * len(drawn), fontsize=8)
        axes.set_ylim(len(drawn) - 0.5, -0.5)
        shown = [one for one in some if one.point in drawn and getattr(one, field) is not None]
        if field == "per_cost" and len(currencies) > 1:
            _say(axes, f"prices are in\n{' and '.join(one or 'no currency' for one in currencies)}")
        elif not shown:
            _say(axes, "no prices:\nscaling.prices" if field == "per_cost" else "not known")
        else:
            _draw_panel(axes, shown, drawn, field, looks)
    handles = {name: Line2D([], [], color=looks[name][0], marker=looks[name][1], linestyle="none") for name in machines}
    fill_legend(below, figure, handles, 1)
    entitle(figure, title, _said(found, some, len(drawn), len(order)))
    return figure


def table(found: History, stage: Stage) -> pd.DataFrame:
    """All points, drawn or not."""
    lines = [one.model_dump() for one in found.beside if one.stage == stage]
    return pd.DataFrame(lines, columns=list(Beside.model_fields))


def _draw_panel(
    axes: Axes, some: Sequence[Beside], drawn: Sequence[str], field: str, looks: dict[str, tuple[str, str]]
) -> None:
    shift = {name: (number - (len(looks) - 1) / 2) * 0.5 / len(looks) for number, name in enumerate(looks)}
    axes.set_xscale("log")
    for one in some:
        colour, marker = looks[one.machine]
        value, y = getattr(one, field), drawn.index(one.point) + shift[one.machine]
        if one.low is not None and one.high is not None:
            scale = value / one.images_per_second
            axes.hlines(y, scale * one.low, scale * one.high, color=colour, linewidth=1.2)
        axes.plot(value, y, marker, color=colour, markersize=4.5)
    axes.tick_params(axis="x", labelsize=7.5)
    axes.margins(x=0.12)
    ticked(axes.xaxis, *axes.get_xlim())


def _say(axes: Axes, text: str) -> None:
    """A line in place of dots."""
    axes.set_xticks([])
    axes.grid(visible=False)
    axes.text(0.5, 0.5, text, ha="center", va="center", fontsize=8, color=MUTED, transform=axes.transAxes)


def _said(found: History, some: Sequence[Beside], drawn: int, all_of_them: int) -> str:
    left = f" {drawn} of {all_of_them} points; the CSV has all." if drawn < all_of_them else ""
    fields = dict.fromkeys(field for one in some for field in [one.differs] if field)
    return (
        f"Bars: the {show.percent(found.confidence)} interval of each by itself. Machines are not divided by each "
        f"other: they differ in {'; and in '.join(fields)}. Prices are those of each run's own config.{left}"
    )
