"""The training figures: speedup and efficiency against cores, learning curves."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator
from matplotlib.transforms import ScaledTranslation

from scripts import format as show
from scripts.record import Record
from scripts.report.figure_parts import DOUBLINGS, IDEAL, WIDTH, blocks_said, entitle, start
from scripts.report.style import COLOURS, MARKERS, MUTED, PAPER
from scripts.report.tables import counted, valid
from scripts.scaling.rows import TrainingRow

APART = 6  # points between lines at equal cores
INSIDE = 8  # names that a legend inside the axes has room for


@dataclass(frozen=True)
class Dot:
    """One training point over its cores."""

    line: str  # what it is joined with: its curve
    cores: int
    value: float
    low: float | None  # ends of its interval, where there is one
    high: float | None
    hollow: bool  # oversubscribed


def draw_speedup(rows: Sequence[TrainingRow]) -> Figure:
    """Speedup against cores: one line a strategy and model, with the ideal line."""
    figure, axes = start(3.7 + _below(rows))
    unit = {row.point: row.cores for row in rows}
    drawn = _dots(rows, per_core=False)
    _against_cores(figure, axes, drawn)
    cores = sorted({dot.cores for dot in drawn})
    for least in sorted({unit[row.baseline] for row in rows}):
        axes.plot(cores, [c / least for c in cores], label="ideal", **IDEAL)
    if axes.get_xscale() == "log":
        axes.set_yscale("log", base=2)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    else:
        axes.set_ylim(bottom=0)
    axes.set_ylabel("speedup")
    _legend(figure, axes)
    entitle(figure, "Speedup", _said(rows))
    return figure


def draw_efficiency(rows: Sequence[TrainingRow]) -> Figure:
    """Efficiency against cores; its interval is the speedup's, divided by the same cores."""
    figure, axes = start(3.7 + _below(rows))
    _against_cores(figure, axes, _dots(rows, per_core=True))
    axes.axhline(1, label="ideal", **IDEAL)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("efficiency")
    _legend(figure, axes)
    entitle(figure, "Efficiency", _said(rows))
    return figure


def draw_learning(rows: Sequence[TrainingRow], records: Sequence[Record]) -> Figure:
    """Training loss and validation accuracy by epoch: one line for each launch that counts."""
    drawn = valid(rows)
    legend = math.ceil((len(drawn) + 1) / 2)  # its lines, of two names each
    figure = Figure(figsize=(WIDTH, 2.9 + 0.19 * legend), layout="constrained")
    loss, accuracy = figure.subplots(1, 2)
    classes = 0
    for k, (row, colour, marker) in enumerate(zip(drawn, cycle(COLOURS), cycle(MARKERS), strict=False)):
        # Equal curves lie on each other: the earlier point's is wider, and so shows below the later one's.
        look: dict[str, Any] = {"color": colour, "marker": marker, "markersize": 3.5}
        look["linewidth"] = 1.2 + 1.8 * (1 - (k + 1) / len(drawn))
        for i, one in enumerate(counted(records, row)):
            if one.quality is None:
                continue
            classes = len(one.quality.classes)
            epochs = range(1, len(one.quality.epochs) + 1)
            label = f"{row.point} (n = {row.blocks})" if i == 0 else None
            loss.plot(epochs, [epoch.loss for epoch in one.quality.epochs], label=label, **look)
            accuracy.plot(epochs, [epoch.valid_accuracy for epoch in one.quality.epochs], **look)
    if classes > 1:
        loss.axhline(math.log(classes), color=MUTED, linestyle=(0, (1, 2)), linewidth=1, label="guessing: ln(classes)")
        loss.set_ylim(bottom=0)
        figure.legend(loc="outside lower center", ncols=2)
    accuracy.set_ylim(0, 1.02)
    for axes, name in ((loss, "training loss, nats"), (accuracy, "validation accuracy")):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
        axes.set_xlabel("epoch")
        axes.set_title(name, fontsize=9.5, color=MUTED, loc="left", fontweight="normal")
    title = "Learning curves" if classes else "Learning curves: no valid launch"
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    return figure


