"""What one training run takes from the config."""

from typing import Literal

from scripts.spec import Spec
from scripts.training.points import TrainingPoint


class OptimizerSpec(Spec):
    """As `training.optimizer`."""

    name: Literal["sgd"]
    lr: float
    momentum: float
    schedule: Literal["constant", "cosine"]


class TrainSpec(Spec):
    """Settings of one point; `seed` is the study's, to which a run adds its block."""

    study: str
    point: TrainingPoint
    size: int  # edge of an image, pixels
    epochs: int
    warmup_steps: int
    optimizer: OptimizerSpec
    target_accuracy: float
    seed: int
    lock: str  # digest of requirements.lock
