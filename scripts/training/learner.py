"""What learns: the network, the strategy's wrapping of it, the optimizer and its schedule."""

from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F

from scripts import registry
from scripts.training import model as models
from scripts.training.points import STRATEGIES
from scripts.training.ranks import Ranks
from scripts.training.spec import OptimizerSpec, TrainSpec


@dataclass(frozen=True)
class Learner:
    """The parts of a run whose state changes from step to step."""

    network: torch.nn.Module  # as torchvision made it
    model: torch.nn.Module  # the same, wrapped by the strategy: what a step calls
    optimizer: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LRScheduler

    @classmethod
    def build(cls, spec: TrainSpec, classes: int, weights: Path | None, total_steps: int, ranks: Ranks) -> "Learner":
        """The parts at their beginning, in training mode; weights are drawn from torch's seed."""
        network = models.build(spec.point.model, classes, weights)
        network = network.to(ranks.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        model = registry.load(STRATEGIES, spec.point.strategy, "Strategy")().wrap(network, ranks.device)
        model.train()
        return cls(network, model, *optimizer_of(model, spec.optimizer, total_steps))

    def loss(self, batch: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Forward, the mean cross-entropy in nats, and backward."""
        loss = F.cross_entropy(self.model(batch), labels)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach()


def optimizer_of(
    model: torch.nn.Module, spec: OptimizerSpec, total_steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """The optimizer and its learning-rate schedule, which moves once a step."""
    optimizer = torch.optim.SGD(model.parameters(), lr=spec.lr, momentum=spec.momentum)
    if spec.schedule == "cosine":
        return optimizer, torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=total_steps)
    return optimizer, torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)
