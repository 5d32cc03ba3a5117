"""Model parallelism: the network is cut into stages of equal measured cost, one a rank, and the images of a step flow
through them in pieces, by the schedules GPipe or 1F1B of torch.distributed.pipelining.

Sources: Huang et al., "GPipe: Efficient Training of Giant Neural Networks using Pipeline Parallelism", NeurIPS 2019;
Narayanan et al., "PipeDream: Generalized Pipeline Parallelism for DNN Training", SOSP 2019.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scripts.training import strategy

if TYPE_CHECKING:
    import torch
    from torch.distributed import ProcessGroup

    from scripts.training.model.stages import Stage
    from scripts.training.points import TrainingPoint


class Strategy(strategy.Strategy):
    model: Stage
    parallel = True
    staged = True
    replicated = False
    whole = False
    scales_loss = False

    @classmethod
    def weight_copies(cls, point: TrainingPoint, state: float) -> float:
        assert point.pipe is not None
        return 1 + (1 + state) / point.pipe.stages  # each rank evaluates the whole network

    @classmethod
    def images_held(cls, point: TrainingPoint) -> float:
        assert point.pipe is not None
        ahead = point.pipe.microbatches if point.pipe.schedule == "gpipe" else point.pipe.stages
        return point.images_at_once * min(ahead, point.pipe.microbatches) / point.pipe.stages

    @property
    def stages(self) -> int:
        assert self.point.pipe is not None
        return self.point.pipe.stages

    @property
    def stage(self) -> int:
        return self.ranks.rank % self.stages

    @property
    def replica(self) -> int:
        return self.ranks.rank // self.stages

    @property
    def takes_images(self) -> bool:
        return self.stage == 0

    def wrap(self, network: torch.nn.Module) -> Stage:
        from torch.distributed.pipelining import PipelineStage, Schedule1F1B, ScheduleGPipe

        from scripts.training.model.stages import Stage, cut, read_costs

        assert self.point.pipe is not None
        assert self.costs is not None
        parts = cut(network, read_costs(self.costs), self.stages)
        self.held = [list(part.state_dict()) for part in parts]
        model = Stage(
            parts[self.stage],
            self.precision.autocast,
            first=self.stage == 0,
            last=self.stage == self.stages - 1,
            channels_last=self.point.tuning.channels_last,
        )
        self.place = PipelineStage(model, self.stage, self.stages, self.ranks.device, group=self.group_of_stages())
        kind = {"gpipe": ScheduleGPipe, "1f1b": Schedule1F1B}[self.point.pipe.schedule]
        self.schedule = kind(self.place, n_microbatches=self.point.pipe.microbatches, loss_fn=self._loss)
        return model

    def group_of_stages(self) -> ProcessGroup | None:
        """The ranks of this copy of the network; None: all."""
        return None

    def forward_backward(self, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        import torch

        last = self.stage == self.stages - 1
        losses: list[torch.Tensor] = []
        given = [images] if self.takes_images else []
        more: dict[str, Any] = {"target": labels, "losses": losses} if last else {}
        self.schedule.step(*given, **more)
        return torch.stack(losses).mean().detach() if last else torch.zeros((), device=self.ranks.device)

    def gather_into(self, network: torch.nn.Module) -> None:
        import torch.distributed as dist

        state = network.state_dict()  # of which this rank's part is what it trains
        for rank, names in enumerate(self.held):  # of the first copy
            for name in names:
                dist.broadcast(state[name], src=rank)

    def _loss(self, outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return self.loss(outputs.float(), labels)
