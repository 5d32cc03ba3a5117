"""The worker-count sweep of training jobs."""

import importlib.util
import re
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from scripts import registry
from scripts.config.settings import Blocks, Count, Counts, Fraction, Settings, known, one_or_more, unique
from scripts.training.model_names import known_model
from scripts.training.points import (
    STRATEGIES,
    Allocator,
    Device,
    PipelineSchedule,
    Precision,
    ScalingMode,
    TrainingPoint,
    training_points,
)

Name = Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
Loaders = Annotated[int, Field(ge=0)]


class Optimizer(Settings):
    """The rule that moves the weights."""

    name: Literal["sgd", "adamw"] = Field("sgd", description="optimizer of torch.optim")
    lr: Annotated[float, Field(gt=0)] = Field(0.025, description="learning rate")
    momentum: Annotated[float, Field(ge=0, lt=1)] = Field(0.9, description="momentum of sgd, first beta of adamw")
    weight_decay: Annotated[float, Field(ge=0)] = Field(0.0, description="weight decay, of all weights")
    schedule: Literal["constant", "cosine", "linear"] = Field(
        "cosine", description="learning rate over the run: cosine and linear fall from lr to 0 at the last step"
    )
    lr_warmup_steps: Annotated[int, Field(ge=0)] = Field(
        0, description="first steps, over which the learning rate climbs evenly to lr, before its schedule begins"
    )
    lr_rule: Literal["none", "linear", "sqrt"] = Field(
        "none",
        description="weak scaling: lr is multiplied by the worker count (linear), its square root, or not at all",
    )


class Pipeline(Settings):
    """How strategies `pipeline` and `hybrid` cut and feed the network."""

    schedules: list[PipelineSchedule] = Field(
        ["1f1b"], min_length=1, description="order of forwards and backwards: gpipe (all forwards first) or 1f1b"
    )
    microbatches: Counts = Field([4], description="pieces that the images of a step are cut into, one after the other")
    hybrid_stages: Count = Field(2, description="stages of strategy hybrid; pipeline has a stage a worker")
    hybrid_workers: Counts = Field([4], description="ranks of strategy hybrid: stages x copies of the pipeline")

    @field_validator("schedules", "microbatches", "hybrid_workers")
    @classmethod
    def _no_repeats(cls, values: list[Any]) -> list[Any]:
        return unique(values)


class Predict(Settings):
    """What the trained network is used for: the targets `model`, `features` and `predict`."""

    point: str | None = Field(
        None, description="point whose network is trained once more, and kept; null: the first of the sweep"
    )
    folder: str | None = Field(None, description="folder whose pictures target `predict` classifies, at any depth")
    parts: Count = Field(4, description="jobs that its files are shared out to")
    batch: Count = Field(64, description="images of one forward pass")


class Tuning(Settings):
    """How the same work is computed."""

    channels_last: bool = Field(True, description="memory format of images and weights: NHWC, else NCHW")
    compile: bool = Field(False, description="torch.compile, for serial and ddp; its seconds are a phase of their own")
    allocator: Allocator = Field(
        "system",
        description="memory allocator of the ranks: system (glibc as it is), glibc (kept from handing memory back), "
        "huge_pages (glibc, on pages of 2 MiB where the kernel grants them), tcmalloc, jemalloc, or auto (tcmalloc "
        "where it is installed, else glibc); what is faster than system holds more memory, up to half as much again",
    )
    optimizer_kernel: Literal["fused", "foreach", "for_loop"] = Field(
        "foreach", description="implementation of the optimizer's step in torch"
    )
    bucket_mb: Annotated[float, Field(gt=0)] = Field(25.0, description="ddp: MiB of gradients that are reduced at once")
    bucket_view: bool = Field(True, description="ddp: gradients are views of the buckets, which saves a copy")
    static_graph: bool = Field(
        False, description="ddp: the same parameters are used in each step, and DDP may rely on it"
    )
    compression: Literal["none", "bf16", "fp16"] = Field("none", description="ddp: what gradients are reduced as")
    sync_batchnorm: bool = Field(
        False, description="ddp on CUDA: BatchNorm normalises by the images of all ranks, not of each"
    )


