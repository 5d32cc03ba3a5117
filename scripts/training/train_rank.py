"""One rank of a training run: train, time, evaluate; rank 0 writes the record.

Started by torchrun (scripts/training/train.py). Every epoch starts behind a barrier and its seconds are the slowest
rank's; the first `warmup_steps` are timed apart. `phases` are the slowest rank's: startup, warmup, synchronize (waiting
for other ranks at barriers), data, forward_backward, optimizer, evaluation, calibration. `seconds` counts data,
forward_backward and optimizer.
"""

import hashlib
import json
import math
from pathlib import Path

import torch
import torch.nn.functional as F

from scripts import cli, machine, record, registry
from scripts.clock import Stopwatch, calibrate
from scripts.errors import UserError
from scripts.images.shards import Shards, digests, read_split
from scripts.training import model as models
from scripts.training.batches import Batches, training_order
from scripts.training.evaluate import evaluate
from scripts.training.points import STRATEGIES
from scripts.training.ranks import Ranks
from scripts.training.spec import OptimizerSpec, TrainSpec
from scripts.training.steps import check_steps, steps

EVALUATION_BATCH = 256
STEADY = ("data", "forward_backward", "optimizer")  # the phases of a step that count as training time


def optimizer_of(
    model: torch.nn.Module, spec: OptimizerSpec, total_steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """The optimizer and its learning-rate schedule, which moves once a step."""
    optimizer = torch.optim.SGD(model.parameters(), lr=spec.lr, momentum=spec.momentum)
    if spec.schedule == "cosine":
        return optimizer, torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=total_steps)
    return optimizer, torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)


def load_splits(shards: Path, split: Path, stats: Path, size: int, ranks: Ranks) -> dict[str, Batches]:
    """The batches of train, valid and test, normalised by the training split's statistics."""
    found = json.loads(stats.read_text())
    mean, std = (torch.tensor(found[name], device=ranks.device).view(1, 3, 1, 1) for name in ("mean", "std"))
    std = std.clamp(min=1.0)  # a channel that never varies would divide by zero
    return {
        name: Batches(Shards(shards), read_split(split, name), size, mean, std, ranks.device)
        for name in ("train", "valid", "test")
    }


