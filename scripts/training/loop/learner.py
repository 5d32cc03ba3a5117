"""What learns: the network, the strategy that spreads it, the optimizer and its schedule."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from scripts import registry
from scripts.training.launch.ranks import Ranks
from scripts.training.loop.loss import Loss
from scripts.training.loop.precision import Precision
from scripts.training.model.build import build
from scripts.training.points import STRATEGIES
from scripts.training.spec import OptimizerSpec, TrainSpec
from scripts.training.strategy import Strategy


@dataclass(frozen=True)
class Learner:
    """The parts of a run whose state changes from step to step."""

    network: torch.nn.Module  # whole and plain, for evaluation; trained itself only where the strategy needs no other
    strategy: Strategy
    optimizer: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LRScheduler
    precision: Precision

    @classmethod
    def build(
        cls,
        spec: TrainSpec,
        seed: int,
        images: np.ndarray,
        weights: Path | None,
        model_file: Path | None,
        costs: Path | None,
        total_steps: int,
        ranks: Ranks,
    ) -> "Learner":
        """The parts at their beginning, in training mode.

        `seed` gives all ranks the same weights, and then each rank numbers of its own: with equal ones, dropout would
        leave out the same units of all copies of the network, and of all stages of one.

        Args:
            weights, model_file: as build() takes them.
            images: of each class that train, int64 (classes,).
        """
        point, tuning = spec.point, spec.point.tuning
        torch.manual_seed(seed)
        layout = torch.channels_last if tuning.channels_last else torch.contiguous_format
        network = build(point.model, len(images), weights, model_file)
        network = network.to(ranks.device, memory_format=layout)  # type: ignore[call-overload]
        network.train()
        precision = Precision(point.precision, ranks.device)
        strategy = registry.load(STRATEGIES, point.strategy, "Strategy")(point, ranks, precision, costs)
        strategy.loss = Loss(spec.loss, images, ranks.device)
        strategy.model = strategy.wrap(network)
        strategy.model.train()
        if tuning.compile:
            strategy.model.compile()
        lr = spec.optimizer.lr * point.lr_factor
        parameters = list(strategy.model.parameters())
        optimizer = optimizer_of(parameters, spec.optimizer, lr, tuning.optimizer_kernel)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, course(spec.optimizer, total_steps))
        torch.manual_seed(int(np.random.SeedSequence([seed, ranks.rank]).generate_state(1)[0]))
        return cls(network, strategy, optimizer, schedule, precision)

    def loss(self, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Forward, the mean loss of this rank's share in nats, and backward."""
        self.optimizer.zero_grad(set_to_none=True)
        return self.strategy.forward_backward(images, labels)

    def step(self) -> None:
        """Move the weights, and the learning rate."""
        self.precision.step(self.optimizer)
        self.schedule.step()


def optimizer_of(
    parameters: list[torch.nn.Parameter], spec: OptimizerSpec, lr: float, kernel: str
) -> torch.optim.Optimizer:
    """torch's optimizer of that name, by that implementation."""
    how = {"fused": kernel == "fused", "foreach": kernel == "foreach"}
    if spec.name == "adamw":
        betas = (spec.momentum, 0.999)
        return torch.optim.AdamW(parameters, lr=lr, betas=betas, weight_decay=spec.weight_decay, **how)
    return torch.optim.SGD(parameters, lr=lr, momentum=spec.momentum, weight_decay=spec.weight_decay, **how)


def course(spec: OptimizerSpec, total_steps: int) -> Callable[[int], float]:
    """The learning rate at each step (from 0), as a share of its greatest."""

    def share(step: int) -> float:
        if step < spec.lr_warmup_steps:
            return (step + 1) / spec.lr_warmup_steps
        gone = (step - spec.lr_warmup_steps) / max(1, total_steps - spec.lr_warmup_steps)
        return {"constant": 1.0, "linear": 1 - gone, "cosine": (1 + math.cos(math.pi * gone)) / 2}[spec.schedule]

    return share
