"""One rank of a training run: train, time, evaluate; rank 0 writes the record.

Started by scripts/training/launch_node.py. Every epoch starts behind a barrier and its seconds are the slowest
rank's; the first `warmup_steps` are timed apart. `phases` are the slowest rank's: startup, warmup, synchronize (waiting
for other ranks at barriers), data, forward_backward, optimizer, checkpoint, evaluation, calibration. `seconds` counts
data, forward_backward and optimizer.

A run that finds its own checkpoint goes on from it; its record says `resumed`. On SIGTERM it saves and leaves with
EXIT_RETRY.
"""

import hashlib
import json
import math
import sys
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from scripts import cli, machine, record, registry
from scripts.clock import Stopwatch, calibrate
from scripts.errors import UserError
from scripts.images.shards import Shards, digests, read_split
from scripts.training.batches import Batches, training_order
from scripts.training.checkpoint import Checkpoint, identity
from scripts.training.evaluate import evaluate
from scripts.training.interruption import EXIT_RETRY, Interruption
from scripts.training.learner import Learner
from scripts.training.points import STRATEGIES
from scripts.training.ranks import Ranks
from scripts.training.spec import TrainSpec
from scripts.training.steps import check_steps, steps

EVALUATION_BATCH = 256
STEADY = ("data", "forward_backward", "optimizer")  # the phases of a step that count as training time


@dataclass(frozen=True)
class Inputs:
    """What a run reads and writes beside its spec."""

    shards: Path
    split: Path
    stats: Path
    weights: Path | None
    checkpoint: Path
    checkpoint_seconds: float | None  # None: after each epoch


@dataclass(frozen=True)
class Trained:
    """What training gave; the same on every rank."""

    network: torch.nn.Module
    epochs: list[record.Epoch]
    evaluated: int  # images of the last validation
    resumed: bool


def load_splits(inputs: Inputs, size: int, ranks: Ranks) -> dict[str, Batches]:
    """The batches of train, valid and test, normalised by the training split's statistics."""
    found = json.loads(inputs.stats.read_text())
    mean, std = (torch.tensor(found[name], device=ranks.device).view(1, 3, 1, 1) for name in ("mean", "std"))
    std = std.clamp(min=1.0)  # a channel that never varies would divide by zero
    shards, splits = (
        Shards(inputs.shards),
        {name: read_split(inputs.split, name) for name in ("train", "valid", "test")},
    )
    return {
        name: Batches(shards.images(images.shards, images.rows), images, size, mean, std, ranks.device)
        for name, images in splits.items()
    }


