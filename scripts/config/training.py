"""The worker-count sweep of training jobs."""

import importlib.util
import itertools
import re
from collections.abc import Iterator
from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_validator

from scripts import registry
from scripts.augment.chain import Augmentation
from scripts.augment.step import STEPS as AUGMENTATION
from scripts.config.program import Program, unheard
from scripts.config.settings import Blocks, Count, Counts, Fraction, Settings, known, made, one_or_more, unique
from scripts.config.training_parts import Loss, Optimizer, Pipeline, Predict, Tuning, fits_feed
from scripts.training import points as training
from scripts.training.faults import training_fault
from scripts.training.model.model_names import known_model, shown_name
from scripts.training.points import (
    PROGRAM,
    STRATEGIES,
    Device,
    Pipe,
    Precision,
    Sampling,
    ScalingMode,
    TrainingPoint,
    network_id,
)

Name = Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
Loaders = Annotated[int, Field(ge=0)]


class Training(Settings):
    """The worker-count sweep of training jobs."""

    program: Program | None = Field(
        None,
        description="a training script of your own to measure (below), in place of scalecard's loop; null: its loop",
    )
    model: str | Annotated[list[str], Field(min_length=1)] = Field(
        "resnet18",
        description="torchvision classifier, tiny_cnn, timm:<name>, or my_models.py:<function>, a function in a file "
        "of yours that is given the number of classes; or a list: each has a sweep and a baseline of its own",
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
    augment: list[dict[str, dict[str, Any]]] = Field(
        [],
        description="augmentation of the training images in order: each `{step: {setting: value}}`; drawn by (seed, "
        "epoch, image) alone, so the same for every worker count; `tuning.augment_on` says where it is done",
    )
    sampling: Sampling = Field(
        "shuffled",
        description="of an epoch: shuffled, each training image once; balanced, as many of each class, those of a rare "
        "one several times; in either case the same order for every worker count",
    )
    loss: Loss = Loss()
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
    profile_blocks: Count = Field(
        1, description="profiles of each point, each in a run of its own; 3 for an interval of its POP efficiencies"
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
        """The models as a list; of a program its name."""
        return [self.program.label] if self.program else one_or_more(self.model)

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
        ids: dict[str, str] = {}
        for name in one_or_more(models):
            short = network_id(shown_name(known_model(name)))
            if (other := ids.setdefault(short, name)) != name:
                raise ValueError(f"{other!r} and {name!r} would both be {short} in names of files; rename one")
        return models

    @field_validator("augment")
    @classmethod
    def _augmentation_exists(cls, augment: list[dict[str, dict[str, Any]]]) -> list[dict[str, dict[str, Any]]]:
        made(AUGMENTATION, augment)
        return augment

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

    @model_validator(mode="after")
    def _classes_are_balanced_once(self) -> Self:
        if self.sampling == "balanced" and self.loss.class_weights is not None:
            raise ValueError("sampling: found 'balanced' beside loss.class_weights; expected one of the two")
        return self

    @property
    def augmentation(self) -> Augmentation:
        """The steps of `augment`."""
        return Augmentation.of(self.augment)

    @property
    def weights_file(self) -> str | None:
        """The file to start from; None where there is none, or torchvision's weights are named."""
        return None if self.weights is None or self.weights_name else self.weights

    @property
    def weights_name(self) -> str | None:
        """The name of torchvision's weights to start from."""
        return self.weights if re.fullmatch(r"[A-Z][A-Z0-9_]*", self.weights or "") else None

    @model_validator(mode="after")
    def _program_hears_of_every_axis(self) -> Self:
        if self.program and (fault := unheard(self.program, self)):
            raise ValueError(f"program.command: {fault}")
        return self

    @model_validator(mode="after")
    def _points_can_be_trained(self) -> Self:
        points = self.points()
        if not points:
            raise ValueError(f"cores_at_most {self.cores_at_most} leaves no point to train")
        if self.predict.point not in {None, *points}:
            raise ValueError(f"predict.point: found {self.predict.point!r}; expected one of {', '.join(points)}")
        if fault := next(filter(None, map(training_fault, points.values())), None):
            raise ValueError(fault)
        return self

    def points(self) -> dict[str, TrainingPoint]:
        """Every point by id, in the order of the config; a strategy that is not parallel has one worker."""
        found: dict[str, TrainingPoint] = {}
        axes = itertools.product(
            self.models,
            self.scalings,
            self.precisions,
            [("", self.tuning), *({} if self.program else self.variants).items()],
            [PROGRAM] if self.program else self.strategies,
            self.threads_of_ranks,
            self.loaders_of_ranks,
        )
        for model, scaling, precision, (variant, tuning), strategy, threads, loaders in axes:
            for workers, pipe in self._spread(strategy):
                if self.cores_at_most is not None and workers * (threads + loaders) > self.cores_at_most:
                    continue
                if not fits_feed(tuning.feed, loaders):
                    continue
                per_node = self.workers_per_node or workers
                growth = workers if scaling == "weak" else 1
                point = TrainingPoint(
                    model=shown_name(model),
                    strategy=strategy,
                    device=self.device,
                    precision=precision,
                    workers=workers,
                    nodes=-(-workers // per_node),
                    threads=threads,
                    loader_workers=loaders,
                    scaling=scaling,
                    global_batch=self.global_batch * growth,
                    lr_factor={"none": 1.0, "linear": float(growth), "sqrt": growth**0.5}[self.optimizer.lr_rule],
                    micro_batch=self.micro_batch,
                    pipe=pipe,
                    variant=variant,
                    tuning=training.Tuning.model_validate(tuning.model_dump()),
                )
                found[point.id] = point
        return found

    def _spread(self, name: str) -> Iterator[tuple[int, Pipe | None]]:
        """The worker counts of a strategy, with the ways to feed it where it cuts the network."""
        if name == PROGRAM:
            yield from ((workers, None) for workers in self.workers)
            return
        strategy = registry.load(STRATEGIES, name, "Strategy")
        if not strategy.staged:
            yield from ((workers, None) for workers in (self.workers if strategy.parallel else [1]))
            return
        pipeline = self.pipeline
        for workers in pipeline.hybrid_workers if strategy.replicated else self.workers:
            stages = pipeline.hybrid_stages if strategy.replicated else workers
            for schedule, microbatches in itertools.product(pipeline.schedules, pipeline.microbatches):
                yield workers, Pipe(stages=stages, schedule=schedule, microbatches=microbatches)
