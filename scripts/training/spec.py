"""What one training run takes from the config."""

from typing import Any, Literal

from scripts.augment.chain import Augmentation
from scripts.errors import UserError
from scripts.spec import Spec
from scripts.training.points import Sampling, TrainingPoint


class OptimizerSpec(Spec):
    """As `training.optimizer`."""

    name: Literal["sgd", "adamw"]
    lr: float
    momentum: float
    weight_decay: float
    schedule: Literal["constant", "cosine", "linear"]
    lr_warmup_steps: int
    lr_rule: Literal["none", "linear", "sqrt"]


class LossSpec(Spec):
    """As `training.loss`."""

    class_weights: Literal["balanced"] | list[float] | None
    label_smoothing: float

    def check(self, classes: list[str]) -> None:
        """Raises UserError where the weights are not of these classes."""
        if isinstance(self.class_weights, list) and len(self.class_weights) != len(classes):
            raise UserError(
                f"training.loss.class_weights: found {len(self.class_weights)} numbers; expected one for each of the "
                f"{len(classes)} classes {', '.join(classes)}"
            )


class TrainSpec(Spec):
    """Settings of one point; `seed` is the study's, which a launch mixes with its block."""

    study: str
    point: TrainingPoint
    size: int  # edge of an image as the network sees it, pixels
    packed_size: int  # edge of an image as it is packed, pixels
    augment: list[dict[str, dict[str, Any]]]  # steps with all their settings
    sampling: Sampling
    loss: LossSpec
    epochs: int
    warmup_steps: int
    optimizer: OptimizerSpec
    model_digest: str | None  # of the user's file that makes the network
    weights_name: str | None  # of torchvision's weights, where it starts from these
    target_accuracy: float
    stop_at_target: bool
    seed: int
    lock: str  # digest of requirements.lock

    @property
    def augmentation(self) -> Augmentation:
        """The steps of `augment`."""
        return Augmentation.of(self.augment)