def train(
    spec: TrainSpec, inputs: Inputs, seed: int, data: dict[str, Batches], ranks: Ranks, watch: Stopwatch
) -> Trained:
    """Train by `spec`, from the beginning or from this run's checkpoint."""
    point, images = spec.point, len(data["train"].images)
    per_epoch = steps(images, point.global_batch)
    torch.manual_seed(seed)
    learner = Learner.build(spec, len(data["train"].images.classes), inputs.weights, spec.epochs * per_epoch, ranks)
    belongs_to = identity(
        registry.module(STRATEGIES, point.strategy),
        spec=spec.model_dump(),
        seed=seed,
        data=(digests(inputs.split), inputs.stats.read_text()),
        weights=weights_digest(inputs.weights),
        device=ranks.device.type,
    )
    checkpoint = Checkpoint(inputs.checkpoint, belongs_to, ranks, learner)
    progress = checkpoint.begin(rehearsal=data["train"].batch(np.arange(2)))
    resumed = progress.step > 0
    interruption = Interruption(ranks, inputs.checkpoint_seconds)
    evaluated = 0
    for epoch in range(len(progress.epochs), spec.epochs):
        ranks.barrier()
        watch.lap("synchronize" if "synchronize" in watch.phases else "startup")
        before = steady_seconds(watch) - progress.seconds
        order = training_order(images, point.global_batch, ranks.rank, ranks.world_size, seed, epoch)
        left = islice(order, progress.step - epoch * per_epoch, None)
        for step, chosen in enumerate(left, start=progress.step):
            warming_up = step < spec.warmup_steps
            batch, labels = data["train"].batch(chosen)
            watch.lap("warmup" if warming_up else "data")
            learner.optimizer.zero_grad(set_to_none=True)
            batch_loss = learner.loss(batch, labels)
            watch.lap("warmup" if warming_up else "forward_backward")
            learner.optimizer.step()
            learner.schedule.step()
            progress.loss_sum += batch_loss * len(chosen)
            progress.step = step + 1
            watch.lap("warmup" if warming_up else "optimizer")
            if (do := interruption.after(progress.step)) != "go on":
                progress.seconds = ranks.greatest(steady_seconds(watch) - before)
                checkpoint.save(progress)
                if do == "leave":
                    sys.exit(EXIT_RETRY)
            watch.lap("checkpoint")
            if progress.step == spec.warmup_steps:
                ranks.barrier()
                watch.lap("warmup")
        seconds = ranks.greatest(steady_seconds(watch) - before)
        ranks.barrier()
        watch.lap("synchronize")
        loss = mean_loss(ranks, progress.loss_sum, per_epoch * point.global_batch, epoch)
        ranks.share_buffers(learner.network)
        found = evaluate(learner.network, data["valid"], ranks, EVALUATION_BATCH)
        evaluated = found.images
        progress.epochs.append(record.Epoch(loss=loss, valid_accuracy=found.accuracy, seconds=seconds))
        progress.loss_sum, progress.seconds = torch.zeros_like(progress.loss_sum), 0.0
        cli.log.info("rank %d %s", ranks.rank, progress.epochs[-1])
        watch.lap("evaluation")
        if inputs.checkpoint_seconds is None and epoch + 1 < spec.epochs:
            checkpoint.save(progress)
            watch.lap("checkpoint")
    return Trained(learner.network, progress.epochs, evaluated, resumed)


def weights_digest(weights: Path | None) -> str | None:
    """What tells one file of initial weights from another."""
    return hashlib.sha256(weights.read_bytes()).hexdigest()[:12] if weights else None


def mean_loss(ranks: Ranks, loss_sum: torch.Tensor, images: int, epoch: int) -> float:
    """The mean over all ranks' images of an epoch, nats.

    Raises:
        UserError: it is not finite; the training has diverged.
    """
    found = float(ranks.total(loss_sum)) / images
    if not math.isfinite(found):
        raise UserError(f"training loss is {found} in epoch {epoch + 1}; a smaller training.optimizer.lr may help")
    return found


def steady_seconds(watch: Stopwatch) -> float:
    """Training seconds so far: warm-up, waiting and evaluation apart."""
    return sum(watch.phases.get(phase, 0.0) for phase in STEADY)


def seconds_to(target: float, epochs: list[record.Epoch]) -> float | None:
    """Training seconds until the end of the first epoch whose validation accuracy is at least `target`."""
    spent = 0.0
    for epoch in epochs:
        spent += epoch.seconds
        if epoch.valid_accuracy >= target:
            return spent
    return None


