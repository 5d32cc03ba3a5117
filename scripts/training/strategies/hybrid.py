"""Pipeline x data parallelism: several copies of a pipeline (strategy `pipeline`), whose equal stages average their
gradients by DistributedDataParallel, on a 2-D device mesh.

Source: Narayanan et al., "Efficient Large-Scale Language Model Training on GPU Clusters Using Megatron-LM", SC 2021.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.training.strategies import pipeline

if TYPE_CHECKING:
    import torch
    from torch.distributed import ProcessGroup
    from torch.distributed.device_mesh import DeviceMesh


class Strategy(pipeline.Strategy):
    replicated = True

    @property
    def mesh(self) -> DeviceMesh:
        """Rows: copies of the network; columns: stages."""
        from torch.distributed.device_mesh import init_device_mesh

        if not hasattr(self, "_mesh"):
            shape = (self.ranks.world_size // self.stages, self.stages)
            self._mesh = init_device_mesh(self.ranks.device.type, shape, mesh_dim_names=("copy", "stage"))
        return self._mesh

    def group_of_stages(self) -> ProcessGroup:
        return self.mesh.get_group("stage")

    def replicate(self, stage: torch.nn.Module) -> torch.nn.Module:
        from torch.nn.parallel import DistributedDataParallel

        device = self.ranks.device
        return DistributedDataParallel(
            stage,
            device_ids=[device.index] if device.type == "cuda" else None,
            process_group=self.mesh.get_group("copy"),
            gradient_as_bucket_view=self.point.tuning.bucket_view,
        )
