"""How the figures look. The page replaces the four neutral colours by its own, which follow light and dark mode."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from itertools import cycle
from typing import Any

INK = "#1d2329"  # text
MUTED = "#69737d"  # small print, ideal lines
GRID = "#dfe3e8"
PAPER = "#fefefe"  # inside hollow points

# Okabe and Ito, "Color Universal Design" (2008): told apart by colour-blind readers; those that stand
# out on light and on dark come first.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
# 5 markers and 6 colours share no divisor, so 30 lines look different.
MARKERS = ("o", "s", "^", "D", "v")

# Each strategy has the same colour in every figure and on every page; others take what is left, in order.
STRATEGIES = {"serial": 3, "ddp": 0, "fsdp": 1, "pipeline": 2, "hybrid": 4, "program": 0}

STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so equal everywhere
    "font.size": 9.5,
    "text.color": INK,
    "text.parse_math": False,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.facecolor": "none",
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.size": 3,
    "ytick.major.size": 0,
    "lines.linewidth": 1.6,
    "lines.markersize": 5.5,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "svg.hashsalt": "scalecard",  # ids that are the same in every run
    "svg.fonttype": "none",  # text stays text: it can be searched, read aloud and set in the page's own font
}


def styled() -> AbstractContextManager[None]:
    """While it is entered figures look so, on matplotlib's own defaults: no matplotlibrc of the user's has a say."""
    from matplotlib import style

    return style.context(["default", STYLE], after_reset=True)


def colours_of(strategies: Iterable[str]) -> dict[str, str]:
    """The colour of each strategy."""
    names = list(dict.fromkeys(strategies))
    found = {name: COLOURS[STRATEGIES[name]] for name in names if name in STRATEGIES}
    left = cycle([colour for colour in COLOURS if colour not in found.values()] or COLOURS)
    return {name: found.get(name) or next(left) for name in names}
