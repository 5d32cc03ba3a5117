"""The loading figures of each way to load: its throughput, and where its time goes; what loading_curves.py shares."""

from collections.abc import Sequence
from itertools import cycle
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from scripts import format as show
from scripts.record import Record
from scripts.report.figures.figure_parts import blocks_said, entitle, fill_legend, nothing, stack, start_grid
from scripts.report.figures.style import COLOURS, INK, MUTED, PAPER
from scripts.report.words.point_words import loaded_by, names_of, varying
from scripts.report.words.tables import counted, valid
from scripts.scaling.tables.rows import LoadingRow

# What a launch that passes over the images once spends its time on, from the left; their sum is `whole_seconds`.
PARTS = {
    "once": "once: start, stop",
    "read": "read",
    "decode": "decode",
    "transport": "transport: hand over, wait",
    "take": "take",
}
CACHES = {"warm": "o", "cold": "s"}  # markers
AXES = ("chunk", "start_method", "returns", "prefetch", "source")  # what a backend may have several ways of
PITCH, GAP = 0.105, 0.13  # inches: from dot to dot of one way, and between two ways
LINE = 11  # points, from one line of ceilings' names to the next
CEILING: dict[str, Any] = {"color": MUTED, "linestyle": (0, (1, 2)), "linewidth": 1}
DWARFED = 20  # throughputs further apart than this stand on a logarithmic axis
FAR = 3  # times the fastest way: a ceiling beyond it is named at the edge, and does not stretch the axis
COLUMNS = 3  # of the legend of throughput
PANEL: dict[str, Any] = {"fontsize": 9.5, "color": MUTED, "loc": "left", "fontweight": "normal"}
DECADES = 1000  # further apart, only powers of ten have room on an axis
NOTHING = "No valid point."


