"""torch fully_shard (FSDP2): each rank holds a part of every weight, its gradient and its optimizer state; weights are
gathered block by block where they are used, and gradients are averaged into the parts.

Sources: Rajbhandari et al., "ZeRO: Memory Optimizations Toward Training Trillion Parameter Models", SC 2020; Zhao et
al., "PyTorch FSDP: Experiences on Scaling Fully Sharded Data Parallel", VLDB 2023.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from scripts.training import strategy

if TYPE_CHECKING:
    import torch

    from scripts.training.points import TrainingPoint


class Strategy(strategy.Strategy):
    parallel = True
    whole = False
    scales_loss = False

    @classmethod
    def weight_copies(cls, point: TrainingPoint, state: float) -> float:
        # The network that is evaluated, and of the blocks that are gathered at most all, with their gradients.
        return 3 + super().weight_copies(point, state) / point.workers

    def wrap(self, network: torch.nn.Module) -> torch.nn.Module:
        import copy

        import torch
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.fsdp import fully_shard

        mesh = init_device_mesh(self.ranks.device.type, (self.ranks.world_size,))
        # A copy, since evaluation needs the network whole; its weights NCHW, since no other can be cut.
        model = copy.deepcopy(network).to(memory_format=torch.contiguous_format)
        for block in blocks(model):
            fully_shard(block, mesh=mesh)
        fully_shard(model, mesh=mesh)
        return model

    def reducing(self, last: bool) -> AbstractContextManager[None]:
        @contextmanager
        def told() -> Iterator[None]:
            self.model.set_requires_gradient_sync(last)  # type: ignore[operator]
            yield

        return told()

    def gather_into(self, network: torch.nn.Module) -> None:
        from torch.distributed.tensor import DTensor

        whole = network.state_dict()
        for name, found in self.model.state_dict().items():  # one at a time: no rank holds a second copy of them all
            whole[name].copy_(found.full_tensor() if isinstance(found, DTensor) else found)
        self.ranks.share_buffers(network)


def blocks(network: torch.nn.Module) -> list[torch.nn.Module]:
    """The parts that are gathered one at a time: the elements of the network's sequences, or its children."""
    from torch import nn

    found: list[nn.Module] = []
    for child in network.children():
        parts = list(child.children()) if isinstance(child, nn.Sequential) else [child]
        found += [part for part in parts if any(True for _ in part.parameters())]
    return found
