"""What a network asks for, whatever trains it: rule describe_model's output."""

from pathlib import Path

from scripts import format as show
from scripts.spec import Spec


class ModelFacts(Spec):
    """Of one network at one image size."""

    model: str
    size: int  # edge of an image, pixels
    parameters: int
    forward_flops: int  # of one image; backward takes about twice that
    activation_bytes: int  # of one image in float32, that forward keeps for backward

    @property
    def sentence(self) -> str:
        return (
            f"{self.model} at {self.size} px has {show.number(self.parameters / 1e6)} million parameters. An image "
            f"takes {show.number(self.forward_flops / 1e9)} GFLOP forward, about three times that to train. Of an "
            f"image, forward keeps {show.number(self.activation_bytes / 1e6)} MB for backward in float32."
        )

    @classmethod
    def read(cls, path: Path) -> "ModelFacts":
        return cls.model_validate_json(path.read_text(encoding="utf-8"))
