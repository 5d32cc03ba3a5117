"""Every setting of a study: its default, unit, range and meaning. The one source of truth.

From these models come the JSON schema in workflow/schemas/, the reference table in config/README.md and the check
at start (`python -m scripts.document` writes the first two). A user's mistake becomes one `ConfigError` that names
each key's path, what was found and what is allowed. Importing this is cheap: no torch, cv2 or pandas.
"""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from scripts import registry
from scripts.errors import ConfigError
from scripts.loading.points import BACKENDS
from scripts.training.points import STRATEGIES, training_points

STEPS = "scripts.images.steps"
# Those that need no program of a cluster.
DEFAULT_BACKENDS = [name for name in registry.names(BACKENDS) if registry.load(BACKENDS, name, "Backend").needs is None]

T = TypeVar("T")
Count = Annotated[int, Field(ge=1)]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Counts = Annotated[list[Count], Field(min_length=1)]


def _from_command_line(value: Any) -> Any:
    """Undo what Snakemake does to nested `--config` values: all of them, `null` too, arrive as text."""
    if isinstance(value, bool):
        raise ValueError(f"found {str(value).lower()}; no setting is true or false")
    if isinstance(value, list):
        return [_from_command_line(item) for item in value]
    return None if value == "null" else value


class Settings(BaseModel):
    """A group of settings: unknown keys and wrong types are errors, and nothing changes after the check."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, coerce_numbers_to_str=True)

    _plain = field_validator("*", mode="before")(_from_command_line)


def _known(package: str, found: list[str]) -> list[str]:
    allowed = registry.names(package)
    for name in found:
        if name not in allowed:
            raise ValueError(f"{name!r} is none of {', '.join(allowed)}")
    return _unique(found)


def _unique(found: list[T]) -> list[T]:
    if len(set(found)) < len(found):
        raise ValueError(f"{found} names something twice")
    return found


def _on_path(program: str, found: str) -> None:
    if shutil.which(program) is None:
        raise ValueError(f"{found!r} needs {program}, which is not on the PATH; expected a Slurm cluster")


class Sample(Settings):
    """The generated study: five tissue-like classes, drawn when `images.folder` is null."""

    per_class: Annotated[int, Field(ge=3)] = Field(60, description="images drawn for each class")
    size: Annotated[int, Field(ge=64, le=2048)] = Field(768, description="edge of a drawn image, pixels")


class Fractions(Settings):
    """How the groups of each class are cut; the three add up to 1."""

    train: Annotated[float, Field(gt=0, lt=1)] = Field(0.8, description="share that trains")
    valid: Annotated[float, Field(gt=0, lt=1)] = Field(0.1, description="share measured after each epoch")
    test: Annotated[float, Field(gt=0, lt=1)] = Field(0.1, description="share measured once, at the end")

    @model_validator(mode="after")
    def _add_up(self) -> Self:
        if abs(self.train + self.valid + self.test - 1) > 1e-6:
            raise ValueError(f"add up to {self.train + self.valid + self.test:g}, not to 1")
        return self


class Images(Settings):
    """Raw files to packed, checked, split pixels."""

    folder: str | None = Field(None, description="folder with one folder of images a class; null draws `sample`")
    sample: Sample = Sample()
    size: Annotated[int, Field(ge=8, le=1024)] = Field(96, description="edge of a packed image, pixels")
    shards: Count = Field(8, description="files the packed images are spread over; one job each")
    pack_on: Literal["jobs", "dask"] = Field(
        "jobs",
        description="jobs: a job a shard, and a changed image packs its own shard anew; dask: one job for all, on Dask "
        "workers that are Slurm jobs over the nodes, and a changed image packs all shards anew",
    )
    dask_workers: Count = Field(2, description="worker processes of `pack_on: dask`, one core and one Slurm job each")
    groups: str | None = Field(
        None, description="CSV of `path,group`: images of one group (tile, patient) share a split; null: equal files do"
    )
    fractions: Fractions = Fractions()
    steps: list[dict[str, dict[str, Any]]] = Field(
        [{"resize": {}}], min_length=1, description="preprocessing in order: each `{step: {setting: value}}`"
    )
    max_reject_fraction: Fraction = Field(0.05, description="share of unreadable files above which the study stops")

    @field_validator("pack_on")
    @classmethod
    def _dask_has_a_cluster(cls, pack_on: str) -> str:
        if pack_on == "dask":
            _on_path("sbatch", pack_on)
        return pack_on

    @field_validator("steps")
    @classmethod
    def _steps_exist(cls, steps: list[dict[str, dict[str, Any]]]) -> list[dict[str, dict[str, Any]]]:
        for step in steps:
            if len(step) != 1:
                raise ValueError(f"a step is one name with its settings, found {step}")
            [(name, settings)] = step.items()
            _known(STEPS, [name])
            registry.load(STEPS, name, "Step")(**settings)
        return steps


class Loading(Settings):
    """The loading benchmark: every backend on every worker count and chunk size."""

    backends: list[str] = Field(DEFAULT_BACKENDS, min_length=1, description="ways to load, compared")
    workers: Counts = Field([1, 2], description="processes or threads that load")
    chunks: Counts = Field([16], description="images handed over at a time")
    passes: Count = Field(3, description="timed passes over the training images in one launch, after one of warm-up")
    blocks: Count = Field(3, description="repetitions of the whole sweep; 3 for an interval, 6 for a study")

    @field_validator("backends")
    @classmethod
    def _backends_exist(cls, backends: list[str]) -> list[str]:
        if "serial" not in backends:
            raise ValueError("must hold 'serial', the baseline of every loading speedup")
        for name in _known(BACKENDS, backends):
            if program := registry.load(BACKENDS, name, "Backend").needs:
                _on_path(program, name)
        return backends

    @field_validator("workers", "chunks")
    @classmethod
    def _no_repeats(cls, values: list[int]) -> list[int]:
        return _unique(values)


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
        return _known(STRATEGIES, strategies)

    @model_validator(mode="after")
    def _weights_are_of_one_model(self) -> Self:
        if self.weights is not None and len(self.models) > 1:
            raise ValueError(f"weights {self.weights!r} can be of one model only; found {', '.join(self.models)}")
        return self

    @model_validator(mode="after")
    def _batch_divides(self) -> Self:
        _unique(self.workers)
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


class Scaling(Settings):
    """What the tables divide by, and how sure they are."""

    baseline: str = Field(
        "serial-1",
        description="point that a model's training speedups divide by: strategy-workers, with x and the threads of a "
        "rank where there are several, as serial-1x4",
    )
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = Field(0.95, description="level of every interval")
    loss_tolerance: Annotated[float, Field(gt=0)] = Field(
        0.25,
        description="largest mean distance of a run's training-loss curve from the baseline's in its block, "
        "as a share of chance-level loss ln(classes); beyond it the run is invalid",
    )


class Study(Settings):
    """One study: a config file and everything made from it, under results/<study>/."""

    study: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")] = Field(
        "demo", description="name of the study and of its results folder; null: the image folder's name"
    )
    seed: Annotated[int, Field(ge=0, lt=2**31)] = Field(0, description="seed of drawing, splits, order and weights")
    images: Images = Images()
    loading: Loading = Loading()
    training: Training = Training()
    scaling: Scaling = Scaling()

    @model_validator(mode="before")
    @classmethod
    def _name_after_folder(cls, raw: Any) -> Any:
        if isinstance(raw, dict) and raw.get("study", "") is None:
            images = raw.get("images")
            folder = images.get("folder") if isinstance(images, dict) else None
            if not isinstance(folder, str):
                raise ValueError("study is null, which takes the name of images.folder, and that is null too")
            name = Path(folder).resolve().name
            return {**raw, "study": re.sub(r"[^A-Za-z0-9_.-]+", "_", name).strip("_.-") or "study"}
        return raw

    @model_validator(mode="after")
    def _baseline_is_a_point(self) -> Self:
        points = [point.sweep for point in training_points(self.training).values()]
        if self.scaling.baseline not in points:
            allowed = ", ".join(dict.fromkeys(points))
            raise ValueError(f"scaling.baseline: found {self.scaling.baseline!r}; expected one of {allowed}")
        return self


def read(raw: Mapping[str, Any]) -> Study:
    """The checked study of a merged config.

    Raises:
        ConfigError: a line for each wrong key: its path, what was found, what is allowed.
    """
    try:
        return Study.model_validate(dict(raw))
    except ValidationError as error:
        raise ConfigError("\n".join(f"config: {_explain(dict(found))}" for found in error.errors())) from None


def _explain(error: dict[str, Any]) -> str:
    path = ""
    for part in error["loc"]:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    if error["type"] == "extra_forbidden":
        return f"{path}: unknown key; config/README.md lists those there are"
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "value_error":
        return f"{path}: {message}" if path else message
    return f"{path}: found {error['input']!r}; {message[0].lower()}{message[1:]}"
