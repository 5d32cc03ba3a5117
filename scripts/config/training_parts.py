"""Groups of settings inside `training`."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from scripts import registry
from scripts.config.settings import Count, Counts, Settings, unique
from scripts.loading.points import BACKENDS, backend_class
from scripts.training.points import PACKED, Allocator, PipelineSchedule

Weight = Annotated[float, Field(ge=0)]


def fits_feed(feed: str, loaders: int) -> bool:
    """Whether a point of so many loader processes a rank can be fed so: a way that is parallel is them."""
    return feed == PACKED or backend_class(feed).parallel == (loaders > 0)


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


class Loss(Settings):
    """What the cross-entropy of an image counts."""

    class_weights: Literal["balanced"] | Annotated[list[Weight], Field(min_length=2)] | None = Field(
        None,
        description="of an image's loss, by its class in order of the names; balanced: images / (classes x images of "
        "the class); a step's loss is the weighted sum over its images, divided by their number",
    )
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.0, description="share of the label that is spread evenly over all classes (Szegedy et al., CVPR 2016)"
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

    feed: str = Field(
        PACKED,
        description="what batches are made from: packed, the shards; or a way to load (of `loading.backends`), which "
        "brings raw files: `serial` where a rank has no `training.loader_workers`, others in the place of these",
    )
    augment_on: Literal["ranks", "loader"] = Field(
        "ranks",
        description="where `training.augment` is done: ranks, on their device, a phase of its own; loader, where "
        "batches are read: on the CPU, in the loader processes where there are any; the images are the same",
    )
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

    @field_validator("feed")
    @classmethod
    def _feeds(cls, name: str) -> str:
        feeding = [PACKED, *(other for other in registry.names(BACKENDS) if backend_class(other).feeds)]
        if name not in feeding:
            raise ValueError(f"found {name!r}; expected one of {', '.join(feeding)}")
        return name

    @model_validator(mode="after")
    def _augmented_where_it_can_be(self) -> Self:
        if self.feed != PACKED and self.augment_on == "loader":
            raise ValueError(f"feed: found {self.feed!r} with augment_on loader; expected augment_on ranks")
        return self
