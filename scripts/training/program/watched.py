"""What the ranks of a program's launch wrote, as one: the steps of all, the steady window, and the losses."""

import csv
import itertools
import math
import statistics
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from scripts.errors import PassingError, first_fault
from scripts.outcomes import LOSS_STEPS
from scripts.training.program.events import Event

PHASES = ("data", "forward_backward", "optimizer", "evaluation", "other")


class _Report(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Columns(_Report):
    """A number for each step of the optimizer."""

    end: list[float]  # seconds since the rank began
    images: list[float]  # of the rank; 0 where none were seen
    loss: list[float | None]
    data: list[float]  # waiting for batches
    forward_backward: list[float]
    optimizer: list[float]
    evaluation: list[float]  # forward passes without gradients, between this step and the one before
    other: list[float]  # the rest since the step before


class Distributed(_Report):
    """The process group that a rank joined."""

    backend: str | None
    world_size: int


class Loader(_Report):
    """A torch DataLoader of a rank."""

    workers: int
    batches: int  # that were trained on


class RankReport(_Report):
    """What scripts/training/watch/ saw of one rank."""

    rank: int
    host: str
    pid: int
    started: str
    python: str
    torch: str | None
    packages: dict[str, str]
    device: Literal["cpu", "cuda"] | None
    gpu: str | None
    distributed: Distributed | None
    source: Literal["hooks", "probe"] | None
    steps: int
    loaders: list[Loader]
    evaluation: dict[str, float]
    skipped_steps: int
    spawned: int
    threads: int | None
    stopped: Literal["script", "enough", "signal"] | None
    exception: str | None

    @property
    def loader_workers(self) -> int:
        """Processes of the loader whose batches were trained on."""
        return max((loader.workers for loader in self.loaders if loader.batches), default=0)


def read_ranks(folder: Path) -> list[tuple[RankReport, Columns]]:
    """The reports of all ranks, in their order, then of processes that have started ranks; with the steps of each.

    Raises:
        PassingError: one cannot be read.
    """
    found = []
    for kind in ("rank", "launcher"):
        for path in sorted(folder.glob(f"{kind}-*.json"), key=lambda path: int(path.stem.rpartition("-")[2])):
            try:
                report = RankReport.model_validate_json(path.read_bytes())
                found.append((report, read_columns(path.with_suffix(".csv"))))
            except (OSError, LookupError, ValueError) as error:
                what = first_fault(error) if isinstance(error, ValidationError) else str(error)
                raise PassingError(f"{path}: what a rank wrote cannot be read: {what}") from None
    return found


def read_columns(path: Path) -> Columns:
    """The steps of a rank; a last line that was cut short is none."""
    with path.open(encoding="utf-8", newline="") as file:
        names, *rows = csv.reader(file)
    table = dict(zip(names, zip(*[row for row in rows if len(row) == len(names)], strict=True), strict=False))
    numbers = {
        name: [float(text or 0) for text in table.get(name, ())] for name in Columns.model_fields if name != "loss"
    }
    return Columns(**numbers, loss=[float(text) if text else None for text in table.get("loss", ())])


class Window(_Report):
    """The steady steps of a launch: behind the warm-up, of the rank that took longest over them."""

    steps: int  # that every rank made, warm-up too
    seconds: float  # of the steady ones, evaluation apart
    images: float  # of all ranks, in the steady ones
    step_images: int  # of all ranks, in most steps
    phases: dict[str, float]  # seconds of the slowest rank: warmup, and PHASES of the steady steps
    first_loss: float | None  # of all ranks, in the first step
    losses: list[float | None]  # of all ranks, LOSS_STEPS steps each, warm-up too


def window(ranks: Sequence[Columns], warmup_steps: int) -> Window | None:
    """What the ranks of a launch did together; None where nothing is left behind the warm-up."""
    steps = min((len(columns.end) for columns in ranks), default=0)
    if steps <= warmup_steps:
        return None
    of_ranks = [_phases(columns, warmup_steps, steps) for columns in ranks]
    seconds = [sum(phases.values()) - phases["evaluation"] - phases["warmup"] for phases in of_ranks]
    slowest = seconds.index(max(seconds))
    together = [math.fsum(columns.images[step] for columns in ranks) for step in range(steps)]
    return Window(
        steps=steps,
        seconds=seconds[slowest],
        images=math.fsum(together[warmup_steps:]),
        step_images=round(Counter(together[:steps]).most_common(1)[0][0]),
        phases=of_ranks[slowest],
        first_loss=next(iter(_losses([columns.loss for columns in ranks], 1)), None),
        losses=_losses([columns.loss for columns in ranks], steps),
    )


def _phases(columns: Columns, warmup: int, steps: int) -> dict[str, float]:
    found = {name: math.fsum(getattr(columns, name)[warmup:steps]) for name in PHASES}
    return found | {"warmup": math.fsum(math.fsum(getattr(columns, name)[:warmup]) for name in PHASES)}


def _losses(of_ranks: Sequence[Sequence[float | None]], steps: int) -> list[float | None]:
    """Means over ranks and LOSS_STEPS steps; empty where a rank has none, None of one that is no finite number."""
    if any(loss is None for losses in of_ranks for loss in losses[:steps]):
        return []
    means = [statistics.fmean(float(losses[step] or 0.0) for losses in of_ranks) for step in range(steps)]
    binned = [statistics.fmean(means[first : first + LOSS_STEPS]) for first in range(0, steps, LOSS_STEPS)]
    return [loss if math.isfinite(loss) else None for loss in binned]


def of_events(events: Sequence[Event]) -> Columns:
    """Steps as rank 0 told them; all of their time is `other`, since nothing divides it."""
    ends = [event.seconds for event in events]
    spent = [0.0, *(later - sooner for sooner, later in itertools.pairwise(ends))]
    nothing = [0.0] * len(events)
    return Columns(
        end=ends,
        images=[event.images for event in events],
        loss=[event.loss for event in events],
        data=nothing,
        forward_backward=nothing,
        optimizer=nothing,
        evaluation=nothing,
        other=spent,
    )
