"""The usage figure: what trainings used of their machine, second by second."""

from collections.abc import Mapping
from itertools import cycle

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from scripts.report.figures.figure_parts import entitle, fill_legend, nothing, start_grid
from scripts.report.figures.style import COLOURS, MUTED

MOST = 8  # lines that one can tell apart
# Title, columns of scripts/training/launch/monitor.py that are added up, and what they are divided by.
PANELS = {
    "CPU, cores": (["cpu_cores"], 1.0),
    "memory, GiB": (["memory_bytes"], 2.0**30),
    "disk, MB/s": (["read_bytes_per_second", "written_bytes_per_second"], 1e6),
    "network, MB/s": (["sent_bytes_per_second"], 1e6),
    "GPU, share": (["gpu_utilisation"], 1.0),
    "GPU memory, GiB": (["gpu_memory_bytes"], 2.0**30),
    "GPU power, W": (["gpu_watts"], 1.0),
}


def draw_usage(usage: Mapping[str, pd.DataFrame]) -> Figure:
    """One line a point of `usage`, whose tables hold the samples of its first block; several nodes are added up."""
    shown = dict(list(usage.items())[:MOST])
    panels = {
        title: how
        for title, how in PANELS.items()
        if any(table[column].notna().any() for table in shown.values() for column in how[0])
    }
    if not panels:
        return nothing("What trainings used", "Nothing was seen of it.")
    figure, axes, legend = start_grid([1.5] * -(-len(panels) // 2), 2, -(-len(shown) // 2))
    handles = {}
    for panel, (title, (columns, unit)) in zip(axes, panels.items(), strict=False):
        for (point, table), colour in zip(shown.items(), cycle(COLOURS), strict=False):
            # Nodes look at their own clocks: samples of one second belong together.
            by_second = table.assign(second=table["seconds"].round()).groupby("second")[columns].sum().sum(axis=1)
            (handles[point],) = panel.plot(by_second.index, by_second / unit, color=colour, linewidth=1.2)
        panel.set_ylim(bottom=0)
        panel.set_title(title, fontsize=9.5, color=MUTED, loc="left", fontweight="normal")
        panel.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
        panel.set_xlabel("seconds")
    for panel in axes[len(panels) :]:
        panel.set_axis_off()
    fill_legend(legend, figure, handles, columns=2)
    left_out = f" The first {MOST} of {len(usage)} points." if len(usage) > MOST else ""
    entitle(figure, "What trainings used", f"n = 1: the first block, from launch to end, a look a second.{left_out}")
    return figure
