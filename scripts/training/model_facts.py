"""What a network asks for, whatever trains it: rule describe_model's output, and what it says where memory runs out."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from scripts import format as show
from scripts.errors import PassingError, UserError
from scripts.spec import Spec
from scripts.training.points import TrainingPoint

if TYPE_CHECKING:
    import torch

# What a rank holds beside activations: Python and its libraries, and for each float32 weight its gradient, the
# optimizer's state (two numbers in adamw) and a copy in a bucket or checkpoint.
LIBRARY_BYTES, BYTES_OF_A_WEIGHT = 600e6, 20
# Backward holds the gradients of some activations beside those that forward has kept.
BACKWARD = 1.5


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
            f"{self.model} at {self.size} px has {show.number(self.parameters / 1e6)} million parameters; an image "
            f"takes {show.number(self.forward_flops / 1e9)} GFLOP forward, about three times that to train, and "
            f"{show.number(self.activation_bytes / 1e6)} MB that forward keeps for backward in float32."
        )

    @classmethod
    def read(cls, path: Path) -> "ModelFacts":
        return cls.model_validate_json(path.read_text(encoding="utf-8"))


def advice(facts: ModelFacts, point: TrainingPoint, limit: float | None = None) -> str:
    """How many images at once would fit where those of `point` did not; `limit` is a rank's bytes, if not memory's."""
    limit = limit or _memory_limit() / point.workers_per_node
    at_once = min(point.share, point.micro_batch or point.share)
    if point.pipe:
        at_once = point.share // point.pipe.microbatches
    free = limit - LIBRARY_BYTES - BYTES_OF_A_WEIGHT * facts.parameters
    fit = min(free / (BACKWARD * facts.activation_bytes), at_once / 2)
    said = (
        f"{facts.model} at {facts.size} px keeps about {facts.activation_bytes / 1e6:.3g} MB of each of {at_once} "
        "images at once for its backward pass"
    )
    if fit < 2:
        return f"{said}; a smaller images.size or training.model, or more memory, may help"
    some = 1 << (int(fit).bit_length() - 1)
    if point.pipe:
        return f"{said}; training.pipeline.microbatches of {point.share // some} would make that {some}"
    return f"{said}; training.micro_batch of {some} would make that {some}, with the same batch for each optimizer step"


@contextmanager
def advising(facts: ModelFacts, point: TrainingPoint, device: "torch.device") -> Iterator[None]:
    """Where memory runs out inside, say what to cut.

    Raises:
        UserError: it did; PassingError on the CPU.
    """
    import torch  # the page reads these facts too

    try:
        yield
    except (MemoryError, RuntimeError) as error:  # torch has an exception for GPUs alone
        if isinstance(error, RuntimeError) and not (
            isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)
        ):
            raise
        limit = torch.cuda.get_device_properties(device).total_memory if device.type == "cuda" else None
        cause = str(error).strip().splitlines()[0] if str(error) else "MemoryError"
        kind = UserError if device.type == "cuda" else PassingError  # a further attempt asks for more, a GPU has none
        raise kind(f"out of memory: {advice(facts, point, limit)} ({cause})") from None


def _memory_limit() -> float:
    """Bytes that this node's processes may use, together."""
    from distributed.system import memory_limit  # looks at the machine, control groups and resource limits

    of_job = os.environ.get("SLURM_MEM_PER_NODE")  # MB
    return min(memory_limit(), float(of_job) * 2**20 if of_job else float("inf"))
