"""The scaling series of a proposal: each a curve against its baseline, with what may be quoted of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from scripts.scaling.answers.answer import Claim, Recommendation
from scripts.scaling.comparing.ratios import Ratio, efficiency, mean_rate
from scripts.scaling.tables.compared import by_baseline, compared
from scripts.scaling.tables.rows import TrainingRow

TIE = "no tie"


@dataclass(frozen=True)
class Line:
    """A count of cores or GPUs."""

    row: TrainingRow
    seconds: Ratio  # of training, warm-up and evaluation apart: geometric mean of the launches
    speedup: Ratio | None  # against the baseline; None of the baseline itself
    tied: bool  # not told apart from it

    @property
    def gpus(self) -> int:
        return self.row.workers if self.row.device == "cuda" else 0

    @property
    def count(self) -> int:
        """GPUs, or cores of a training without."""
        return self.gpus or self.row.cores

    @property
    def launch_seconds(self) -> float | None:
        """Median of whole launches: start, warm-up and evaluation too."""
        return self.row.seconds if self.row.wall_seconds is None else self.row.wall_seconds

    @property
    def node_bytes(self) -> float | None:
        """Peak resident memory on a node, of a training that is spread evenly; None where either is not known."""
        peak, nodes = self.row.peak_rss_bytes, self.row.nodes
        return None if peak is None or nodes is None else peak / nodes


@dataclass(frozen=True)
class Series:
    """A baseline and a curve of counts, the fewest first."""

    scaling: str  # strong or weak
    baseline: TrainingRow
    lines: list[Line]
    left_out: dict[str, str]  # points of the curve that may not be quoted, with the reason

    def efficiency(self, line: Line) -> Ratio | None:
        """Speedup / (cores / cores of the baseline)."""
        found = line.speedup
        if found is None or found.low is None or found.high is None:
            return None
        cores = (line.row.cores, self.baseline.cores)
        return Ratio(efficiency(found.value, *cores), efficiency(found.low, *cores), efficiency(found.high, *cores))


def series_of(rows: Sequence[TrainingRow], claims: Sequence[Claim], advice: Sequence[Recommendation]) -> list[Series]:
    """A series for each baseline that has valid launches enough: the curve that the recommended point is of, or the
    longest; strong scaling first.
    """
    wanted = {one.recommended.point for one in advice if one.recommended}
    found = []
    for baseline, some in by_baseline(rows).items():
        base = next((row for row in some if row.point == baseline), None)
        if base is None or mean_rate(list(base.rates_by_block.values()) or [1.0], base.confidence).low is None:
            continue
        curves: dict[str, list[TrainingRow]] = {}
        for row in some:
            if row is not base:
                curves.setdefault(row.curve, []).append(row)
        chosen = max(
            curves.values(), key=lambda curve: (any(row.point in wanted for row in curve), len(curve)), default=[]
        )
        found.append(_series(base, chosen, some, claims))
    return sorted(found, key=lambda one: one.scaling != "strong")


def _series(
    base: TrainingRow, curve: Sequence[TrainingRow], some: Sequence[TrainingRow], claims: Sequence[Claim]
) -> Series:
    comparison = compared(some)
    judged: dict[str, Claim] = {}
    for claim in claims:
        if claim.about == "training" and claim.rows[1:] == [base.point]:
            judged.setdefault(claim.rows[0], claim)  # the study's own; those of its config come last
    lines, left_out = [Line(base, _seconds(base), None, False)], dict[str, str]()
    for row in sorted(curve, key=lambda row: row.cores):
        said = judged.get(row.point)
        broken = [] if said is None else [one for one in said.breaches if one.rule != TIE]
        if said is None or broken:
            left_out[row.point] = "; ".join(one.found for one in broken) or "was not judged against the baseline"
        else:
            ratio = comparison.together(row.point, base.point)
            lines.append(Line(row, _seconds(row), ratio, not said.stands))
    return Series(base.scaling, base, sorted(lines, key=lambda line: line.row.cores), left_out)


def _seconds(row: TrainingRow) -> Ratio:
    """The launches of a row train as many images each, so that their rates tell their seconds."""
    rates = list(row.rates_by_block.values())
    assert row.seconds_min is not None, "the row has launches"
    images, rate = row.seconds_min * max(rates), mean_rate(rates, row.confidence).inverse
    return Ratio(images * rate.value, rate.low and images * rate.low, rate.high and images * rate.high)