class Training(Settings):
    """The worker-count sweep of training jobs."""

    model: str | Annotated[list[str], Field(min_length=1)] = Field(
        "resnet18",
        description="torchvision classifier or tiny_cnn; or a list: each has a sweep and a baseline of its own",
    )
    weights: str | None = Field(
        None,
        description="file of a state_dict to start from (its last layer is replaced), or the name of torchvision's "
        "weights, as IMAGENET1K_V1; null: seeded",
    )
    strategies: list[str] = Field(["serial", "ddp"], min_length=1, description="ways to train, compared")
    device: Device = Field(
        "auto",
        description="auto is decided once for a study: cuda where its jobs run on a machine with a GPU, else cpu; on a "
        "cluster cuda is asked for by name",
    )
    precision: Precision | Annotated[list[Precision], Field(min_length=1)] = Field(
        "fp32",
        description="of forward and backward, or a list: bf16 and fp16 by autocast, tf32 on CUDA; each has a baseline "
        "of its own",
    )
    workers: Counts = Field([1, 2], description="ranks of a parallel strategy")
    workers_per_node: Count | None = Field(
        None, description="ranks that a node holds at most; more spread equally over several nodes; null: one node"
    )
    threads: Count | Counts = Field(1, description="intra-op threads of each rank, or a list")
    loader_workers: Loaders | Annotated[list[Loaders], Field(min_length=1)] = Field(
        0,
        description="processes beside each rank that make its batches, or a list; 0: the rank reads its packed images "
        "itself",
    )
    cores_at_most: Count | None = Field(
        None, description="points of more workers x (threads + loader_workers) are left out; null: all are measured"
    )
    scaling: ScalingMode | Annotated[list[ScalingMode], Field(min_length=1)] = Field(
        "strong",
        description="strong: equal global batch for every worker count; weak: equal batch of each worker; or both",
    )
    global_batch: Count = Field(
        32, description="images of one optimizer step, all ranks together; weak scaling: for each worker"
    )
    micro_batch: Count | None = Field(
        None,
        description="images that a rank computes at once at most: more are accumulated; null: no limit; pipelines have "
        "microbatches in its place",
    )
    epochs: Count = Field(5, description="passes over the training split, each in whole global batches")
    warmup_steps: Annotated[int, Field(ge=0)] = Field(
        2, description="first steps of the training, timed apart and left out of every time"
    )
    optimizer: Optimizer = Optimizer()
    pipeline: Pipeline = Pipeline()
    tuning: Tuning = Tuning()
    predict: Predict = Predict()
    variants: dict[Name, Tuning] = Field(
        {}, description="other tunings by name, each measured on the whole sweep beside `tuning`: `nchw: {...}`"
    )
    profile: bool = Field(
        True,
        description="whether each point is profiled in a run of its own: where its efficiency is lost, and a trace",
    )
    tensorboard: bool = Field(
        False, description="whether trainings write event files to training/tensorboard/; needs the package tensorboard"
    )
    checkpoint_seconds: Annotated[float, Field(ge=0)] | None = Field(
        300, description="least time between two checkpoints, which follow a step; null: one after each epoch"
    )
    target_accuracy: Fraction = Field(0.9, description="validation accuracy whose first reaching is timed")
    stop_at_target: bool = Field(False, description="end a training with the epoch that reaches it")
    blocks: Blocks = Field(3, description="repetitions of the whole sweep; 3 for an interval, 6 for a study")

    @property
    def models(self) -> list[str]:
        """The models as a list."""
        return one_or_more(self.model)

    @property
    def precisions(self) -> list[Precision]:
        """The precisions as a list."""
        return one_or_more(self.precision)

    @property
    def scalings(self) -> list[ScalingMode]:
        """The scaling modes as a list."""
        return one_or_more(self.scaling)

    @property
    def threads_of_ranks(self) -> list[int]:
        """The thread counts as a list."""
        return one_or_more(self.threads)

    @property
    def loaders_of_ranks(self) -> list[int]:
        """The counts of loader processes as a list."""
        return one_or_more(self.loader_workers)

    @field_validator("model", "precision", "scaling", "threads", "loader_workers")
    @classmethod
    def _no_repeats(cls, values: Any) -> Any:
        unique(one_or_more(values))
        return values

    @field_validator("model")
    @classmethod
    def _models_exist(cls, models: str | list[str]) -> str | list[str]:
        for name in one_or_more(models):
            known_model(name)
        return models

    @field_validator("strategies")
    @classmethod
    def _strategies_exist(cls, strategies: list[str]) -> list[str]:
        return known(STRATEGIES, strategies)

    @field_validator("workers")
    @classmethod
    def _workers_differ(cls, workers: list[int]) -> list[int]:
        return unique(workers)

    @field_validator("variants")
    @classmethod
    def _variants_are_told_from_other_parts(cls, variants: dict[str, Tuning]) -> dict[str, Tuning]:
        for name in variants:
            if name in {"tf32", "bf16", "fp16", "weak"} or re.fullmatch(r"[0-9x]+|[sm]\d+|gpipe|1f1b", name):
                raise ValueError(f"{name!r} means something else in a point's id; choose another name")
        return variants

    @field_validator("tensorboard")
    @classmethod
    def _tensorboard_is_there(cls, asked: bool) -> bool:
        if asked and importlib.util.find_spec("tensorboard") is None:
            raise ValueError("found true; expected the package tensorboard beside it: pip install tensorboard")
        return asked

    @model_validator(mode="after")
    def _weights_are_of_one_model(self) -> Self:
        if self.weights is not None and len(self.models) > 1:
            raise ValueError(f"weights {self.weights!r} can be of one model only; found {', '.join(self.models)}")
        return self

    @property
    def weights_file(self) -> str | None:
        """The file to start from; None where there is none, or torchvision's weights are named."""
        return None if self.weights is None or self.weights_name else self.weights

    @property
    def weights_name(self) -> str | None:
        """The name of torchvision's weights to start from."""
        return self.weights if re.fullmatch(r"[A-Z][A-Z0-9_]*", self.weights or "") else None

    @model_validator(mode="after")
    def _points_can_be_trained(self) -> Self:
        points = training_points(self)
        if not points:
            raise ValueError(f"cores_at_most {self.cores_at_most} leaves no point to train")
        if self.predict.point not in {None, *points}:
            raise ValueError(f"predict.point: found {self.predict.point!r}; expected one of {', '.join(points)}")
        if fault := next(filter(None, map(training_fault, points.values())), None):
            raise ValueError(fault)
        return self


