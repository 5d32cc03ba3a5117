"""The plot of a series: speedup and efficiency against cores or GPUs, on doubling axes, with the ideal line."""

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from scripts.atomic import replacing
from scripts.report.figures.figure_parts import IDEAL
from scripts.report.figures.style import COLOURS, MUTED, PAPER, styled
from scripts.report.proposal.series import Line, Series
from scripts.scaling.comparing.ratios import Ratio

SIZE = (6.7, 2.5)  # inches: the width of a page's text
GOOD = 0.8  # efficiency below which reviewers ask why (POP Centre of Excellence)
NOTHING = {"CreationDate": None, "Creator": None, "Producer": None}


def draw(series: Series) -> Figure:
    """Dots are ratios that may be quoted, with their intervals; a grey bar without a dot is a tie."""
    with styled():
        figure = Figure(figsize=SIZE, layout="constrained")
        left, right = figure.subplots(1, 2)
        unit = "GPUs" if any(line.gpus for line in series.lines) else "cores"
        one = Ratio(1.0, 1.0, 1.0)
        counts = [line.count for line in series.lines]
        base = next(line.count for line in series.lines if line.row.point == series.baseline.point)
        left.plot(sorted(counts), [count / base for count in sorted(counts)], label="ideal", **IDEAL)
        right.axhline(1, **IDEAL)
        right.axhline(GOOD, **(IDEAL | {"linestyle": ":"}))
        _plot(left, series.lines, [line.speedup or one for line in series.lines])
        _plot(right, series.lines, [series.efficiency(line) or one for line in series.lines])
        left.set_yscale("log", base=2)
        left.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        right.set_ylim(0, 1.06 * max(1.0, right.get_ylim()[1]))
        left.set_ylabel("speedup" if series.scaling == "strong" else "scaled speedup")
        right.set_ylabel("parallel efficiency")
        for axes in (left, right):
            axes.set_xscale("log", base=2)
            axes.set_xticks(sorted(set(counts)), [f"{count}" for count in sorted(set(counts))])
            axes.xaxis.set_minor_locator(NullLocator())
            axes.set_xlabel(unit)
            axes.margins(x=0.12)
        left.legend(loc="upper left")
    return figure


def _plot(axes: Axes, lines: list[Line], ratios: list[Ratio]) -> None:
    quoted = [(line.count, ratio.value) for line, ratio in zip(lines, ratios, strict=True) if not line.tied]
    axes.plot(*zip(*quoted, strict=True), color=COLOURS[0], zorder=2)
    for line, ratio in zip(lines, ratios, strict=True):
        look: dict[str, Any] = {"color": MUTED if line.tied else COLOURS[0], "zorder": 2 if line.tied else 3}
        if ratio.low is not None and ratio.high is not None:
            reach = [[ratio.value - ratio.low], [ratio.high - ratio.value]]
            axes.errorbar(line.count, ratio.value, reach, capsize=3, **look)
        if not line.tied:
            axes.plot(line.count, ratio.value, "o", markeredgecolor=PAPER, **look)


def save(figure: Figure, folder: Path, name: str) -> None:
    """Write a figure twice: PDF for LaTeX, PNG for Word."""
    with styled():
        with replacing(folder / f"{name}.pdf") as temporary:
            figure.savefig(temporary, format="pdf", metadata=NOTHING)
        with replacing(folder / f"{name}.png") as temporary:
            figure.savefig(temporary, format="png", dpi=200, facecolor="white", metadata={"Software": None})
