"""What a training holds in memory, from the facts of its network: what is asked of Slurm, and what to cut where it is
too much. docs/memory.md compares it with what trainings were seen to hold.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from scripts import registry
from scripts.augment.chain import AT_ONCE
from scripts.errors import PassingError, UserError
from scripts.training.model.model_facts import ModelFacts
from scripts.training.points import STRATEGIES
from scripts.training.spec import TrainSpec

if TYPE_CHECKING:
    import torch

# Bytes that a rank holds before it has a network: Python, torch and their like; on a GPU CUDA's libraries too.
RANK, RANK_ON_CUDA = 600e6, 3500e6
# A loader process is a fork of its rank: pages that both have count in each.
LOADER = 500e6
# Of a node: what starts its ranks, which has imported torch for them, and the two processes of Snakemake in a job.
LAUNCHER, SNAKEMAKE = 800e6, 300e6
PACKED = 64e9  # of packed images, at most: a node may have no more, and a record says how much stayed in memory
SPARE = 1.2  # what allocators hold beyond what is in use, and what differs from machine to machine


def node_megabytes(facts: ModelFacts, spec: TrainSpec, images: int, cuda: bool) -> int:
    """MB on each node of a training; all `images` of the study stay in its page cache, up to PACKED."""
    point = spec.point
    packed = min(PACKED, images * 3 * spec.packed_size**2)
    ranks = point.workers_per_node * (rank_bytes(facts, spec, cuda) + point.loader_workers * loader_bytes(facts, spec))
    return round((LAUNCHER + SNAKEMAKE + packed + SPARE * ranks) / 1e6)


def rank_bytes(facts: ModelFacts, spec: TrainSpec, cuda: bool) -> float:
    """What a rank holds at most, its loader processes apart.

    On a GPU that is the network as it is made, and batches: its weights' state and activations are on the GPU. A
    checkpoint takes nothing: what is held is written (checkpoint.py). Nor does evaluation, which takes no more images
    at once than training and keeps no activation.
    """
    if cuda:
        return RANK_ON_CUDA + 4 * facts.parameters + _batch_bytes(spec)
    strategy = registry.load(STRATEGIES, spec.point.strategy, "Strategy")
    activations = strategy.images_held(spec.point) * _image_bytes(facts, spec)
    return float(RANK + _weight_bytes(facts, spec) + _batch_bytes(spec) + activations)


def loader_bytes(facts: ModelFacts, spec: TrainSpec) -> float:
    """What a loader process holds: what its rank held when it was started, and two batches."""
    return LOADER + 4 * facts.parameters + 2 * spec.point.share * _read_bytes(spec) + _augment_bytes(spec)


def _weight_bytes(facts: ModelFacts, spec: TrainSpec) -> float:
    """A rank's weights, their gradients, the optimizer's state and what it takes while it steps; in float32."""
    optimizer, kernel = spec.optimizer, spec.point.tuning.optimizer_kernel
    state = 2 if optimizer.name == "adamw" else int(optimizer.momentum > 0)
    # All weights at once (torch.optim, foreach): square roots, or gradients with the weight decay added.
    passing = int(kernel == "foreach" and (optimizer.name == "adamw" or optimizer.weight_decay > 0))
    strategy = registry.load(STRATEGIES, spec.point.strategy, "Strategy")
    return float(4 * facts.parameters * strategy.weight_copies(spec.point, state + passing))


def _batch_bytes(spec: TrainSpec) -> int:
    """A share's pixels and the float32 images made of them, and those of the step before."""
    return 2 * spec.point.share * (_read_bytes(spec) + 4 * 3 * spec.size**2) + _augment_bytes(spec)


def _read_bytes(spec: TrainSpec) -> int:
    """What is read for an image of a batch: it, and where images are mixed its partner."""
    return (2 if spec.augmentation.mixes else 1) * 3 * spec.packed_size**2


def _augment_bytes(spec: TrainSpec) -> int:
    """Of some images at once, what a step has beside them: four times 32 bits for each of their levels."""
    return AT_ONCE * 4 * 4 * 3 * spec.packed_size**2 if spec.augment else 0


def _image_bytes(facts: ModelFacts, spec: TrainSpec) -> float:
    """What forward keeps of an image for backward; in half precision about 0.6 of what it is in float32."""
    return facts.activation_bytes * (0.6 if spec.point.precision in {"bf16", "fp16"} else 1.0)


def advice(facts: ModelFacts, spec: TrainSpec, limit: float | None = None) -> str:
    """How many images at once would fit where those of the point did not; `limit`: a rank's bytes, if not memory's."""
    point = spec.point
    limit = limit or _memory_limit() / point.workers_per_node
    at_once = point.images_at_once
    # A GPU's context takes about what a rank's libraries do.
    free = limit / SPARE - RANK - _weight_bytes(facts, spec) - _batch_bytes(spec)
    fit = min(free / _image_bytes(facts, spec), at_once / 2)
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
def advising(facts: ModelFacts, spec: TrainSpec, device: "torch.device") -> Iterator[None]:
    """Where memory runs out inside, say what to cut.

    Raises:
        UserError: it did; PassingError on the CPU.
    """
    import torch  # the Snakefile asks for memory too

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
        raise kind(f"out of memory: {advice(facts, spec, limit)} ({cause})") from None


def _memory_limit() -> float:
    """Bytes that this node's processes may use, together."""
    from distributed.system import memory_limit  # looks at the machine, control groups and resource limits

    of_job = os.environ.get("SLURM_MEM_PER_NODE")  # MB
    return min(memory_limit(), float(of_job) * 2**20 if of_job else float("inf"))
