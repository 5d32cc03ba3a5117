"""The learning curves of the trainings."""

import math
from collections.abc import Sequence
from itertools import cycle
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from scripts.record import Record
from scripts.report.figures.figure_parts import WIDTH
from scripts.report.figures.style import COLOURS, MARKERS, MUTED
from scripts.report.words.tables import counted, valid
from scripts.scaling.tables.rows import TrainingRow


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
