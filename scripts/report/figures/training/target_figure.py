"""How long each way to train takes to the target accuracy: a dot and its interval, the soonest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from scripts import format as show
from scripts.record import Record
from scripts.report.figures.figure_parts import entitle, fill_legend, nothing, start_grid
from scripts.report.figures.style import colours_of
from scripts.report.words.point_words import STRATEGIES, Names
from scripts.report.words.tables import counted, valid
from scripts.scaling.comparing.ratios import Ratio, mean_rate
from scripts.scaling.tables.rows import TrainingRow

TITLE = "Time to the target accuracy"


@dataclass(frozen=True)
class Reached:
    """How soon the launches of a point reached it."""

    row: TrainingRow
    seconds: list[float]  # of training, a launch each
    launches: int  # that count

    @property
    def mean(self) -> Ratio:
        """Geometric, with its interval; none below 3 launches."""
        return mean_rate(self.seconds, self.row.confidence)

    @property
    def always(self) -> bool:
        return len(self.seconds) == self.launches


def reached_by(rows: Sequence[TrainingRow], records: Sequence[Record]) -> list[Reached]:
    """Of each valid point that says what was learned, in order of the table."""
    found = []
    for row in valid(rows):
        learned = [one.quality for one in counted(records, row) if one.quality is not None]
        seconds = [one.seconds_to_target for one in learned if one.seconds_to_target]
        found += [Reached(row, seconds, len(learned))] if learned else []
    return found


def draw_target(rows: Sequence[TrainingRow], records: Sequence[Record], names: Names) -> Figure:
    """A line for each point of which every launch reached it."""
    known = reached_by(rows, records)
    drawn = sorted((one for one in known if one.always), key=lambda one: one.mean.value)
    if not drawn:
        why = (
            "No launch reached it: see training.target_accuracy."
            if known
            else "No valid launch tells what was learned."
        )
        return nothing(TITLE, why)
    colours = colours_of(one.row.strategy for one in drawn)
    figure, [axes], below = start_grid([0.3 + 0.22 * len(drawn)], 1, (len(colours) + 2) // 3)
    for y, one in enumerate(drawn):
        colour = colours[one.row.strategy]
        low, high = ends(one)
        axes.plot([low, high], [y, y], color=colour, linewidth=1.6, solid_capstyle="butt")
        axes.plot(one.mean.value, y, "o", color=colour)
    axes.set_yticks(range(len(drawn)), [names.title(one.row.point) for one in drawn], fontsize=8.5)
    axes.set_ylim(len(drawn) - 0.5, -0.5)
    axes.set_xlim(left=0)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("training seconds")
    fill_legend(below, figure, _handles(colours), 3)
    entitle(figure, TITLE, _said(drawn, [one for one in known if not one.always], names))
    return figure


def ends(one: Reached) -> tuple[float, float]:
    """Of its interval, or else of its launches."""
    mean = one.mean
    if mean.low is None or mean.high is None:
        return min(one.seconds), max(one.seconds)
    return mean.low, mean.high


def _handles(colours: Mapping[str, str]) -> dict[str, Line2D]:
    return {
        STRATEGIES.get(name, name): Line2D([], [], color=colour, marker="o", linestyle="none")
        for name, colour in colours.items()
    }


def _said(drawn: Sequence[Reached], others: Sequence[Reached], names: Names) -> str:
    n = show.counts([one.launches for one in drawn])
    level = f"{show.percent(drawn[0].row.confidence)} intervals of the geometric mean"
    if any(one.mean.low is None for one in drawn):
        level = "from the least to the greatest launch where n is below 3"
    without = [f"{names.title(one.row.point)} ({len(one.seconds)} of {one.launches})" for one in others]
    lacking = f" Not reached by every launch: {show.some(without)}." if without else ""
    return f"Validation accuracy of training.target_accuracy; bars: {level}; n = {n}.{lacking}"