def draw_throughput(rows: Sequence[LoadingRow], records: Sequence[Record]) -> Figure:
    """Images per second of each way to load, the fastest first: the median, and its interval or what its blocks span;
    the ceilings.
    """
    ceilings, drawn = measured(rows)
    names = _ways(drawn)
    if not drawn:
        return nothing("Loading throughput", NOTHING)
    ways = [[row for row in drawn if names[row.point] == name] for name in dict.fromkeys(names.values())]
    ways.sort(key=lambda way: -max(map(rate, way)))
    workers = sorted({row.workers for row in drawn})
    handles = _handles(drawn, workers)
    height = 0.3 + PITCH * len(drawn) + GAP * len(ways) + 0.15 * len(ceilings)
    figure, [axes], below = start_grid([height], 1, -(-len(handles) // COLUMNS))
    ticks: list[float] = []
    y = GAP
    for way in ways:
        ticks.append(y + PITCH * (len(way) - 1) / 2)
        for row in way:
            colour = COLOURS[workers.index(row.workers) % len(COLOURS)]
            axes.plot(_reach(row, records), [y, y], color=colour, linewidth=1.6, solid_capstyle="butt", zorder=2)
            look: dict[str, Any] = {"color": colour, "markerfacecolor": face(row, colour), "zorder": 3}
            axes.plot([rate(row)], [y], CACHES[row.page_cache], **look)
            y += PITCH
        y += GAP
    fastest = max(map(rate, drawn))
    seen = [rate(row) for row in [*drawn, *ceilings] if rate(row) <= FAR * fastest]
    axes.update_datalim([(value, GAP) for value in seen])
    axes.autoscale_view()
    scale(axes, "x", seen)
    axes.set_ylim(y - PITCH, 0)
    _name_ceilings(axes, ceilings)
    axes.set_yticks(ticks, [names[way[0].point] for way in ways])
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("images/s")
    fill_legend(below, figure, handles, COLUMNS)
    entitle(figure, "Loading throughput", _said(drawn, ceilings))
    return figure


def draw_phases(rows: Sequence[LoadingRow]) -> Figure:
    """What the seconds of one launch are spent on, the least first: a stack of parts for each way to load."""
    drawn = [row for row in valid(rows) if row.whole_seconds is not None and row.way]
    if not drawn:
        return nothing("Where the time of loading goes", NOTHING)
    panels = [(name, sorted(some, key=lambda row: row.whole_seconds or 0.0)) for name, some in situations(drawn)]
    heights = [0.3 + 0.17 * len(some) for _, some in panels]
    names = names_of([], rows)
    figure, grid, below = start_grid(heights, 1, 2)
    for axes, (name, some) in zip(grid, panels, strict=False):
        for y, row in enumerate(some):
            lengths = [getattr(row, f"{part}_seconds") or 0.0 for part in PARTS]
            stack(axes, y, list(zip(lengths, COLOURS, strict=False)), f"{show.number(row.whole_seconds)} s")
        axes.set_yticks(range(len(some)), [names.title(row.point) for row in some], fontsize=8.5)
        axes.set_ylim(len(some) - 0.5, -0.5)
        axes.margins(x=0.13)  # room for the last number
        axes.axvline(0, color=MUTED, linewidth=0.8)
        axes.grid(axis="y", visible=False)
        axes.set_title(name if len(panels) > 1 else "", **PANEL)
    grid[-1].set_xlabel("seconds")
    n = blocks_said(drawn, dots=False)
    said = f"One launch that passes over the images once, of the median block; at the bar's end the sum; {n}"
    if any((row.transport_seconds or 0.0) < 0 for row in drawn):
        said += " Left of 0: faster than work divided evenly among the workers."
    colours = dict(zip(PARTS.values(), COLOURS, strict=False))
    fill_legend(below, figure, {name: Patch(color=colour) for name, colour in colours.items()}, 3)
    entitle(figure, "Where the time of loading goes", said)
    return figure


def measured(rows: Sequence[LoadingRow]) -> tuple[list[LoadingRow], list[LoadingRow]]:
    """The valid ceilings, and the valid ways to load."""
    drawn = [row for row in valid(rows) if row.images_per_second is not None]
    return [row for row in drawn if row.ceiling], [row for row in drawn if row.way]


def situations(rows: Sequence[LoadingRow]) -> list[tuple[str, list[LoadingRow]]]:
    """The rows by what they load from, which no speedup compares."""
    names = ["remote" if row.source == "remote" else f"{row.page_cache} page cache" for row in rows]
    return [
        (name, [row for row, its in zip(rows, names, strict=True) if its == name])
        for name in ("warm page cache", "cold page cache", "remote")
        if name in names
    ]


def _ways(rows: Sequence[LoadingRow]) -> dict[str, str]:
    """What each point is called: its backend, and what tells it from other points of that backend but for workers."""
    names = {}
    for row in rows:
        names[row.point] = ", ".join([row.backend.replace("_", " "), *varying(row, rows, AXES)])
    return names


def several(axis: str, row: LoadingRow, rows: Sequence[LoadingRow]) -> bool:
    """Whether the row's backend has several values of an axis."""
    return len({getattr(other, axis) for other in rows if other.backend == row.backend}) > 1


def rate(row: LoadingRow) -> float:
    """Images per second of a row that has them."""
    return row.images_per_second or 0.0


def _reach(row: LoadingRow, records: Sequence[Record]) -> list[float]:
    """The ends of a row's bar: of its interval, or else of its blocks."""
    if row.images_per_second_low is not None and row.images_per_second_high is not None:
        return [row.images_per_second_low, row.images_per_second_high]
    rates = [one.images_per_second for one in counted(records, row)]
    return [min(rates), max(rates)]


def scale(axes: Axes, which: str, values: Sequence[float], logarithmic: bool = False) -> None:
    """From 0; or logarithmic, also where the least would not be seen beside the greatest."""
    axis = getattr(axes, f"{which}axis")
    span = max(values) / min(values)
    if logarithmic or span > DWARFED:
        axes.set(**{f"{which}scale": "log"})
        axis.set_major_locator(LogLocator(subs=(1, 3) if span < DECADES else (1,)))
        axis.set_minor_locator(NullLocator())
    else:
        axes.set(**{f"{which}lim": (0, None)})
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def _name_ceilings(axes: Axes, ceilings: Sequence[LoadingRow]) -> None:
    """A line for each ceiling up to its name, which has a line of text of its own; beyond the axis only the name."""
    left, right = axes.get_xlim()
    place: dict[str, Any] = {"xycoords": axes.get_xaxis_transform(), "textcoords": "offset points"}
    stem: dict[str, Any] = {"arrowstyle": "-", "shrinkA": 0, "shrinkB": 0, **CEILING}
    for i, row in enumerate(sorted(ceilings, key=rate)):
        x, up, name = rate(row), LINE * (i + 0.7), f"{loaded_by(row)}: {show.number(row.images_per_second)}"
        if x > right:
            axes.annotate(f"{name} →", (right, 1), (0, up), ha="right", va="center", fontsize=8, color=INK, **place)
            continue
        axes.axvline(x, zorder=1, **CEILING)
        axes.annotate("", (x, 1), (0, up), arrowprops=stem, **place)
        half = axes.transData.inverted().transform(axes.transAxes.transform((0.5, 0)))[0]
        aside, side = (3, "left") if x < half else (-3, "right")
        axes.annotate(name, (x, 1), (aside, up), ha=side, va="center", fontsize=8, color=INK, **place)
    axes.set_xlim(left, right)


def face(row: LoadingRow, colour: str) -> str:
    """What fills a dot."""
    return PAPER if "oversubscribed" in row.marks else colour


def _handles(rows: Sequence[LoadingRow], workers: Sequence[int]) -> dict[str, Line2D]:
    """The names of colours and, where there are several, of markers."""
    dot: dict[str, Any] = {"linestyle": "none", "marker": "o"}
    found = {
        f"{count} worker{'s' if count > 1 else ''}": Line2D([], [], **dot | {"color": colour})
        for count, colour in zip(workers, cycle(COLOURS), strict=False)
    }
    if len({row.page_cache for row in rows}) > 1:
        found |= {
            f"{name} page cache": Line2D([], [], **dot | {"color": MUTED, "marker": CACHES[name]}) for name in CACHES
        }
    return found


def _said(rows: Sequence[LoadingRow], ceilings: Sequence[LoadingRow]) -> str:
    """What the dots, bars and lines are, and what n is."""
    without = [row.images_per_second_low is None for row in rows]
    interval = f"{show.percent(rows[0].confidence)} interval (Student t on log rates)"
    least = "from the least to the greatest block"
    bars = least if all(without) else f"{interval}, or {least} where n is below 3" if any(without) else interval
    lines = " Dotted: ceilings, no ways to load." if ceilings else ""
    return f"Median; bars: {bars}; {blocks_said(rows)}{lines}"
