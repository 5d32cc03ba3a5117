"""The learning curves of the trainings."""

import math
from collections.abc import Sequence
from itertools import accumulate, cycle
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from scripts.record import Record
from scripts.report.figures.figure_parts import WIDTH, nothing
from scripts.report.figures.style import MARKERS, MUTED, colours_of
from scripts.report.words.point_words import names_of
from scripts.report.words.tables import counted, valid
from scripts.scaling.tables.rows import TrainingRow


def draw_learning(rows: Sequence[TrainingRow], records: Sequence[Record]) -> Figure:
    """Training loss and validation accuracy, by epoch and by time: one line for each launch that counts."""
    drawn = [row for row in valid(rows) if any(one.quality is not None for one in counted(records, row))]
    if not drawn:
        return nothing("Learning curves", "No valid launch tells what was learned.")
    names, colours = names_of(rows), colours_of(row.strategy for row in drawn)
    legend = math.ceil((len(drawn) + 1) / 2)  # its lines, of two names each
    figure = Figure(figsize=(WIDTH, 4.9 + 0.19 * legend), layout="constrained")
    grid = figure.subplots(2, 2)
    classes = 0
    for k, (row, marker) in enumerate(zip(drawn, cycle(MARKERS), strict=False)):
        # Equal curves lie on each other: the earlier point's is wider, and so shows below the later one's.
        look: dict[str, Any] = {"color": colours[row.strategy], "marker": marker, "markersize": 3.5, "markevery": [-1]}
        look["linewidth"] = 1.2 + 1.8 * (1 - (k + 1) / len(drawn))
        for i, one in enumerate(counted(records, row)):
            if one.quality is None:
                continue
            classes = len(one.quality.classes)
            epochs = one.quality.epochs
            label = f"{names.title(row.point)} (n = {row.blocks})" if i == 0 else None
            passed = list(accumulate(epoch.seconds for epoch in epochs))
            for (loss, accuracy), along in zip(grid, (range(1, len(epochs) + 1), passed), strict=True):
                loss.plot(along, [epoch.loss for epoch in epochs], label=label, **look)
                accuracy.plot(along, [epoch.valid_accuracy for epoch in epochs], **look)
                label = None
    for (loss, accuracy), unit in zip(grid, ("epoch", "training seconds"), strict=True):
        if classes > 1:
            label = "guessing: ln(classes)" if unit == "epoch" else None
            loss.axhline(math.log(classes), color=MUTED, linestyle=(0, (1, 2)), linewidth=1, label=label)
            loss.set_ylim(bottom=0)
        accuracy.set_ylim(0, 1.02)
        for axes, name in ((loss, "training loss, nats"), (accuracy, "validation accuracy")):
            axes.xaxis.set_major_locator(MaxNLocator(integer=unit == "epoch", nbins=6))
            axes.set_xlabel(unit)
            axes.set_title(name, fontsize=9.5, color=MUTED, loc="left", fontweight="normal")
    figure.legend(loc="outside lower center", ncols=2)
    figure.suptitle("Learning curves", x=0.01, ha="left", fontsize=11, fontweight="bold")
    return figure
