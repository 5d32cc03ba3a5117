"""What a launch came to, beside its time: what a training learned, what was seen of one, how loading went."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from scripts.quantities import Count, NotNegative, Share, Whole

CLOSE = 0.01  # share by which figures of one record that say the same may differ
LOSS_STEPS = 10  # of which a watched training's losses are means


class Part(BaseModel):
    """A group of a record's fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Epoch(Part):
    """One pass over the training split."""

    model_config = ConfigDict(ser_json_inf_nan="strings")  # JSON has no word for a loss that is no number

    loss: float  # mean training loss, nats; of a training that diverged not finite
    valid_accuracy: Share
    seconds: NotNegative  # training steps only, slowest rank


class ClassScores(Part):
    """How well a network did on the test images of one class; 0 where a share is of none."""

    precision: Share  # share of those predicted that are of the class
    recall: Share  # share of those of the class that are predicted
    f1: Share  # harmonic mean of the two
    images: Whole  # of the class


class Quality(Part):
    """What a training run learned."""

    epochs: Annotated[list[Epoch], Field(min_length=1)]
    steps_per_epoch: Count
    classes: list[str]
    test_accuracy: Share
    precision: Share  # macro mean over classes
    recall: Share  # macro mean over classes
    f1: Share  # macro mean over classes
    per_class: list[ClassScores]  # in the order of `classes`
    confusion: list[list[Whole]]  # rows: true class; columns: predicted
    seconds_to_target: NotNegative | None  # training seconds until validation accuracy reached the target; null: never
    precision_emulated: bool  # the device computes numbers of this precision by others
    left_out_steps: Whole = 0  # that moved no weights, since a gradient overflowed in fp16

    @model_validator(mode="after")
    def _of_one_confusion(self) -> Self:
        if {len(self.classes)} != {len(self.confusion), *map(len, self.confusion)}:
            raise ValueError(
                f"confusion: found no square of numbers, expected a row for each of {len(self.classes)} classes"
            )
        images, right = sum(map(sum, self.confusion)), sum(row[i] for i, row in enumerate(self.confusion))
        if images and abs(self.test_accuracy - right / images) > CLOSE:
            raise ValueError(f"test_accuracy: found {self.test_accuracy:g}, expected {right} of {images} test images")
        return self


class Watched(Part):
    """What was seen of a training script of the user's own."""

    source: Literal["hooks", "probe", "events"]  # torch's, its own calls of scalecard_probe, or what it says by itself
    steps: Count  # of the optimizer, warm-up too
    first_loss: float | None  # of the first step, about that of guessing; null: none was seen, or none that is finite
    losses: list[float | None]  # means over ranks and LOSS_STEPS steps each; null: not finite
    images_seen: bool  # else they are what the config says
    evaluation_images: Whole
    skipped_steps: Whole = 0  # that moved no weights, since a gradient overflowed in fp16
    stopped: Literal["script", "enough", "hang"]  # what ended it: its own end, scalecard's measurement, or neither


class Loaded(Part):
    """How a loading launch went, beside its time."""

    passes: Count  # timed ones, over all training images
    first_batch_seconds: NotNegative  # from the first request, workers started, to the first image
    first_pass_seconds: NotNegative  # the whole first pass, which is in no rate: workers import, caches fill
    steady_cpu_seconds: NotNegative  # user and system, all processes but a server of its own, in the timed passes
    # That the kernel fetched from storage in the timed passes: none where all is in the page cache.
    storage_bytes: Whole
    # Of the files' pages in memory: the greatest before a cold pass; of warm ones the least, before and after them.
    resident_share: Share | None
    network: dict[str, NotNegative] | None  # limits in force, of a source behind a network
    pss_bytes: Whole | None = None  # of all processes on this machine, the most after a pass; shared pages count once
    shared_bytes: Whole | None = None  # of these in memory that processes share
    descriptors: Whole | None = None  # files, pipes and sockets that they had open, the most after a pass
    check: Literal["pixels", "once"] = "pixels"  # compared with the reference; or only that each image came once
    decode_error: NotNegative | None = None  # of its pixels against a full decode, mean, levels of 0-255
