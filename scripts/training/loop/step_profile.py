"""The profile of a training point: what its steps spend their time on, and how they would go without this or that.

From a run of its own, so that nothing disturbs the run that is timed (scripts/training/loop/profile_rank.py).
"""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from scripts.errors import UserError


class StepProfile(BaseModel):
    """Seconds are medians over steps, where nothing else is said."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    point_id: str
    workers: int
    threads: int  # of each rank
    cores: int  # of all ranks, those of loader processes too
    steps: int  # whose median each number is
    phases: dict[
        str, float
    ]  # of the slowest rank: data, to_device, augment, forward, backward, optimizer; add up to step_seconds
    step_seconds: float  # from one step to the next, slowest rank
    alone_seconds: float | None  # forward and backward of rank 0's share while the other ranks wait
    alone_one_thread_seconds: float | None  # the same on one thread
    unreduced_seconds: list[float] | None  # of each rank: all at once, gradients not exchanged
    reduced_seconds: list[float]  # of each rank: forward and backward as in training
    gradient_bytes: int  # that a step averages over ranks
    all_reduce_seconds: float | None  # of that many bytes, with nothing else to do
    bubble: float | None  # share of a pipeline's forward and backward in which a stage computes nothing, mean of stages
    ideal_bubble: float | None  # (S - 1) / (M + S - 1) for S stages and M micro-batches
    operations: dict[str, float]  # the dearest of torch.profiler on rank 0: self seconds of a step


def read(path: Path) -> StepProfile:
    """Raises UserError where the file holds no profile of this version."""
    try:
        return StepProfile.model_validate_json(path.read_text(encoding="utf-8"))
    except ValidationError as error:
        raise UserError(f"{path}: no profile of this version: {error.errors()[0]['msg']}") from None
