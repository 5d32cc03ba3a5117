"""The usage figure: what trainings used of their machine, second by second; a line of panels for each point."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from scripts.report.figures.figure_parts import WIDTH, entitle, nothing
from scripts.report.figures.style import COLOURS, MUTED
from scripts.report.words.point_words import Names

MOST = 12  # points that a figure has room for
LOOKS = 240  # of a line at most: beyond, means of some in a row
HEIGHT, MARGINS = 0.52, 1.1  # inches: of a panel, and of all that is around them
# Title, columns of scripts/training/launch/monitor.py that are added up, and what they are divided by.
PANELS = {
    "CPU, cores": (["cpu_cores"], 1.0),
    "memory, GiB": (["memory_bytes"], 2.0**30),
    "disk, MB/s": (["read_bytes_per_second", "written_bytes_per_second"], 1e6),
    "network, MB/s": (["sent_bytes_per_second"], 1e6),
    "GPU, share": (["gpu_utilisation"], 1.0),
    "GPU mem., GiB": (["gpu_memory_bytes"], 2.0**30),
    "GPU, W": (["gpu_watts"], 1.0),
}


def draw_usage(usage: Mapping[str, pd.DataFrame], names: Names) -> Figure:
    """Of each point of `usage`, whose tables hold the samples of its first block; several nodes are added up.

    What was not seen, or never moved from 0, has no panels. Those of one thing share their axis, and all share seconds.
    """
    shown = dict(list(usage.items())[:MOST])
    panels = {
        title: how
        for title, how in PANELS.items()
        if any((table[column].astype(float) > 0).any() for table in shown.values() for column in how[0])
    }
    if not panels:
        return nothing("What trainings used", "Nothing was seen of it.")
    figure = Figure(figsize=(WIDTH, MARGINS + HEIGHT * len(shown)), layout="constrained")
    grid = figure.subplots(len(shown), len(panels), sharex=True, sharey="col", squeeze=False)
    for axes, (point, table) in zip(grid, shown.items(), strict=True):
        for panel, (columns, unit) in zip(axes, panels.values(), strict=True):
            line = by_second(table, columns) / unit
            panel.fill_between(line.index, line, color=COLOURS[0], alpha=0.18, linewidth=0)
            panel.plot(line.index, line, color=COLOURS[0], linewidth=1)
            panel.set_ylim(bottom=0)
            panel.yaxis.set_major_locator(MaxNLocator(nbins=2))
            panel.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=3))
            panel.tick_params(labelsize=7)
        words = names.title(point).replace(", ", "\n")
        axes[0].set_ylabel(words, rotation=0, ha="right", va="center", fontsize=7.5)
    for panel, title in zip(grid[0], panels, strict=True):
        panel.set_title(title, fontsize=8.5, color=MUTED, loc="left", fontweight="normal")
    for panel in grid[-1]:
        panel.set_xlabel("seconds", fontsize=8)
    left_out = f" The first {MOST} of {len(usage)} points." if len(usage) > MOST else ""
    entitle(figure, "What trainings used", f"n = 1: the first block, from launch to end, a look a second.{left_out}")
    return figure


def by_second(table: pd.DataFrame, columns: list[str]) -> pd.Series:
    """The sum of columns over nodes, by second: nodes look at their own clocks, so looks of one second belong together.

    Of a long launch, means of as many seconds as leave LOOKS.
    """
    looks = table[["seconds", *columns]].astype(float)  # of a launch too short for a look there are none, of no kind
    each = looks.groupby(looks["seconds"].round())[columns].sum().sum(axis=1)
    if len(each) <= LOOKS:
        return each
    width = -(-len(each) // LOOKS)
    bins = pd.Series(range(len(each)), index=each.index) // width
    return pd.Series(each.groupby(bins).mean().to_numpy(), index=each.index[::width])
