"""The rows of what profiles tell, one a point. The descriptions are the documentation of the columns."""

from pydantic import BaseModel, ConfigDict, Field

LOW, HIGH = "lower end of its interval", "upper end of that interval"


class ProfileRow(BaseModel):
    """Where the efficiency of a training point is lost: seconds of one step, means over runs of their own."""

    model_config = ConfigDict(extra="forbid")

    point: str = Field(description="id of the point")
    baseline: str = Field(description="id of the point that it is compared with")
    cores: int = Field(description="workers x (threads + loader processes)")
    blocks: int = Field(description="profiles of the point, each a run of its own")
    step_seconds: float = Field(description="median step, slowest rank")
    ideal_seconds: float = Field(description="the baseline's step for as many images, divided by the cores")
    efficiency: float = Field(description="ideal_seconds / step_seconds; step_seconds - ideal_seconds is the sum of:")
    input: float = Field(
        description="waiting for a batch, sending and normalising it; and the cores of loader processes"
    )
    threads: float | None = Field(description="a rank alone on its threads, beyond its one-thread time / threads")
    smaller_batch: float | None = Field(description="a rank's share of a step alone, beyond its part of the baseline's")
    contention: float | None = Field(description="all ranks computing at once, beyond one alone")
    imbalance: float | None = Field(description="the slowest rank, beyond the mean")
    communication: float = Field(
        description="exchange of gradients that is not hidden behind backward; of strategies that cannot go without "
        "it, all of forward and backward beyond the ideal"
    )
    optimizer: float = Field(description="the optimizer's step, which each rank makes for all weights that it holds")
    gradient_bytes: int = Field(description="bytes of gradients that a step averages over ranks")
    all_reduce_bytes_per_second: float | None = Field(description="rate of an all-reduce of that size, all alone")
    bubble: float | None = Field(description="pipelines: share of forward and backward in which stages are idle")
    ideal_bubble: float | None = Field(description="(S - 1) / (M + S - 1) for S equal stages and M micro-batches")


class PopRow(BaseModel):
    """The efficiencies of a training point as POP defines them, from its profiles; 1 is ideal, under 0.8 weak.

    Geometric means over blocks, so that products hold; intervals by Student's t on the logs of the blocks, those of
    computation scalability and global efficiency paired by block with the baseline's; empty of fewer than 3 blocks.
    """

    model_config = ConfigDict(extra="forbid")

    point: str = Field(description="id of the point")
    baseline: str = Field(description="id of the point whose computation it is compared with")
    cores: int = Field(description="workers x (threads + loader processes)")
    blocks: int = Field(description="blocks that both have a profile of")
    confidence: float = Field(description="level of the intervals, each of one statement alone")
    global_efficiency: float | None = Field(description="parallel efficiency x computation scalability")
    global_efficiency_low: float | None = Field(description=LOW)
    global_efficiency_high: float | None = Field(description=HIGH)
    parallel_efficiency: float | None = Field(
        description="load balance x communication efficiency: share of a step that ranks compute, mean of ranks"
    )
    parallel_efficiency_low: float | None = Field(description=LOW)
    parallel_efficiency_high: float | None = Field(description=HIGH)
    load_balance: float | None = Field(description="what ranks compute in a step, their mean over their longest")
    load_balance_low: float | None = Field(description=LOW)
    load_balance_high: float | None = Field(description=HIGH)
    communication_efficiency: float | None = Field(
        description="serialisation x transfer: share of a step that the rank computes that computes longest"
    )
    communication_efficiency_low: float | None = Field(description=LOW)
    communication_efficiency_high: float | None = Field(description=HIGH)
    serialisation: float | None = Field(
        description="the longest computation over the step on an ideal network, where ranks only wait for each other"
    )
    serialisation_low: float | None = Field(description=LOW)
    serialisation_high: float | None = Field(description=HIGH)
    transfer: float | None = Field(description="the step on an ideal network over the step")
    transfer_low: float | None = Field(description=LOW)
    transfer_high: float | None = Field(description=HIGH)
    computation_scalability: float | None = Field(
        description="core-seconds of computation for an image, the baseline's over this point's"
    )
    computation_scalability_low: float | None = Field(description=LOW)
    computation_scalability_high: float | None = Field(description=HIGH)
    thread_efficiency: float | None = Field(
        description="forward and backward of a rank alone: on one thread, over its threads x the same on all of them"
    )
    thread_efficiency_low: float | None = Field(description=LOW)
    thread_efficiency_high: float | None = Field(description=HIGH)
    hybrid_parallel_efficiency: float | None = Field(description="parallel efficiency x thread efficiency")
    hybrid_parallel_efficiency_low: float | None = Field(description=LOW)
    hybrid_parallel_efficiency_high: float | None = Field(description=HIGH)
    under: str = Field(
        description="efficiencies under 0.8, separated by commas: by the upper end where there is an interval"
    )
    reason: str = Field(description="why an efficiency is missing")
