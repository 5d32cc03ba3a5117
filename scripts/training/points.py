"""The points of the training sweep: one way to train each, with the id that names its folder of records.

An id is made only from what the point is (`resnet18-ddp-2`), so a longer sweep runs only its new points.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Literal

from scripts import registry
from scripts.spec import Spec

if TYPE_CHECKING:
    from scripts.config.training import Training

STRATEGIES = "scripts.training.strategies"


class TrainingPoint(Spec):
    """One way to train the model."""

    model: str  # torchvision's name
    strategy: str  # a module of scripts/training/strategies/
    device: Literal["auto", "cpu", "cuda"]  # as asked for; the record's key holds what it became
    precision: Literal["fp32"]
    workers: int  # ranks
    nodes: int  # that share the ranks equally
    threads: int  # intra-op threads of each rank
    scaling: Literal["strong"]
    global_batch: int  # images of one optimizer step, all ranks together

    @property
    def sweep(self) -> str:
        """The id within its model: strategy, workers, and where there are several, threads of a rank and nodes."""
        threads = f"x{self.threads}" if self.threads > 1 else ""
        nodes = f"n{self.nodes}" if self.nodes > 1 else ""
        return f"{self.strategy}-{self.workers}{threads}{nodes}"

    @property
    def id(self) -> str:
        return f"{self.model}-{self.sweep}"

    @property
    def cores(self) -> int:
        """workers x threads; no loader processes stand beside a rank, which reads a memory map."""
        return self.workers * self.threads

    @property
    def workers_per_node(self) -> int:
        return self.workers // self.nodes

    @property
    def gpus_per_node(self) -> int:
        """GPUs to ask for: one a rank, where the config asks for cuda by name."""
        return self.workers_per_node if self.device == "cuda" else 0


def training_points(settings: Training) -> dict[str, TrainingPoint]:
    """Every point by id, in the order of the config; a strategy that is not parallel has one worker."""
    found = {}
    for model, name in itertools.product(settings.models, settings.strategies):
        strategy = registry.load(STRATEGIES, name, "Strategy")
        for workers in settings.workers if strategy.parallel else [1]:
            per_node = settings.workers_per_node or workers
            point = TrainingPoint(
                model=model,
                strategy=name,
                device=settings.device,
                precision="fp32",
                workers=workers,
                nodes=-(-workers // per_node),
                threads=settings.threads,
                scaling=settings.scaling,
                global_batch=settings.global_batch,
            )
            found[point.id] = point
    return found
