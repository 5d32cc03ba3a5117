"""Why a point of the sweep cannot be trained."""

from scripts import registry
from scripts.training.points import PROGRAM, STRATEGIES, TrainingPoint


def training_fault(point: TrainingPoint) -> str | None:
    """The first reason why a point cannot be trained, in terms of the config."""
    workers, batch, pipe, tuning = point.workers, point.global_batch, point.pipe, point.tuning
    if point.strategy == PROGRAM:
        return _fault_of_program(point)
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


def _fault_of_program(point: TrainingPoint) -> str | None:
    workers, batch = point.workers, point.global_batch
    if workers % point.nodes:
        return (
            f"workers_per_node spreads {workers} workers unequally over {point.nodes} nodes; choose counts that divide"
        )
    if batch % workers:
        return f"global_batch {batch} cannot be shared equally by {workers} workers; choose a multiple of every count"
    if point.precision == "tf32" and point.device == "cpu":
        return "precision tf32 exists on CUDA only; choose fp32 or bf16 for device cpu"
    return None
