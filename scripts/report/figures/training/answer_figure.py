"""The first screen's figure: speedup against cores or GPUs, with what is recommended and the knee."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

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
from scripts.report.figures.style import INK, MUTED, PAPER, colours_of
from scripts.report.words.point_words import line_names, names_of
from scripts.report.words.tables import valid
from scripts.scaling.answers.answer import Recommendation, Recommendations
from scripts.scaling.tables.rows import TrainingRow

HEIGHT = 3.0  # inches


def draw_answer(rows: Sequence[TrainingRow], advice: Recommendations) -> Figure:
    """Of the first baseline of which something is recommended; else of the first."""
    one = next((its for its in advice.recommendations if its.recommended), advice.recommendations[0])
    colours = colours_of(row.strategy for row in rows)
    rows = [row for row in valid(rows) if row.baseline == one.baseline and row.speedup is not None]
    curves = list(dict.fromkeys(row.curve for row in rows))
    if not rows:
        return nothing("Speedup", "No point has a speedup.")
    figure, [axes], legend = start_grid([HEIGHT], 1, (len(curves) + 4) // 2)
    on_gpus = all(row.device == "cuda" for row in rows)
    at = {row.point: row.workers if on_gpus else row.cores for row in rows}
    unit = next((at[row.point] for row in rows if row.point == one.baseline), 1)
    counts = sorted(set(at.values()))
    handles, lines = {}, line_names(rows)
    for curve in curves:
        line = sorted((row for row in rows if row.curve == curve), key=lambda row: at[row.point])
        handles[lines[curve]] = _draw_line(axes, line, at, colours[line[0].strategy])
    if len(counts) > 1:
        (handles["ideal"],) = axes.plot(counts, [count / unit for count in counts], **IDEAL)
    handles |= _mark(axes, one, rows, at)
    _scale(axes, counts)
    axes.set_xlabel("GPUs" if on_gpus else "cores")
    axes.set_ylabel("speedup")
    fill_legend(legend, figure, handles, 2)
    against = names_of(rows).title(one.baseline)
    sure = "bands: intervals of each ratio alone; " if any(row.speedup_low is not None for row in rows) else ""
    entitle(figure, "Speedup", f"Against {against}; {sure}{blocks_said(rows)}")
    return figure


def _draw_line(axes: Axes, line: Sequence[TrainingRow], at: dict[str, int], colour: str) -> object:
    """A curve with the band of its intervals; a lone point has a bar. Its handle of the legend."""
    x, y = [at[row.point] for row in line], [row.speedup or 0.0 for row in line]
    lows = [row.speedup if row.speedup_low is None else row.speedup_low for row in line]
    highs = [row.speedup if row.speedup_high is None else row.speedup_high for row in line]
    if len(line) > 1:
        axes.fill_between(x, lows, highs, color=colour, alpha=0.18, linewidth=0)  # type: ignore[arg-type]
    else:
        axes.vlines(x, lows, highs, color=colour, linewidth=1)  # type: ignore[arg-type]
    (handle,) = axes.plot(x, y, "o-", color=colour, markersize=4)
    for row in line:
        if row.has("oversubscribed"):
            axes.plot(at[row.point], row.speedup or 0.0, "o", color=colour, markerfacecolor=PAPER, markersize=4)
    return handle


def _mark(axes: Axes, one: Recommendation, rows: Sequence[TrainingRow], at: dict[str, int]) -> dict[str, object]:
    """A ring about what is recommended, a line where further cores stop to bring much."""
    handles: dict[str, object] = {}
    if one.knee is not None:
        knee = next(
            (at[row.point] for row in rows if row.cores == one.knee.cores and row.curve == one.knee.curve), None
        )
        if knee is not None:
            handles["knee"] = axes.axvline(knee, color=MUTED, linewidth=1, linestyle=(0, (1, 2)), zorder=1)
    row = next((row for row in rows if one.recommended and row.point == one.recommended.point), None)
    if row is not None:
        look: dict[str, Any] = {
            "markersize": 13,
            "markerfacecolor": "none",
            "markeredgewidth": 1.8,
            "linestyle": "none",
        }
        axes.plot(at[row.point], row.speedup or 0.0, "o", color=INK, zorder=4, **look)
        (handles["recommended"],) = axes.plot([], [], "o", color=INK, **(look | {"markersize": 8}))
    return handles


def _scale(axes: Axes, counts: Sequence[int]) -> None:
    if counts[-1] > counts[0] * 2**DOUBLINGS:
        axes.set_xscale("log", base=2)
        axes.set_yscale("log", base=2)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    else:
        axes.set_ylim(bottom=0)
    tick_counts(axes, counts)
    axes.margins(x=0.1)
