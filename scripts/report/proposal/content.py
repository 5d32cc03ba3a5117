"""What stands in a proposal, in words and cells, the same in every language that it is written in."""

from dataclasses import dataclass

from scripts import format as show
from scripts.report.proposal.centre import Centre, Rate
from scripts.report.proposal.request import Request, units_of
from scripts.report.proposal.series import Line, Series
from scripts.scaling.tables.rows import TrainingRow


@dataclass(frozen=True)
class Table:
    """Cells of text; the first column is words, the others are numbers."""

    caption: str
    titles: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Scaling:
    """A series as it is shown."""

    title: str
    table: Table
    figure: str | None  # name of its files, without suffix; None: there is one count only


@dataclass(frozen=True)
class Content:
    """All of it."""

    study: str
    centre: Centre
    missing: list[str]
    problem: list[tuple[str, str]]
    method: list[tuple[str, str]]
    scalings: list[Scaling]
    answers: list[str]  # claims that stand: what to ask for
    request: list[str]  # sentences
    months: Table | None
    answered: list[tuple[str, str]]  # line of the form, and where it is answered


def scaling_of(series: Series, centre: Centre, figure: str | None) -> Scaling:
    """A series as a table."""
    base = series.baseline
    n = show.counts([line.row.blocks for line in series.lines])
    work = "Equal work at every count" if series.scaling == "strong" else "Work that grows with the count"
    caption = (
        f"{work}; n = {n} launches of each. Speedup and efficiency against "
        f"{base.point}, the baseline: {_count(base)}. Memory is an upper bound; costs are of a whole launch, "
        f"{centre.unit} as {centre.name} charges them."
    )
    charged = f"{centre.unit}, charged"
    titles = ["point", "nodes", "cores", "GPUs", "training, s", "launch, s", "speedup", "efficiency", "GiB/node"]
    rows = [_cells(series, line, centre.rate(base.device)) for line in series.lines]
    told = {title: [row[i] for row in rows] for i, title in enumerate([*titles, "core-h", "GPU-h", charged])}
    # Columns that say something of some row, and nothing twice.
    kept = [title for title, cells in told.items() if {*cells} != {show.MISSING}]
    if told[charged] == told.get(centre.unit) and charged in kept:
        kept.remove(charged)
    cells = [[told[title][i] for title in kept] for i in range(len(series.lines))]
    title = f"{series.scaling.capitalize()} scaling of {base.model}, {base.precision_of_numbers}"
    return Scaling(title, Table(caption, kept, cells), figure)


def _cells(series: Series, line: Line, rate: Rate | None) -> list[str]:
    row, ratio, per_core = line.row, line.speedup, series.efficiency(line)
    if row.point == series.baseline.point:
        speedup = per = "1"
    elif line.tied and ratio is not None:
        speedup, per = f"tied, {show.interval(ratio.low, ratio.high)}", show.MISSING
    else:
        speedup = show.MISSING if ratio is None else show.ratio(ratio.value, ratio.low, ratio.high)
        per = show.MISSING if per_core is None else show.ratio(per_core.value, per_core.low, per_core.high)
    return [
        row.point,
        show.count(row.nodes),
        show.count(row.cores),
        show.count(line.gpus or None),
        show.rate(line.seconds.value, line.seconds.low, line.seconds.high),
        show.number(line.launch_seconds),
        speedup,
        per,
        show.gibibytes(line.node_bytes),
        show.number(row.core_hours),
        show.number(row.gpu_hours),
        show.number(units_of(row, rate)),
    ]


def _count(row: TrainingRow) -> str:
    if row.device == "cuda":
        return f"{row.workers} GPU{'s' if row.workers > 1 else ''}"
    return f"{row.cores} core{'s' if row.cores > 1 else ''}"


def _held(row: TrainingRow, rate: Rate) -> str:
    """The nodes that a training is charged for whole."""
    if rate.each != "node":
        return ""
    nodes = rate.nodes(row.cores, row.workers if row.device == "cuda" else 0)
    return f", charged as {nodes} whole node{'' if nodes == 1 else 's'}"


def request_of(request: Request | None, centre: Centre, row: TrainingRow | None, predicted: bool) -> list[str]:
    """What is asked for, in sentences, with what it rests on.

    Args:
        row: the way to train that the trainings are run in, where it is one.
        predicted: whether a plan foretells the hours.
    """
    if row is None:
        return []
    rate, one = centre.rate(row.device), units_of(row, centre.rate(row.device))
    if rate is None or one is None:
        return []
    each = {"core": "each core", "gpu": "each GPU", "node": "each whole node"}[rate.each]
    about = "about " if rate.about else ""
    where = f" in partition {rate.partition}" if rate.partition else ""
    launch = show.number(row.wall_seconds or row.seconds)
    said = [
        f"{centre.name} charges {about}{rate.units:g} {centre.unit} for an hour of {each}{where}.",
        f"One training as {row.point} ({_count(row)}{_held(row, rate)}) takes {launch} s, the "
        f"median of n = {row.blocks} launches: {show.number(one)} {centre.unit}.",
    ]
    if request is not None:
        count = f"{request.trainings:,} training{'' if request.trainings == 1 else 's'}"
        share, total = show.percent(request.reserve), f"{show.number(request.total)} {centre.unit}"
        units = f"{show.number(request.units)} {centre.unit}"
        how = (
            f"{count} of the plan: {units}, predicted from the slower ends of measured intervals"
            if predicted
            else f"{count} x {show.number(one)} {centre.unit} = {units}"
        )
        said.append(f"Requested: {how}; with a reserve of {share} for trainings that fail or are repeated, {total}.")
    machine = "GPUs" if row.device == "cuda" else "cores"
    return [*said, f"It rests on {machine} as fast as those that were measured (see the machine above)."]


def months_of(request: Request | None, centre: Centre) -> Table | None:
    """The request by month, reserve included; None without a plan."""
    if request is None or not request.months:
        return None
    rows = [
        [f"{month.number}", f"{month.trainings:,}", show.number(month.units * (1 + request.reserve))]
        for month in request.months
    ]
    share = show.percent(request.reserve)
    caption = f"By month of the plan, reserve of {share} included; a training counts where it begins."
    return Table(caption, ["month", "trainings", centre.unit], rows)