def train(
    spec: TrainSpec, weights: Path | None, seed: int, data: dict[str, Batches], ranks: Ranks, watch: Stopwatch
) -> tuple[torch.nn.Module, list[record.Epoch], int]:
    """Train by `spec`.

    Returns:
        The network, its epochs (the same on every rank), and the number of images evaluated in the last one.
    """
    point, images = spec.point, len(data["train"].images)
    per_epoch = steps(images, point.global_batch)
    torch.manual_seed(seed)
    network = models.build(point.model, len(data["train"].images.classes), weights)
    network = network.to(ranks.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    model = registry.load(STRATEGIES, point.strategy, "Strategy")().wrap(network, ranks.device)
    optimizer, schedule = optimizer_of(model, spec.optimizer, spec.epochs * per_epoch)
    epochs: list[record.Epoch] = []
    evaluated = 0
    model.train()
    for epoch in range(spec.epochs):
        loss_sum = torch.zeros(1, dtype=torch.float64, device=ranks.device)
        ranks.barrier()
        watch.lap("startup" if epoch == 0 else "synchronize")
        before = steady_seconds(watch)
        order = training_order(images, point.global_batch, ranks.rank, ranks.world_size, seed, epoch)
        for step, chosen in enumerate(order, start=epoch * per_epoch):
            warming_up = step < spec.warmup_steps
            batch, labels = data["train"].batch(chosen)
            watch.lap("warmup" if warming_up else "data")
            optimizer.zero_grad(set_to_none=True)
            loss = F.cross_entropy(model(batch), labels)
            loss.backward()  # type: ignore[no-untyped-call]
            watch.lap("warmup" if warming_up else "forward_backward")
            optimizer.step()
            schedule.step()
            loss_sum += loss.detach() * len(chosen)
            watch.lap("warmup" if warming_up else "optimizer")
            if step + 1 == spec.warmup_steps:
                ranks.barrier()
                watch.lap("warmup")
        seconds = ranks.greatest(steady_seconds(watch) - before)
        ranks.barrier()
        watch.lap("synchronize")
        mean_loss = float(ranks.total(loss_sum)) / (per_epoch * point.global_batch)
        if not math.isfinite(mean_loss):
            raise UserError(
                f"training loss is {mean_loss} in epoch {epoch + 1}; a smaller training.optimizer.lr may help"
            )
        ranks.share_buffers(network)
        found = evaluate(network, data["valid"], ranks, EVALUATION_BATCH)
        evaluated = found.images
        epochs.append(record.Epoch(loss=mean_loss, valid_accuracy=found.accuracy, seconds=seconds))
        cli.log.info("rank %d %s", ranks.rank, epochs[-1])
        watch.lap("evaluation")
    return network, epochs, evaluated


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


def run(
    spec: TrainSpec, block: int, shards: Path, split: Path, stats: Path, weights: Path | None
) -> record.Record | None:
    """Train one point once; the record on rank 0, None on the others."""
    watch = Stopwatch()
    point, seed = spec.point, spec.seed + block
    parallel = registry.load(STRATEGIES, point.strategy, "Strategy").parallel
    with Ranks(parallel, point.device) as ranks:
        watch.synchronize = ranks.synchronize
        torch.set_num_threads(point.threads)
        data = load_splits(shards, split, stats, spec.size, ranks)
        check_steps(len(data["train"].images), point.global_batch, spec.epochs, spec.warmup_steps)
        ranks.barrier()
        watch.lap("startup")
        busy_before, (cpu_before, _), settled = machine.busy_seconds(), machine.tree_usage(), watch.wall
        before = calibrate() if ranks.rank == 0 else 0.0
        ranks.barrier()
        watch.lap("calibration")
        network, epochs, evaluated = train(spec, weights, seed, data, ranks, watch)
        test = evaluate(network, data["test"], ranks, EVALUATION_BATCH)
        watch.lap("evaluation")
        ranks.barrier()
        after = calibrate() if ranks.rank == 0 else 0.0
        ranks.barrier()
        watch.lap("calibration")
        gpu = torch.cuda.get_device_name(ranks.device) if ranks.device.type == "cuda" else None
        usage = machine.tree_usage()
        everyone = ranks.gather((steady_seconds(watch), watch.phases, watch.wall, *usage, usage[0] - cpu_before))
        foreign_seconds = machine.busy_seconds() - busy_before - sum(rank[5] for rank in everyone)
        foreign_cores = max(0.0, foreign_seconds / (watch.wall - settled))
    if ranks.rank != 0:
        return None
    _, phases, wall, *_ = max(everyone, key=lambda rank: rank[0])
    per_epoch = steps(len(data["train"].images), point.global_batch)
    seconds = sum(epoch.seconds for epoch in epochs)
    trained = (per_epoch * spec.epochs - spec.warmup_steps) * point.global_batch
    environment = machine.environment(start_method=None, page_cache="warm", gpu=gpu)
    images_digest, split_digest = digests(split)
    counted = {"valid images evaluated": (len(data["valid"].images), evaluated)}
    counted["test images evaluated"] = (len(data["test"].images), test.images)
    return record.Record(
        study=spec.study,
        stage="training",
        point_id=point.id,
        point=point.model_dump(),
        key={
            "model": point.model,
            "weights": hashlib.sha256(weights.read_bytes()).hexdigest()[:12] if weights else None,
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
        cores=point.cores,
        images=trained,
        seconds=seconds,
        images_per_second=trained / seconds,
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
    parser.add_argument("--block", type=int, required=True)
    parser.add_argument("--record", type=Path, required=True)
    parser.add_argument("--spec", type=TrainSpec.model_validate_json, required=True)
    args = parser.parse_args()
    found = run(args.spec, args.block, args.shards, args.split, args.stats, args.weights)
    if found is not None:
        record.write(found, args.record)


if __name__ == "__main__":
    cli.run(main)
