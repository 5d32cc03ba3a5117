"""The rows of the scaling tables, one a point or a record. The descriptions are the documentation of the columns."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Row(BaseModel):
    """What every table says of a point. Empty where it cannot be said, with the reason."""

    model_config = ConfigDict(extra="forbid")

    point: str = Field(description="id of the point")
    workers: int = Field(description="processes or threads that load, or ranks that train")
    cores: int = Field(
        description="workers x (threads + loader processes): the axis of speedup and efficiency. Loading: workers x "
        "threads; the process that takes the images from its workers is not counted"
    )
    blocks: int = Field(description="valid repetitions, each a launch of its own")
    blocks_used: str = Field(description="numbers of those blocks, separated by spaces")
    rates: str = Field(description="images/s of those blocks, in the same order")
    levelled: str = Field(
        description="likewise images/s at the speed that the machine had on average, by the calibrations of each launch"
    )
    calibrations: str = Field(
        "",
        description="likewise seconds of the fixed kernel that is timed before and after each launch: how fast the "
        "cores were, by which runs are levelled; empty of a table from outside",
    )
    key: str = Field(description="the comparison key, JSON: rows are divided only where it agrees")
    seconds: float | None = Field(
        description="median over valid blocks; what a second is spent on: see the table's note"
    )
    seconds_min: float | None = Field(description="least over valid blocks")
    seconds_max: float | None = Field(description="greatest over valid blocks")
    images_per_second: float | None = Field(description="median over valid blocks, steady state")
    speedup: float | None = Field(
        description="images/s against the baseline's, by the levels of both in log rate = point + block + noise"
    )
    speedup_low: float | None = Field(
        description="lower end of the speedup's interval, of this statement alone; of rates as measured and levelled"
    )
    speedup_high: float | None = Field(description="upper end of that interval")
    confidence: float = Field(description="level of that interval")
    confidence_of_all: float = Field(
        description="level at which all statements about the points of a baseline hold at once: marks and claims go by "
        "it; all baselines of a study share what may be wrong"
    )
    efficiency: float | None = Field(description="speedup / (cores / cores of the baseline); 1 is ideal")
    serial_fraction: float | None = Field(description="Karp-Flatt: (1/S - 1/p) / (1 - 1/p), p = cores / baseline cores")
    core_hours: float | None = Field(
        description="cores x seconds / 3600; of training a whole launch (wall_seconds), of loading one pass (seconds)"
    )
    gpu_hours: float | None = Field(description="likewise of GPUs; empty without them")
    cost: float | None = Field(description="core and GPU hours at the prices of `scaling.prices`; empty without prices")
    currency: str | None = Field(None, description="what the cost is in, as `scaling.prices` names it; empty without")
    package_joules: float | None = Field(
        description="median energy of processor packages and their memory: of training from warm-up to evaluation, of "
        "loading one pass; empty where their counters cannot be read"
    )
    gpu_joules: float | None = Field(description="likewise of the GPUs that were used")
    baseline: str = Field(description="id of the point that the speedup divides by")
    baseline_seconds: float | None = Field(description="the baseline's median seconds over its valid blocks")
    validity: Literal["valid", "invalid"] = Field(description="invalid: no block may be used")
    marks: str = Field(
        description="`baseline`; `tied` (the interval holds 1, all rows of the baseline taken together); `exploratory` "
        "(under 3 blocks: no interval); `noisy` (a launch that counts was disturbed, and no calm came); "
        "`oversubscribed` (more cores than the machine offered: in no fit, no recommendation); `shared_cores` (more "
        "than its physical cores, so that two ranks or workers share one); `ceiling` (no way to load, but what one "
        "could reach at most); `decoder` (another library decodes, to pixels of its own); `once` (of a dataset of your "
        "own, whose pixels were not compared); `emulated` (the device computes numbers of this precision by others); "
        "`left_out_steps` (a gradient overflowed in fp16, and the step, which is timed, moved no weights); "
        "`learning_not_checked` (of a "
        "script of the user's own no loss was seen, or none at the baseline's batch)"
    )
    reason: str = Field(description="each block that does not count, and why")
    noise: str = Field(description="each block that was disturbed and counts all the same, and by what")
    set_aside: int = Field(description="launches that were disturbed and measured again at once; they count nowhere")

    @property
    def rates_by_block(self) -> dict[int, float]:
        """Images/s of the valid blocks."""
        return dict(zip(map(int, self.blocks_used.split()), map(float, self.rates.split()), strict=True))

    @property
    def levelled_by_block(self) -> dict[int, float]:
        """Levelled images/s of the valid blocks."""
        return dict(zip(map(int, self.blocks_used.split()), map(float, self.levelled.split()), strict=True))

    def has(self, mark: str) -> bool:
        """Whether `mark` is among the marks."""
        return mark in self.marks.split()


class LoadingRow(Row):
    """One way to load; `seconds` bring every training image to memory once."""

    source: str = Field(
        description="what is read: `raw` files, their `reencoded` PNGs, `remote` files behind a server, `packed` "
        "shards, or a format of the backend's own"
    )
    backend: str = Field(description="loading backend")
    chunk: int = Field(description="images handed over at a time; 1 where the backend has no chunks")
    start_method: str | None = Field(None, description="how worker processes start; empty where there are none")
    returns: str | None = Field(None, description="how they hand pixels over; empty where there is no choice")
    prefetch: int | None = Field(None, description="chunks under way for each worker; empty where nothing bounds them")
    page_cache: Literal["warm", "cold"] = Field("warm", description="state of the files before each timed pass")
    decoder: str = Field(
        "scalecard", description="who decodes raw files: the study's own decoder, or another library's"
    )
    decode_error: float | None = Field(
        None, description="mean absolute difference of the pixels from a full decode resized by area, levels of 0-255"
    )
    check: Literal["pixels", "once"] = Field(
        "pixels",
        description="what makes a launch valid: `pixels` that are those of the reference, or, of a dataset of your own "
        "that gives others, that each image came `once`",
    )
    ceiling: bool = Field(False, description="no way to load, but what one could reach at most")
    images_per_second_low: float | None = Field(
        None, description="lower end of the interval of images/s (Student t on the log rates of the valid blocks)"
    )
    images_per_second_high: float | None = Field(None, description="upper end of that interval")
    startup_seconds: float | None = Field(
        None, description="median seconds until the workers were started, unless the first request starts them"
    )
    first_batch_seconds: float | None = Field(
        None,
        description="median seconds from the first request to the first delivery: an image, a batch, or all",
    )
    shutdown_seconds: float | None = Field(None, description="median seconds until the workers had stopped")
    passes: float | None = Field(None, description="median number of timed passes of a launch")
    cpu_milliseconds: float | None = Field(
        None, description="median CPU milliseconds of all processes for an image, in the timed passes"
    )
    storage_bytes: float | None = Field(None, description="median bytes that a timed pass read from storage")
    cpu_seconds: float | None = Field(
        description="median CPU seconds of all processes of a launch, from start to the end of its last timed pass"
    )
    peak_rss_bytes: float | None = Field(
        description="median peak resident memory, summed over processes (an upper bound)"
    )
    pss_bytes: float | None = Field(
        None,
        description="median memory of all processes here, the most after a pass; shared pages count once",
    )
    shared_bytes: float | None = Field(None, description="of it, median, in memory that processes share (/dev/shm)")
    descriptors: float | None = Field(None, description="median number of files, pipes and sockets that they had open")
    take_seconds: float | None = Field(None, description="of a launch of one pass: taking images that are ready")
    decode_seconds: float | None = Field(
        None,
        description="decoding, divided by the workers, or the cores where those are fewer; 0 if nothing is decoded",
    )
    read_seconds: float | None = Field(
        None, description="reading the files, divided alike; from a server by the workers, which wait"
    )
    transport_seconds: float | None = Field(
        None, description="rest of the pass: handing over between processes, waiting; below 0: better than divided"
    )
    once_seconds: float | None = Field(
        None, description="what a launch pays only once: start, the first pass beyond a timed one, shutdown"
    )
    whole_seconds: float | None = Field(
        None, description="sum of these five, all of the block with the (lower) median of it"
    )

    @property
    def way(self) -> bool:
        """Whether it is a way to load what the study trains on: no ceiling, and no other pixels."""
        return not self.ceiling and self.decoder == "scalecard" and self.check == "pixels"


class TrainingRow(Row):
    """One way to train; `seconds` train all epochs, warm-up steps and evaluation apart, at the slowest rank."""

    model: str = Field(description="the network, as torchvision names it")
    strategy: str = Field(description="training strategy")
    curve: str = Field(description="name shared by the points that differ in workers alone")
    threads: int = Field(description="intra-op threads of each rank")
    precision_of_numbers: str = Field(description="fp32, tf32, or bf16 or fp16 by autocast")
    scaling: str = Field(
        description="strong: the global batch is the baseline's; weak: it grows with the workers, and so do the images "
        "between two steps of the optimizer"
    )
    variant: str = Field(description="name of the tuning in `training.variants`; empty: `training.tuning`")
    device: str = Field(description="cpu or cuda, as it was used")
    nodes: int | None = Field(None, description="that the ranks are spread over; empty: not known")
    node_holds: int | None = Field(
        None, description="ranks that the cores of the one node allow; empty: not known, or not what limits them"
    )
    global_batch: int = Field(description="images of one optimizer step, all ranks together")
    steps_per_epoch: int | None = Field(description="optimizer steps of one epoch")
    epoch_seconds: float | None = Field(description="median over blocks of the median epoch after the first")
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
    wall_seconds: float | None = Field(
        description="median of whole launches: start, warm-up and evaluation too; of a script of the user's own, which "
        "is ended once it is measured, of a million images at its median rate, and so are its hours and its cost"
    )
    launch_seconds: float | None = Field(None, description="median of whole launches, whatever they did")
    peak_rss_bytes: float | None = Field(
        None, description="median peak resident memory of all ranks, summed over processes (an upper bound)"
    )


class StrategyRow(BaseModel):
    """Ways to train at equal cores: each against the fastest of them, the fastest first."""

    model_config = ConfigDict(extra="forbid")

    baseline: str = Field(description="id of the point that all of them have as baseline")
    cores: int = Field(description="that each of them uses")
    point: str = Field(description="id of the point")
    images_per_second: float = Field(description="median over valid blocks")
    of_fastest: float = Field(description="images/s against the fastest's")
    of_fastest_low: float | None = Field(None, description="lower end of its interval; empty for the fastest")
    of_fastest_high: float | None = Field(None, description="upper end of that interval")
    verdict: Literal["fastest", "tied", "slower", "exploratory"] = Field(
        description="tied: the interval, one of all such statements, holds 1; exploratory: there is none"
    )
    test_accuracy: float | None = Field(description="median over valid blocks")
    core_hours: float | None = Field(description="of a whole launch")


class JobRow(BaseModel):
    """The Slurm job of one record, as `sacct` tells it; empty beyond `accounting` where that is not `complete`."""

    model_config = ConfigDict(extra="forbid")

    point: str = Field(description="id of the point")
    stage: Literal["loading", "training"] = Field(description="what the job measured")
    block: int = Field(description="block of the record")
    attempt: int = Field(description="attempt that wrote the record; failed ones before it are jobs of their own")
    resumed: bool = Field(description="whether the launch went on from a checkpoint")
    job_id: str | None = Field(description="Slurm's number of the job; empty where the launch was none")
    accounting: str = Field(
        description="`complete`; `not a Slurm job`; or `no accounting` with the reason, the job's numbers then empty"
    )
    state: str | None = Field(None, description="how the job ended, in Slurm's words")
    exit_code: str | None = Field(None, description="exit status of the job's script and, after the colon, its signal")
    queue_seconds: int | None = Field(
        None, description="from submission, or the last requeue, to the job's start: also while it was not yet eligible"
    )
    run_seconds: int | None = Field(
        None, description="from the job's start to its end: Snakemake's own start and Python's imports included"
    )
    nodes: int | None = Field(None, description="nodes of the job")
    node_list: str | None = Field(None, description="names of those nodes, in Slurm's notation")
    cpus: int | None = Field(None, description="CPUs that the job held: all of its nodes where it had them to itself")
    allocated_cpu_seconds: int | None = Field(None, description="run_seconds x cpus: what the job kept from others")
    used_cpu_seconds: float | None = Field(
        None, description="user and system CPU seconds of all steps of the job; processes that nobody waited for lack"
    )
    cpu_efficiency: float | None = Field(None, description="used_cpu_seconds / allocated_cpu_seconds; 1 is ideal")
    requested_memory_bytes: int | None = Field(None, description="memory that the job asked for, on all nodes together")
    max_rss_bytes: int | None = Field(
        None,
        description="largest resident memory of any task of any step, its processes summed; Slurm samples it, so that "
        "it may miss a peak and a short job has none",
    )