def _dots(rows: Sequence[TrainingRow], per_core: bool) -> list[Dot]:
    """The valid rows with a speedup; `per_core` divides it and its interval by the cores, the baseline's being one."""
    baseline_cores = {row.point: row.cores for row in rows}

    def scale(row: TrainingRow) -> float:
        return baseline_cores[row.baseline] / row.cores if per_core else 1.0

    names = line_names(rows)
    return [
        Dot(
            line=names[row.curve],
            cores=row.cores,
            value=row.speedup * scale(row),
            low=None if row.speedup_low is None else row.speedup_low * scale(row),
            high=None if row.speedup_high is None else row.speedup_high * scale(row),
            hollow="oversubscribed" in row.marks,
        )
        for row in valid(rows)
        if row.speedup is not None
    ]


def line_names(rows: Sequence[TrainingRow]) -> dict[str, str]:
    """A name for each curve: its strategy, with the model where there are several; its own where two share that."""
    models = len({row.model for row in rows}) > 1
    short = {row.curve: f"{row.strategy}, {row.model}" if models else row.strategy for row in rows}
    shared = Counter(short.values())
    return {curve: name if shared[name] == 1 else curve for curve, name in short.items()}


def _against_cores(figure: Figure, axes: Axes, dots: Sequence[Dot]) -> None:
    """A line through the dots of each name over cores, with error bars where there are any."""
    names = dict.fromkeys(dot.line for dot in dots)
    for i, (name, colour, marker) in enumerate(zip(names, cycle(COLOURS), cycle(MARKERS), strict=False)):
        line = sorted((dot for dot in dots if dot.line == name), key=lambda dot: dot.cores)
        # Lines stand a little apart, or bars at equal cores would hide each other.
        aside = ScaledTranslation((i - (len(names) - 1) / 2) * APART / 72, 0, figure.dpi_scale_trans)
        look: dict[str, Any] = {"color": colour, "transform": axes.transData + aside}
        axes.plot([dot.cores for dot in line], [dot.value for dot in line], zorder=2, **look)
        # In the legend as a full dot, whatever the line's dots are.
        axes.plot([], [], color=colour, marker=marker, label=name)
        for dot in line:
            if dot.low is not None and dot.high is not None:
                reach = [[dot.value - dot.low], [dot.high - dot.value]]
                axes.errorbar(dot.cores, dot.value, reach, capsize=3, zorder=2, **look)
            face = PAPER if dot.hollow else colour
            axes.plot(dot.cores, dot.value, marker, markerfacecolor=face, zorder=3, **look)
    cores = sorted({dot.cores for dot in dots})
    if cores and cores[-1] > cores[0] * 2**DOUBLINGS:
        axes.set_xscale("log", base=2)
    axes.set_xticks(cores, [f"{value}" for value in cores])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("cores")
    axes.margins(x=0.08)
    # What stands aside does not count when matplotlib chooses the limits.
    ends = [(dot.cores, end) for dot in dots for end in (dot.low, dot.value, dot.high) if end is not None]
    if ends:
        axes.update_datalim(ends)
        axes.autoscale_view()


def _said(rows: Sequence[TrainingRow]) -> str:
    """What the bars are and what n is."""
    rows = [row for row in valid(rows) if row.speedup is not None]
    if not rows:
        return "No point has a speedup."
    names = " and ".join(dict.fromkeys(row.baseline for row in rows))
    bars = f"bars: {show.percent(rows[0].confidence)} interval (Student t on log ratios paired by block)"
    if all(row.speedup_low is None for row in rows):
        bars = "no intervals: fewer than 3 blocks"
    return f"Against {names}; {bars}; {blocks_said(rows)}"


def _below(rows: Sequence[TrainingRow]) -> float:
    """Inches that a legend takes below its axes, which has too many names to lie inside."""
    names = len({row.curve for row in valid(rows)})
    return 0.0 if names <= INSIDE else 0.19 * math.ceil((names + 1) / 2)


def _legend(figure: Figure, axes: Axes) -> None:
    handles, labels = axes.get_legend_handles_labels()
    once = dict(zip(labels, handles, strict=True))
    if len(once) <= INSIDE + 1:
        axes.legend(once.values(), once.keys(), loc="best")
    else:
        figure.legend(once.values(), once.keys(), loc="outside lower center", ncols=2)
