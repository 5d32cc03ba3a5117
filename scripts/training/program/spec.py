"""What one launch of a program takes from the config."""

from typing import Literal

from scripts.spec import Spec
from scripts.training.points import TrainingPoint


class StopSpec(Spec):
    """As `training.program.stop_after`."""

    seconds: float | None
    steps: int | None
    relative_width: float | None


class EventsSpec(Spec):
    """As `training.program.events`."""

    file: str | None
    pattern: str | None


class ProgramSpec(Spec):
    """Settings of one point; `seed` is the study's, which a launch mixes with its block.

    Where the program's folder and interpreter lie on this machine is no part of it.
    """

    study: str
    point: TrainingPoint
    command: str
    environment: dict[str, str]
    launcher: Literal["torchrun", "none"]
    stop_after: StopSpec
    events: EventsSpec
    warmup_steps: int
    join_seconds: float
    step_seconds: float
    seed: int

    @property
    def ranks_started(self) -> int:
        """Processes that are started: one a rank, or one that starts its own."""
        return self.point.workers if self.launcher == "torchrun" else 1
