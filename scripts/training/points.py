"""The points of the training sweep: one way to train each, with the id that names its folder of records.

An id is made only from what the point is (`resnet18-ddp-2`), so a longer sweep runs only its new points.
"""

from __future__ import annotations

import re
from typing import Literal

from scripts.spec import Spec

STRATEGIES = "scripts.training.strategies"
PACKED = "packed"  # what feeds a training, unless it is a way to load raw files
PROGRAM = "program"  # in a strategy's place: a training script of the user's own
Device = Literal["auto", "cpu", "cuda"]
Precision = Literal["fp32", "tf32", "bf16", "fp16"]
ScalingMode = Literal["strong", "weak"]
Sampling = Literal["shuffled", "balanced"]
PipelineSchedule = Literal["gpipe", "1f1b"]
Allocator = Literal["auto", "system", "huge_pages", "glibc", "tcmalloc", "jemalloc"]


class Tuning(Spec):
    """How the same work is computed; as `training.tuning`."""

    feed: str = PACKED  # or a way to load raw files
    augment_on: Literal["ranks", "loader"]
    channels_last: bool
    compile: bool
    allocator: Allocator
    optimizer_kernel: Literal["fused", "foreach", "for_loop"]
    bucket_mb: float
    bucket_view: bool
    static_graph: bool
    compression: Literal["none", "bf16", "fp16"]
    sync_batchnorm: bool


class Pipe(Spec):
    """How a network that is cut into stages is fed."""

    stages: int
    schedule: PipelineSchedule
    microbatches: int  # that each rank's share of a step is cut into


class TrainingPoint(Spec):
    """One way to train the model."""

    model: str  # as `training.model`; without the folder of a file; of a program its own
    strategy: str  # a module of scripts/training/strategies/, or PROGRAM
    device: Device  # as asked for; a rank is told what that is for its study
    precision: Precision
    workers: int  # ranks
    nodes: int  # that share the ranks equally
    threads: int  # intra-op threads of each rank
    loader_workers: int  # processes beside each rank that make its batches
    scaling: ScalingMode
    global_batch: int  # images of one optimizer step, all ranks together
    lr_factor: float  # that the config's learning rate is multiplied by, for a global batch that grows
    micro_batch: int | None  # images of one forward pass at most; a rank's larger share is accumulated
    pipe: Pipe | None  # of strategies that cut the network
    variant: str  # name of the tuning; empty: the study's own
    tuning: Tuning

    @property
    def sweep(self) -> str:
        """The id within its model, precision, scaling and variant: strategy, workers, and where there are several,
        threads of a rank, its loader processes and nodes; then how a pipeline is fed.
        """
        nodes = f"n{self.nodes}" if self.nodes > 1 else ""
        return f"{self.strategy}-{self.workers}{self._rank}{nodes}{self._fed}"

    @property
    def curve(self) -> str:
        """What a point shares with those that differ from it in the number of workers, and of their nodes, alone."""
        rank = f"-{self._rank}" if self._rank else ""
        return f"{network_id(self.model)}-{self.strategy}{rank}{self._fed}{self._group_and_variant}"

    @property
    def _rank(self) -> str:
        threads = f"x{self.threads}" if self.threads > 1 else ""
        return threads + (f"l{self.loader_workers}" if self.loader_workers else "")

    @property
    def _fed(self) -> str:
        if self.pipe is None:
            return ""
        stages = f"-s{self.pipe.stages}" if self.pipe.stages != self.workers else ""
        return f"{stages}-{self.pipe.schedule}-m{self.pipe.microbatches}"

    @property
    def group(self) -> str:
        """What a point's baseline shares with it beside the model, as the end of both ids."""
        precision = "" if self.precision == "fp32" else f"-{self.precision}"
        return precision + ("" if self.scaling == "strong" else f"-{self.scaling}")

    @property
    def id(self) -> str:
        return f"{network_id(self.model)}-{self.sweep}{self._group_and_variant}"

    @property
    def _group_and_variant(self) -> str:
        return self.group + (f"-{self.variant}" if self.variant else "")

    def baseline(self, sweep: str) -> str:
        """The id of the point that this one's speedup divides by; `sweep` as `scaling.baseline`."""
        return f"{network_id(self.model)}-{sweep}{self.group}"

    @property
    def cores(self) -> int:
        """Of all ranks: workers x (threads + loader processes)."""
        return self.workers * self.cores_per_rank

    @property
    def cores_per_rank(self) -> int:
        return self.threads + self.loader_workers

    @property
    def workers_per_node(self) -> int:
        return self.workers // self.nodes

    @property
    def replicas(self) -> int:
        """Copies of the network: each takes an equal share of a step's images."""
        return max(1, self.workers // self.pipe.stages) if self.pipe else self.workers

    @property
    def share(self) -> int:
        """Images of one step that each copy of the network takes."""
        return self.global_batch // self.replicas

    @property
    def images_at_once(self) -> int:
        """Images of one forward pass of a rank, at most."""
        if self.pipe:
            return self.share // self.pipe.microbatches
        return min(self.share, self.micro_batch or self.share)


def network_id(model: str) -> str:
    """What stands for a model in the names of points and files: `timm_resnet10t`, `my_models_build`."""
    if re.fullmatch(r"[a-z0-9_]+", model):
        return model
    return re.sub(r"[^a-z0-9]+", "_", model.replace(".py:", "_").lower())
