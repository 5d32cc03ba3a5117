"""What one training run takes from the config."""

from typing import Literal

from scripts.spec import Spec
from scripts.training.points import TrainingPoint


class OptimizerSpec(Spec):
    """As `training.optimizer`."""

    name: Literal["sgd", "adamw"]
    lr: float
    momentum: float
    weight_decay: float
    schedule: Literal["constant", "cosine", "linear"]
    lr_warmup_steps: int
    lr_rule: Literal["none", "linear", "sqrt"]


class TrainSpec(Spec):
    """Settings of one point; `seed` is the study's, which a launch mixes with its block."""

    study: str
    point: TrainingPoint
    size: int  # edge of an image, pixels
    epochs: int
    warmup_steps: int
    optimizer: OptimizerSpec
    weights_name: str | None  # of torchvision's weights, where it starts from these
    target_accuracy: float
    stop_at_target: bool
    seed: int
    lock: str  # digest of requirements.lock
