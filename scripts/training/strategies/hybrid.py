"""Pipeline x data parallelism: several copies of a pipeline (strategy `pipeline`) on a 2-D device mesh, whose equal
stages average their gradients after a step's last backward.

Source: Narayanan et al., "Efficient Large-Scale Language Model Training on GPU Clusters Using Megatron-LM", SC 2021.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.training.strategies import pipeline

if TYPE_CHECKING:
    import torch
    from torch.distributed import ProcessGroup

    from scripts.training.model.stages import Stage


class Strategy(pipeline.Strategy):
    replicated = True

    def wrap(self, network: torch.nn.Module) -> Stage:
        from torch.distributed.device_mesh import init_device_mesh

        shape = (self.point.replicas, self.stages)
        self.mesh = init_device_mesh(self.ranks.device.type, shape, mesh_dim_names=("copy", "stage"))
        return super().wrap(network)

    def group_of_stages(self) -> ProcessGroup:
        return self.mesh.get_group("stage")

    def forward_backward(self, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        import torch
        import torch.distributed as dist

        loss = super().forward_backward(images, labels)
        # DistributedDataParallel around a stage fails in torch 2.14: its buckets count the micro-batches' gradients.
        gradients = [weight.grad for weight in self.model.parameters() if weight.grad is not None]
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
        dist.all_reduce(flat, group=self.mesh.get_group("copy"))
        flat /= self.point.replicas
        means = torch.split(flat, [gradient.numel() for gradient in gradients])
        for gradient, mean in zip(gradients, means, strict=True):
            gradient.copy_(mean.view(gradient.shape))
        return loss
