"""The profile of a training point: what its steps spend their time on, and how they would go without this or that.

From a run of its own, so that nothing disturbs the run that is timed (scripts/training/loop/profile_rank.py).
"""

import statistics
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from scripts.errors import UserError

COMPUTING = frozenset(("forward", "backward", "forward_backward"))  # phases; the others are input and optimizer


class StepProfile(BaseModel):
    """Seconds are medians over steps, where nothing else is said."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    point_id: str
    workers: int
    threads: int  # of each rank
    cores: int  # of all ranks, those of loader processes too
    steps: int  # whose median each number is
    rank_phases: list[dict[str, float]]  # of each rank: data, to_device, augment, forward, backward, optimizer
    alone_seconds: float | None  # forward and backward of rank 0's share while the other ranks wait
    alone_one_thread_seconds: float | None  # the same on one thread
    unreduced_steps: list[list[float]] | None  # of each rank, step by step: all at once, gradients not exchanged
    stage_seconds: list[float] | None  # of each rank of a pipeline: what its stage computes in a step, mean of steps
    gradient_bytes: int  # that a step averages over ranks
    all_reduce_seconds: float | None  # of that many bytes, with nothing else to do
    ideal_bubble: float | None  # (S - 1) / (M + S - 1) for S stages and M micro-batches
    operations: dict[str, float]  # the dearest of torch.profiler on rank 0: self seconds of a step

    @property
    def phases(self) -> dict[str, float]:
        """Those of the slowest rank; they add up to step_seconds."""
        return max(self.rank_phases, key=lambda phases: sum(phases.values()))

    @property
    def step_seconds(self) -> float:
        """From one step to the next, slowest rank."""
        return sum(self.phases.values())

    @property
    def computing_seconds(self) -> list[float]:
        """Of each rank: forward and backward as in training, with whatever it waits for in them."""
        return [sum(phases[name] for name in phases.keys() & COMPUTING) for phases in self.rank_phases]

    @property
    def unreduced_seconds(self) -> list[float] | None:
        """Of each rank: all at once, gradients not exchanged."""
        if self.unreduced_steps is None:
            return None
        return [statistics.median(steps) for steps in self.unreduced_steps]

    @property
    def bubble(self) -> float | None:
        """Share of a pipeline's forward and backward in which a stage computes nothing, mean of stages."""
        if self.stage_seconds is None:
            return None
        pairs = zip(self.stage_seconds, self.computing_seconds, strict=True)
        return statistics.fmean(1 - busy / seconds for busy, seconds in pairs)


def read(path: Path) -> StepProfile:
    """Raises UserError where the file holds no profile of this version."""
    try:
        return StepProfile.model_validate_json(path.read_text(encoding="utf-8"))
    except ValidationError as error:
        raise UserError(f"{path}: no profile of this version: {error.errors()[0]['msg']}") from None