def run(spec: TrainSpec, block: int, attempt: int, inputs: Inputs) -> record.Record | None:
    """Train one point once; the record on rank 0, None on the others."""
    watch = Stopwatch()
    point, seed = spec.point, spec.seed + block
    parallel = registry.load(STRATEGIES, point.strategy, "Strategy").parallel
    with Ranks(parallel, point.device) as ranks:
        watch.synchronize = ranks.synchronize
        torch.set_num_threads(point.threads)
        data = load_splits(inputs, spec.size, ranks)
        check_steps(len(data["train"].images), point.global_batch, spec.epochs, spec.warmup_steps)
        places = machine.Places(ranks.gather(machine.Place.of_this_process()))
        judge = ranks.rank in places.first_ranks  # of a machine's speed, and of who else uses it
        ranks.barrier()
        watch.lap("startup")
        busy_before, cpu_before, settled = machine.busy_seconds(), machine.tree_usage().cpu_seconds, watch.wall
        before = calibrate() if judge else 0.0
        ranks.barrier()
        watch.lap("calibration")
        trained = train(spec, inputs, seed, data, ranks, watch)
        test = evaluate(trained.network, data["test"], ranks, EVALUATION_BATCH)
        watch.lap("evaluation")
        ranks.barrier()
        after = calibrate() if judge else 0.0
        ranks.barrier()
        watch.lap("calibration")
        gpu = torch.cuda.get_device_name(ranks.device) if ranks.device.type == "cuda" else None
        usage = machine.tree_usage()
        busy = machine.busy_seconds() - busy_before if judge else 0.0
        foreign = busy - usage.cpu_seconds + cpu_before
        used = (usage.cpu_seconds, usage.peak_rss_bytes)
        everyone = ranks.gather((steady_seconds(watch), watch.phases, watch.wall, *used, foreign, before, after))
    if ranks.rank != 0:
        return None
    foreign_cores = max(0.0, sum(rank[5] for rank in everyone) / (watch.wall - settled))
    # Of the machine that changed its speed most.
    before, after = max(
        (everyone[rank][6:] for rank in places.first_ranks), key=lambda pair: abs(pair[1] / pair[0] - 1)
    )
    _, phases, wall, *_ = max(everyone, key=lambda rank: rank[0])
    epochs, per_epoch = trained.epochs, steps(len(data["train"].images), point.global_batch)
    seconds = sum(epoch.seconds for epoch in epochs)
    images = (per_epoch * spec.epochs - spec.warmup_steps) * point.global_batch
    environment = machine.environment(start_method=None, page_cache="warm", gpu=gpu, places=places)
    images_digest, split_digest = digests(inputs.split)
    counted = {
        "valid images evaluated": (len(data["valid"].images), trained.evaluated),
        "test images evaluated": (len(data["test"].images), test.images),
        "nodes": (point.nodes, len(environment.nodes)),
        "CPU models": (environment.cpu_model, ", ".join(places.cpu_models)),
    }
    return record.Record(
        study=spec.study,
        stage="training",
        point_id=point.id,
        point=point.model_dump(),
        key={
            "model": point.model,
            "weights": weights_digest(inputs.weights),
            "image_size": spec.size,
            "images": images_digest,
            "split": split_digest,
            "precision": point.precision,
            "optimizer": spec.optimizer.model_dump(),
            "epochs": spec.epochs,
            "warmup_steps": spec.warmup_steps,
            "device": ranks.device.type,
            "cpu_model": environment.cpu_model,
            "gpu_model": gpu,
            "batch_policy": f"{point.scaling}: global batch {point.global_batch}",
        },
        block=block,
        attempt=attempt,
        resumed=trained.resumed,
        cores=point.cores,
        images=images,
        seconds=seconds,
        images_per_second=images / seconds,
        phases=phases,
        wall_seconds=wall,
        cpu_seconds=sum(rank[3] for rank in everyone),
        peak_rss_bytes=sum(rank[4] for rank in everyone),
        quality=record.Quality(
            epochs=epochs,
            steps_per_epoch=per_epoch,
            classes=data["test"].images.classes,
            test_accuracy=test.accuracy,
            precision=test.precision,
            recall=test.recall,
            f1=test.f1,
            confusion=test.confusion,
            seconds_to_target=seconds_to(spec.target_accuracy, epochs),
        ),
        validity=record.Validity.of(counted),
        environment=environment,
        noise=machine.noise(before, after, foreign_cores),
    )


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--shards", type=Path, required=True)
    parser.add_argument("--split", type=Path, required=True)
    parser.add_argument("--stats", type=Path, required=True)
    parser.add_argument("--weights", type=Path, nargs="?", help="state_dict to start from; may be left empty")
    parser.add_argument("--checkpoint", type=Path, required=True, help="file to save to and to go on from")
    parser.add_argument("--checkpoint-seconds", type=float, nargs="?", help="left empty: after each epoch")
    parser.add_argument("--block", type=int, required=True)
    parser.add_argument("--attempt", type=int, required=True, help="1, or more after a failure")
    parser.add_argument("--record", type=Path, required=True)
    parser.add_argument("--spec", type=TrainSpec.model_validate_json, required=True)
    args = parser.parse_args()
    machine.end_with_parent()
    inputs = Inputs(args.shards, args.split, args.stats, args.weights, args.checkpoint, args.checkpoint_seconds)
    found = run(args.spec, args.block, args.attempt, inputs)
    if found is not None:
        record.write(found, args.record)
        args.checkpoint.unlink(missing_ok=True)


if __name__ == "__main__":
    cli.run(main)