def training_fault(point: TrainingPoint) -> str | None:
    """The first reason why a point cannot be trained, in terms of the config."""
    workers, batch, pipe, tuning = point.workers, point.global_batch, point.pipe, point.tuning
    strategy = registry.load(STRATEGIES, point.strategy, "Strategy")
    faults = {
        f"workers_per_node spreads {workers} workers unequally over {point.nodes} nodes; "
        "choose worker counts that divide": workers % point.nodes > 0,
        f"pipeline.hybrid_workers: found {workers}; expected a multiple of pipeline.hybrid_stages": (
            pipe is not None and workers % pipe.stages > 0
        ),
        f"global_batch {batch} cannot be shared equally by {point.replicas} workers; "
        "choose a multiple of every worker count": batch % point.replicas > 0,
        f"global_batch {batch} gives {workers} workers one image each; BatchNorm needs two or more": point.share < 2,
        f"micro_batch: found {point.micro_batch}; it cuts the {point.share} images of a worker into pieces of one, and "
        "BatchNorm needs two or more": (
            point.micro_batch is not None and point.share // -(-point.share // point.micro_batch) < 2
        ),
        f"pipeline.microbatches: found {pipe and pipe.microbatches}; expected a number that cuts the {point.share} "
        "images of a pipeline's step into equal pieces of two or more": (
            pipe is not None and (point.share % pipe.microbatches > 0 or point.share < 2 * pipe.microbatches)
        ),
        f"pipeline.microbatches: found {pipe and pipe.microbatches}; schedule 1f1b needs one for each of the "
        f"{pipe and pipe.stages} stages at least": (
            pipe is not None and pipe.schedule == "1f1b" and pipe.microbatches < pipe.stages
        ),
        f"precision fp16 needs a loss scale that all ranks share, which {point.strategy} has not; choose bf16": (
            point.precision == "fp16" and not strategy.scales_loss
        ),
        "precision tf32 exists on CUDA only; choose fp32 or bf16 for device cpu": (
            point.precision == "tf32" and point.device == "cpu"
        ),
        f"tuning.compile is offered for serial and ddp, where it was tried; found it for {point.strategy}": (
            tuning.compile and (strategy.staged or not strategy.whole)
        ),
        "tuning.sync_batchnorm is torch's SyncBatchNorm, which exists on CUDA only": (
            tuning.sync_batchnorm and point.device == "cpu"
        ),
    }
    return next((fault for fault, found in faults.items() if found), None)
