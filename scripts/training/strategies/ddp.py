"""torch DistributedDataParallel: a replica a rank, gradients averaged while backward runs (gloo on CPU, nccl on CUDA).

Source: Li et al., "PyTorch Distributed: Experiences on Accelerating Data Parallel Training", VLDB 2020.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from scripts.training import strategy

if TYPE_CHECKING:
    import torch
    from torch.nn.parallel import DistributedDataParallel

    from scripts.training.points import TrainingPoint


class Strategy(strategy.Strategy):
    parallel = True
    model: DistributedDataParallel
    begun = False  # a backward has been made

    @classmethod
    def weight_copies(cls, point: TrainingPoint, state: float) -> float:
        return super().weight_copies(point, state) + 1  # the buckets, which are laid out anew beside the first ones

    def wrap(self, network: torch.nn.Module) -> DistributedDataParallel:
        import torch
        from torch.distributed.algorithms.ddp_comm_hooks import default_hooks
        from torch.nn.parallel import DistributedDataParallel

        device, tuning = self.ranks.device, self.point.tuning
        if tuning.sync_batchnorm:
            network = torch.nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
        model = DistributedDataParallel(
            network,
            device_ids=[device.index] if device.type == "cuda" else None,
            bucket_cap_mb=tuning.bucket_mb,
            gradient_as_bucket_view=tuning.bucket_view,
            static_graph=tuning.static_graph,
        )
        if tuning.compression != "none":
            hooks = {"bf16": default_hooks.bf16_compress_hook, "fp16": default_hooks.fp16_compress_hook}
            model.register_comm_hook(None, hooks[tuning.compression])
        return model

    def reducing(self, last: bool) -> AbstractContextManager[None]:
        # A static graph is learned in the first backward, which must exchange: what is averaged twice stays as it is.
        first, self.begun = not self.begun, True
        return nullcontext() if last or (first and self.point.tuning.static_graph) else self.model.no_sync()
