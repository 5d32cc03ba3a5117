"""The rows of the scaling tables, one a point. The descriptions are the documentation of the columns."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Row(BaseModel):
    """What every table says of a point. Empty where it cannot be said, with the reason."""

    model_config = ConfigDict(extra="forbid")

    point: str = Field(description="id of the point")
    workers: int = Field(description="processes or threads that load, or ranks that train")
    cores: int = Field(
        description="workers x threads: the axis of speedup and efficiency. Loading: the process that takes the images "
        "from its workers is not counted"
    )
    blocks: int = Field(description="valid repetitions, each a launch of its own")
    blocks_used: str = Field(description="numbers of those blocks, separated by spaces")
    seconds: float | None = Field(
        description="median over valid blocks; what a second is spent on: see the table's note"
    )
    seconds_min: float | None = Field(description="least over valid blocks")
    seconds_max: float | None = Field(description="greatest over valid blocks")
    images_per_second: float | None = Field(description="median over valid blocks, steady state")
    speedup: float | None = Field(description="baseline seconds / seconds: exp of the mean log ratio, paired by block")
    speedup_low: float | None = Field(
        description="lower end of the speedup's interval (Student t on paired log ratios)"
    )
    speedup_high: float | None = Field(description="upper end of that interval")
    confidence: float = Field(description="level of the interval")
    efficiency: float | None = Field(description="speedup / (cores / cores of the baseline); 1 is ideal")
    baseline: str = Field(description="id of the point that the speedup divides by")
    baseline_seconds: float | None = Field(description="the baseline's median seconds over its valid blocks")
    validity: Literal["valid", "invalid"] = Field(description="invalid: no block may be used")
    marks: str = Field(
        description="`baseline`; `tied` (the interval holds 1); `exploratory` (under 3 blocks to divide: no interval); "
        "`oversubscribed` (more cores than the machine offered: in no fit, no recommendation)"
    )
    reason: str = Field(description="each block that does not count, and why")


class LoadingRow(Row):
    """One way to load; `seconds` bring every training image to memory once."""

    source: str = Field(description="`raw` files or `packed` shards")
    backend: str = Field(description="loading backend")
    chunk: int = Field(description="images handed over at a time; 1 where the backend has no chunks")
    cpu_seconds: float | None = Field(
        description="median CPU seconds of all processes of a launch, from start to the end of its last timed pass"
    )
    peak_rss_bytes: float | None = Field(
        description="median peak resident memory, summed over processes (an upper bound)"
    )


class TrainingRow(Row):
    """One way to train; `seconds` train all epochs, warm-up steps and evaluation apart, at the slowest rank."""

    model: str = Field(description="the network, as torchvision names it")
    strategy: str = Field(description="training strategy")
    threads: int = Field(description="intra-op threads of each rank")
    device: str = Field(description="cpu or cuda, as it was used")
    global_batch: int = Field(description="images of one optimizer step, all ranks together")
    steps_per_epoch: int | None = Field(description="optimizer steps of one epoch")
    epoch_seconds: float | None = Field(description="median over blocks of the median epoch after the first")
    serial_fraction: float | None = Field(description="Karp-Flatt: (1/S - 1/p) / (1 - 1/p), p = cores / baseline cores")
    test_accuracy: float | None = Field(description="median over valid blocks, share of the test images")
    precision: float | None = Field(description="macro precision on the test split, median over valid blocks")
    recall: float | None = Field(description="macro recall on the test split, median over valid blocks")
    f1: float | None = Field(description="macro F1 on the test split, median over valid blocks")
    seconds_to_target: float | None = Field(
        description="median training seconds to the target validation accuracy; empty where a block never reached it"
    )
    loss_distance: float | None = Field(
        description="greatest mean distance of a block's loss curve from the baseline's, as a share of ln(classes)"
    )
