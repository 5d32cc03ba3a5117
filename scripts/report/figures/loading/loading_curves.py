"""How loading grows with its workers: images per second, one line a backend."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

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
from scripts.report.figures.loading.loading_figures import (
    AXES,
    NOTHING,
    PANEL,
    face,
    measured,
    rate,
    scale,
    several,
    situations,
)
from scripts.report.figures.style import COLOURS, MARKERS
from scripts.scaling.tables.rows import LoadingRow


@dataclass(frozen=True)
class Panel:
    """One part of the curves: a line for each backend."""

    title: str
    over: str  # workers or chunk
    rows: list[LoadingRow]
    unit: float | None = None  # images/s of the serial baseline, where it is to be seen

    def __contains__(self, backend: str) -> bool:
        return any(row.backend == backend for row in self.rows)


def draw_curves(rows: Sequence[LoadingRow]) -> Figure:
    """Images per second over workers, one line a backend, for each situation; and over chunks, where it has several."""
    _, drawn = measured(rows)
    panels = _panels(drawn)
    if not panels:
        return nothing(
            "Loading throughput by workers", "No backend was measured with several workers." if drawn else NOTHING
        )
    backends = [name for name in dict.fromkeys(row.backend for row in drawn) if any(name in one for one in panels)]
    columns = min(2, len(panels))
    lines = -(-len(panels) // columns)
    figure, grid, below = start_grid([3.4 if columns == 1 else 2.6] * lines, columns, len(backends) // 3 + 1)
    handles: dict[str, Any] = {}
    for axes, panel in zip(grid, panels, strict=False):
        _draw_lines(axes, panel, backends)
        handles |= dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
        axes.set_title(panel.title if len(panels) > 1 else "", **PANEL)
    for axes in grid[len(panels) :]:
        axes.set_axis_off()
    shown = {name.replace("_", " "): handles[name] for name in (*backends, "ideal") if name in handles}
    fill_legend(below, figure, shown, 3)
    n = blocks_said([row for panel in panels for row in panel.rows])
    said = (
        "Medians, thin bars as in the figure of throughput; each backend that can have several workers, with the "
        f"settings that are fastest with its most; ideal: the serial baseline times the workers; {n}"
    )
    entitle(figure, "Loading throughput by workers", said)
    return figure


def _variant(row: LoadingRow, *but: str) -> tuple[object, ...]:
    """What else tells a point of a backend from the others."""
    return row.backend, *(getattr(row, axis) for axis in AXES if axis not in but)


def _fastest(rows: Sequence[LoadingRow]) -> list[LoadingRow]:
    """Of each backend, the point that is fastest with its most workers."""
    found: dict[str, LoadingRow] = {}
    for row in rows:
        best = found.setdefault(row.backend, row)
        if (row.workers, rate(row)) > (best.workers, rate(best)):
            found[row.backend] = row
    return list(found.values())


def _panels(rows: Sequence[LoadingRow]) -> list[Panel]:
    """What there is to be seen: of each situation the backends of several worker counts; their chunks."""
    found = []
    grouped = dict(situations(rows))
    for name, some in grouped.items():
        lines = {_variant(row) for row in _fastest(some)}
        curves = [row for row in some if _variant(row) in lines and several("workers", row, some)]
        unit = next((rate(row) for row in some if row.point == row.baseline), None)
        found += [Panel(name, "workers", curves, unit)] if curves else []
    warm = grouped.get("warm page cache", [])
    chunked = [row for row in warm if several("chunk", row, warm)]
    if chunked:
        most = max(row.workers for row in chunked)
        lines = {_variant(row, "chunk") for row in _fastest(chunked)}
        some = [row for row in chunked if row.workers == most and _variant(row, "chunk") in lines]
        found.append(Panel(f"warm, {most} workers", "chunk", some))
    return found


def _draw_lines(axes: Axes, panel: Panel, backends: Sequence[str]) -> None:
    """A line for each backend, always of the same look."""
    ticks = sorted({getattr(row, panel.over) for row in panel.rows})
    for name, colour, marker in zip(backends, cycle(COLOURS), cycle(MARKERS), strict=False):
        line = sorted((row for row in panel.rows if row.backend == name), key=lambda row: getattr(row, panel.over))
        if not line:
            continue
        x = [getattr(row, panel.over) for row in line]
        y = [rate(row) for row in line]
        axes.plot(x, y, linewidth=1.2, color=colour)
        axes.plot([], [], marker=marker, markersize=4, linewidth=1.2, color=colour, label=name)
        for at, row in zip(x, line, strict=True):
            axes.plot(at, rate(row), marker, markersize=4, color=colour, markerfacecolor=face(row, colour))
            if row.images_per_second_low is not None and row.images_per_second_high is not None:
                axes.vlines(at, row.images_per_second_low, row.images_per_second_high, color=colour, linewidth=0.8)
    if panel.unit is not None:
        axes.plot(ticks, [panel.unit * workers for workers in ticks], label="ideal", **IDEAL)
    logarithmic = ticks[-1] > ticks[0] * 2**DOUBLINGS
    if logarithmic or panel.over == "chunk":
        axes.set_xscale("log", base=2)
    tick_counts(axes, ticks)
    axes.margins(x=0.08)
    scale(axes, "y", [rate(row) for row in panel.rows], logarithmic and panel.unit is not None)
    axes.set_xlabel("workers" if panel.over == "workers" else "images of a chunk")
    axes.set_ylabel("images/s")
