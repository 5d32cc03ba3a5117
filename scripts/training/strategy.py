"""What a training strategy is: how one model is spread over ranks. All share one loop, loop/fit.py."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import torch

    from scripts.training.launch.ranks import Ranks
    from scripts.training.loop.loss import Loss
    from scripts.training.loop.precision import Precision
    from scripts.training.points import TrainingPoint


class Strategy(ABC):
    """One way to train one network; torch is imported in its methods, since the Snakefile imports strategies too.

    Args:
        costs: what each piece of the network costs (model/measure_stages.py), for one that is `staged`.
    """

    parallel: ClassVar[bool]  # whether it runs on more than one rank; then a process group exists
    staged: ClassVar[bool] = False  # whether ranks hold parts of the network, one after the other
    replicated: ClassVar[bool] = True  # whether there may be several copies of the network, which share a batch
    whole: ClassVar[bool] = True  # whether each rank holds all weights; else each has a state of its own
    scales_loss: ClassVar[bool] = True  # whether all ranks see the same overflow, as fp16's loss scale needs

    # Set by the learner, before wrap() and from it.
    loss: Loss
    model: torch.nn.Module

    def __init__(self, point: TrainingPoint, ranks: Ranks, precision: Precision, costs: Path | None) -> None:
        self.point = point
        self.ranks = ranks
        self.precision = precision
        self.costs = costs
        # For a profile: told of the end of each forward and backward; whether gradients are exchanged.
        self.mark: Callable[[str], object] = lambda _: None
        self.exchanges = True

    @classmethod
    def weight_copies(cls, point: TrainingPoint, state: float) -> float:  # noqa: ARG003 - strategies that cut take it
        """How many times a rank holds the network's weights: they, their gradients, and an optimizer's `state` numbers
        for each weight.
        """
        return 2 + state

    @classmethod
    def images_held(cls, point: TrainingPoint) -> float:
        """Of how many images a rank keeps all the network's activations, or as much of their parts."""
        return point.images_at_once

    @abstractmethod
    def wrap(self, network: torch.nn.Module) -> torch.nn.Module:
        """What this rank trains: `network`, which is on its device, or its part of it; kept as `self.model`."""

    @property
    def replica(self) -> int:
        """Which copy of the network this rank belongs to: it takes that share of a step's images."""
        return self.ranks.rank

    @property
    def takes_images(self) -> bool:
        """Whether this rank needs the pixels of its share."""
        return True

    def forward_backward(self, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Forward and backward over this rank's share of a step, in pieces of `micro_batch` images at most.

        Args:
            images: (n, 3, edge, edge), normalised.
            labels: int64 (n,), or of mixed images float32 (n, classes).

        Returns:
            The mean loss of the share in nats, a float32 scalar; 0 where this rank has no loss.
        """
        pieces = -(-len(labels) // (self.point.micro_batch or len(labels)))
        total = images.new_zeros(())
        cut = zip(images.tensor_split(pieces), labels.tensor_split(pieces), strict=True)
        for number, (some, wanted) in enumerate(cut):
            with self.reducing(last=self.exchanges and number == pieces - 1):
                with self.precision.autocast():
                    loss = self.loss(self.model(some), wanted) * (len(wanted) / len(labels))
                self.mark("forward")
                self.precision.scale(loss).backward()  # type: ignore[no-untyped-call]
                self.mark("backward")
            total += loss.detach()
        return total

    def reducing(self, last: bool) -> AbstractContextManager[None]:  # noqa: ARG002 - strategies that reduce take it
        """Around each piece of a step: gradients of the ranks are averaged with the last."""
        return nullcontext()

    def gather_into(self, network: torch.nn.Module) -> None:
        """Give `network` on every rank the trained weights, and rank 0's BatchNorm statistics."""
        self.ranks.share_buffers(network)
