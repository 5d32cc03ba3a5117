"""What the laws say of more workers, beside what was measured: a panel for each curve that could contradict one."""

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from scripts import format as show
from scripts.report.figures.figure_parts import IDEAL, entitle, fill_legend, nothing, start_grid, tick_counts
from scripts.report.figures.style import COLOURS, MUTED
from scripts.report.words.point_words import names_of
from scripts.scaling.answers.laws import CurveLaws, Laws
from scripts.scaling.tables.compared import compared
from scripts.scaling.tables.rows import TrainingRow

HEIGHT = 2.2  # of a panel, inches


def draw_laws(laws: Laws, rows: Sequence[TrainingRow]) -> Figure:
    """Speedup against the curve's least worker count: dots are measured, lines and bands predicted."""
    curves = [curve for curve in laws.curves if curve.predictions]
    if not curves:
        return nothing("Scaling laws", "No law can be told: n = 0 curves with three worker counts.")
    columns = 2 if len(curves) > 1 else 1
    figure, axes, legend = start_grid([HEIGHT] * math.ceil(len(curves) / columns), columns, 2)
    names = names_of(rows)
    for one, curve in zip(axes, curves, strict=False):
        _draw_panel(one, curve, [row for row in rows if row.curve == curve.curve], names.title(curve.curve))
    for one in axes[len(curves) :]:
        one.set_axis_off()
    drawn = [one.get_legend_handles_labels() for one in reversed(axes[: len(curves)])]
    handles = {label: handle for handles, labels in drawn for handle, label in zip(handles, labels, strict=True)}
    fill_legend(legend, figure, handles, 2)
    n = show.counts([curve.blocks for curve in curves])
    sure = show.percent(rows[0].confidence)
    said = f"Band: {sure}, of all costs that the blocks do not speak against; n = {n} blocks."
    entitle(figure, "Scaling laws", said)
    return figure


def _draw_panel(axes: Axes, curve: CurveLaws, rows: Sequence[TrainingRow], words: str) -> None:
    least, colour = curve.workers[0], COLOURS[0]
    foretold = [(one.workers, one.speedup) for one in curve.predictions if one.speedup is not None]
    inside = [(least, 1.0), *((n, speedup) for n, speedup in foretold if n in curve.workers)]
    outside = [(n, speedup) for n, speedup in foretold if n not in curve.workers]
    if foretold:
        axes.plot(*zip(*inside, strict=True), color=colour, label="law")
    if outside:
        dotted = [inside[-1], *outside]
        axes.plot(*zip(*dotted, strict=True), color=colour, linestyle=(0, (1, 1.5)), label="law, extrapolated")
    banded = [(one.workers, one.low, one.high) for one in curve.predictions if one.low and one.high]
    if banded:
        at, lows, highs = zip((least, 1.0, 1.0), *banded, strict=True)
        axes.fill_between(at, lows, highs, color=colour, alpha=0.18, linewidth=0, label="band")
    by_workers = {row.workers: row for row in rows if row.workers in curve.workers}
    comparison = compared([row for row in rows if row.baseline == by_workers[least].baseline])
    for n, row in by_workers.items():
        ratio = comparison.ratio(row.point, by_workers[least].point)
        if ratio is None:
            continue
        axes.plot(n, ratio.value, "o", color=COLOURS[1], label="measured" if n == least else None)
        if ratio.low is not None and ratio.high is not None and n != least:
            axes.errorbar(n, ratio.value, [[ratio.value - ratio.low], [ratio.high - ratio.value]], color=COLOURS[1])
    ends = [least, curve.predictions[-1].workers]
    axes.plot(ends, [end / least for end in ends], **IDEAL)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log", base=2)
    ticks = sorted({*curve.workers, *(one.workers for one in curve.predictions)})
    tick_counts(axes, ticks)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_xlabel("workers")
    axes.set_ylabel("speedup")
    law = curve.chosen or "no single law"
    axes.set_title(f"{words}: {law}", fontsize=8.5, color=MUTED, loc="left", fontweight="normal")
