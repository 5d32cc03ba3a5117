"""The worker-count sweep of training jobs."""

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from scripts.config.settings import Count, Counts, Fraction, Settings, known, unique
from scripts.training.points import STRATEGIES

Model = Literal["resnet18", "resnet50"]


class Optimizer(Settings):
    """The rule that moves the weights."""

    name: Literal["sgd"] = Field("sgd", description="optimizer of torch.optim")
    lr: Annotated[float, Field(gt=0)] = Field(0.02, description="learning rate")
    momentum: Annotated[float, Field(ge=0, lt=1)] = Field(0.9, description="momentum")
    schedule: Literal["constant", "cosine"] = Field(
        "cosine", description="learning rate over the run: cosine falls from lr to 0 at the last step"
    )


class Training(Settings):
    """The worker-count sweep of training jobs."""

    model: Model | Annotated[list[Model], Field(min_length=1)] = Field(
        "resnet18", description="torchvision classifier, or a list: each has a sweep and a baseline of its own"
    )
    weights: str | None = Field(
        None, description="file of a state_dict to start from (its last layer is replaced); null: seeded"
    )
    strategies: list[str] = Field(["serial", "ddp"], min_length=1, description="ways to train, compared")
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="auto: cuda where there is one, else cpu")
    workers: Counts = Field([1, 2], description="ranks of a parallel strategy")
    workers_per_node: Count | None = Field(
        None, description="ranks that a node holds at most; more spread equally over several nodes; null: one node"
    )
    threads: Count = Field(1, description="intra-op threads of each rank")
    scaling: Literal["strong"] = Field("strong", description="strong: equal global batch for every worker count")
    global_batch: Count = Field(32, description="images of one optimizer step, all ranks together")
    epochs: Count = Field(6, description="passes over the training split, each in whole global batches")
    warmup_steps: Annotated[int, Field(ge=0)] = Field(
        2, description="first steps of the training, timed apart and left out of every time"
    )
    optimizer: Optimizer = Optimizer()
    checkpoint_seconds: Annotated[float, Field(ge=0)] | None = Field(
        300, description="least time between two checkpoints, which follow a step; null: one after each epoch"
    )
    target_accuracy: Fraction = Field(0.9, description="validation accuracy whose first reaching is timed")
    blocks: Count = Field(3, description="repetitions of the whole sweep; 3 for an interval, 6 for a study")

    @property
    def models(self) -> list[Model]:
        """The models as a list."""
        return self.model if isinstance(self.model, list) else [self.model]

    @field_validator("strategies")
    @classmethod
    def _strategies_exist(cls, strategies: list[str]) -> list[str]:
        return known(STRATEGIES, strategies)

    @model_validator(mode="after")
    def _weights_are_of_one_model(self) -> Self:
        if self.weights is not None and len(self.models) > 1:
            raise ValueError(f"weights {self.weights!r} can be of one model only; found {', '.join(self.models)}")
        return self

    @model_validator(mode="after")
    def _batch_divides(self) -> Self:
        unique(self.workers)
        for workers in self.workers:
            nodes = -(-workers // (self.workers_per_node or workers))
            if workers % nodes:
                raise ValueError(
                    f"workers_per_node {self.workers_per_node} spreads {workers} workers unequally over {nodes} nodes; "
                    "choose worker counts that divide"
                )
            if self.global_batch % workers:
                raise ValueError(
                    f"global_batch {self.global_batch} cannot be shared equally by {workers} workers; "
                    "choose a multiple of every worker count"
                )
            if self.global_batch < 2 * workers:
                raise ValueError(
                    f"global_batch {self.global_batch} gives {workers} workers one image each; "
                    "BatchNorm needs two or more"
                )
        return self
