"""torch DistributedDataParallel: a replica a rank, gradients averaged while backward runs (gloo on CPU, nccl on CUDA).

Source: Li et al., "PyTorch Distributed: Experiences on Accelerating Data Parallel Training", VLDB 2020.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.training import strategy

if TYPE_CHECKING:
    import torch


class Strategy(strategy.Strategy):
    parallel = True

    def wrap(self, model: torch.nn.Module, device: torch.device) -> torch.nn.Module:
        from torch.nn.parallel import DistributedDataParallel

        devices = [device.index] if device.type == "cuda" else None
        return DistributedDataParallel(model, device_ids=devices, gradient_as_bucket_view=True)
