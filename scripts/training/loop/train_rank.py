"""One rank of a training run: set up, train (fit.py), evaluate; rank 0 writes the record.

Started by scripts/training/launch/launch_node.py. `phases` are the slowest rank's: startup, compile, warmup,
synchronize (waiting for other ranks at barriers), data (waiting for pixels), to_device (sent and normalised),
augment (where the rank does it), forward_backward, optimizer, checkpoint, evaluation, calibration. `seconds` counts
data, to_device, augment, forward_backward and optimizer.

A run that finds its own checkpoint goes on from it; its record says `resumed`. On SIGTERM it saves and leaves with
EXIT_RETRY.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from scripts import cli, energy, machine, page_cache, record, registry
from scripts.atomic import remove
from scripts.calibration import Calibration, calibrate
from scripts.clock import Stopwatch
from scripts.errors import UserError
from scripts.images.shards import Shards, read_split
from scripts.noise import Look, most_changed, noise
from scripts.training.launch import affinity, allocator
from scripts.training.launch.ranks import Ranks
from scripts.training.loop.batches import Batches, seed_of
from scripts.training.loop.comparison_key import key_of
from scripts.training.loop.evaluate import Scores, evaluate
from scripts.training.loop.fit import Keeping, Trained, fit, seconds_to, steady_seconds
from scripts.training.loop.inputs import Inputs
from scripts.training.loop.steps import check_steps, steps
from scripts.training.model.memory import advising
from scripts.training.model.model_facts import ModelFacts
from scripts.training.model.trained import TrainedNetwork
from scripts.training.points import STRATEGIES
from scripts.training.spec import TrainSpec

LOSS = "training loss"  # what the fault of a training that has diverged is called
_TOO_SOON = (
    "none: training.stop_at_target ended it before; fewer training.warmup_steps, or a higher training.target_accuracy, "
    "leave some"
)


def load_splits(inputs: Inputs, spec: TrainSpec, ranks: Ranks) -> dict[str, Batches]:
    """The batches of train, valid and test, normalised by the training split's statistics."""
    found = json.loads(inputs.stats.read_text())
    mean, std = (torch.tensor(found[name], device=ranks.device).view(1, 3, 1, 1) for name in ("mean", "std"))
    std = std.clamp(min=1.0)  # a channel that never varies would divide by zero
    layout = torch.channels_last if spec.point.tuning.channels_last else torch.contiguous_format
    shards = Shards(inputs.shards)
    splits = {name: read_split(inputs.split, name) for name in ("train", "valid", "test")}
    return {
        name: Batches(
            *(shards.images(images.shards, images.rows), images, spec.size, spec.packed_size, mean, std),
            device=ranks.device,
            memory_format=layout,
        )
        for name, images in splits.items()
    }


def packed_files(data: dict[str, Batches]) -> list[Path]:
    """The files that hold the images of all splits."""
    return sorted({path for batches in data.values() for path in batches.packed.files})


@dataclass(frozen=True)
class Outcome:
    """What a run gave, as rank 0 knows it."""

    trained: Trained
    test: Scores
    precision_emulated: bool
    gpu: str | None
    places: machine.Places
    resident_share: float  # of the packed images' pages in memory, before training and after it: the least
    seconds: list[float]  # of each rank: training time
    phases: list[dict[str, float]]  # of each rank
    walls: list[float]  # of each rank
    cpu_seconds: float  # all ranks
    peak_rss_bytes: int  # all ranks
    package_joules: float | None  # all machines, from warm-up to evaluation
    gpu_joules: float | None  # all ranks
    foreign_cores: float  # of all machines
    steal_cores: float  # of all machines
    throttled: int | None  # times, of all machines that tell
    calibrations: tuple[Calibration, Calibration]  # before and after, of the machine that changed its speed most


def run(spec: TrainSpec, block: int, attempt: int, inputs: Inputs, keeping: Keeping) -> record.Record | None:
    """Train one point once; the record on rank 0, None on the others."""
    watch = Stopwatch()
    point = spec.point
    parallel = registry.load(STRATEGIES, point.strategy, "Strategy").parallel
    with Ranks(parallel, point.device) as ranks:
        watch.synchronize = ranks.synchronize
        data = load_splits(inputs, spec, ranks)
        spec.loss.check(data["train"].images.classes)
        check_steps(len(data["train"].images), point.global_batch, spec.epochs, spec.warmup_steps)
        places = machine.Places(ranks.gather(machine.Place.of_this_process()))
        spare = affinity.bind(ranks.rank, point.threads, point.loader_workers, places)
        torch.set_num_threads(point.threads)
        # Of each machine one rank fills the page cache, and looks at it.
        files = packed_files(data) if ranks.rank in places.first_ranks else []
        page_cache.warm(files)
        resident = page_cache.resident_share(files)
        ranks.barrier()
        watch.lap("startup")
        looked, cpu_before, settled = Look.now(), machine.tree_usage().cpu_seconds, watch.wall
        before = calibrate(point.threads)
        ranks.barrier()
        watch.lap("calibration")
        with energy.Meter(ranks.device) as meter:
            with advising(ModelFacts.read(inputs.facts), spec, ranks.device):
                trained = fit(spec, inputs, keeping, seed_of(spec.seed, block), data, spare, ranks, watch)
            test = evaluate(trained.learner.network, data["test"], ranks, point.images_at_once)
            watch.lap("evaluation")
            joules = meter.lap()
        resident = min(resident, page_cache.resident_share(files))
        ranks.barrier()
        after = calibrate(point.threads)
        ranks.barrier()
        watch.lap("calibration")
        usage, counted = machine.tree_usage(), Look.now().since(looked)
        used = (usage.cpu_seconds, usage.peak_rss_bytes, usage.cpu_seconds - cpu_before)
        times = (steady_seconds(watch), watch.phases, watch.wall)
        everyone = ranks.gather((*times, *used, counted, (before, after), resident, *joules))
    if ranks.rank != 0:
        return None
    seconds, phases, walls, cpu, peak, own, looks, calibrations, residents, packages, gpus = zip(*everyone, strict=True)
    judged = [looks[rank] for rank in places.first_ranks]
    told = [look.throttled for look in judged if look.throttled is not None]
    outcome = Outcome(
        trained=trained,
        test=test,
        precision_emulated=trained.learner.precision.emulated,
        gpu=torch.cuda.get_device_name(ranks.device) if ranks.device.type == "cuda" else None,
        places=places,
        resident_share=min(residents),
        seconds=list(seconds),
        phases=list(phases),
        walls=list(walls),
        cpu_seconds=sum(cpu),
        peak_rss_bytes=sum(peak),
        package_joules=energy.total([packages[rank] for rank in places.first_ranks]),
        gpu_joules=energy.total(gpus),
        foreign_cores=max(0.0, (sum(look.busy for look in judged) - sum(own)) / (watch.wall - settled)),
        steal_cores=sum(look.steal for look in judged) / (watch.wall - settled),
        throttled=sum(told) if told else None,
        calibrations=most_changed(places, calibrations),
    )
    return record_of(spec, block, attempt, inputs, data, ranks.device, outcome)


def record_of(
    spec: TrainSpec,
    block: int,
    attempt: int,
    inputs: Inputs,
    data: dict[str, Batches],
    device: torch.device,
    outcome: Outcome,
) -> record.Record:
    """What is written of a run."""
    point, trained, test = spec.point, outcome.trained, outcome.test
    epochs, per_epoch = trained.epochs, steps(len(data["train"].images), point.global_batch)
    slowest = outcome.seconds.index(max(outcome.seconds))
    seconds = sum(epoch.seconds for epoch in epochs)
    images = (per_epoch * len(epochs) - spec.warmup_steps) * point.global_batch
    measured = images > 0
    if trained.diverged or not measured:  # its steps are no training, or all warm-up
        seconds, images = outcome.walls[slowest], 0
    resident = outcome.resident_share
    cache = "warm" if resident >= 1 - page_cache.MAY_STAY else f"{resident:.0%} of the images in memory"
    environment = machine.environment(start_method=None, page_cache=cache, gpu=outcome.gpu, places=outcome.places)
    checks = {
        LOSS: ("a number", trained.diverged or "a number"),
        "steps behind the warm-up": ("some", "some" if measured or trained.diverged else _TOO_SOON),
        "valid images evaluated": (len(data["valid"].images), trained.evaluated),
        "test images evaluated": (len(data["test"].images), test.images),
        "nodes": (point.nodes, len(environment.nodes)),
        "allocator": (allocator.expected(point.tuning.allocator), environment.allocator),
        "CPU models": (environment.cpu_model, ", ".join(outcome.places.cpu_models)),
    }
    return record.Record(
        study=spec.study,
        stage="training",
        point_id=point.id,
        point=point.model_dump(),
        key=key_of(spec, inputs, device, environment),
        block=block,
        attempt=attempt,
        resumed=trained.resumed,
        cores=point.cores,
        images=images,
        seconds=seconds,
        images_per_second=images / seconds,
        phases=outcome.phases[slowest],
        wall_seconds=outcome.walls[slowest],
        cpu_seconds=outcome.cpu_seconds,
        peak_rss_bytes=outcome.peak_rss_bytes,
        package_joules=outcome.package_joules,
        gpu_joules=outcome.gpu_joules,
        quality=record.Quality(
            epochs=epochs,
            steps_per_epoch=per_epoch,
            classes=data["test"].images.classes,
            test_accuracy=test.accuracy,
            precision=test.precision,
            recall=test.recall,
            f1=test.f1,
            per_class=test.per_class,
            confusion=test.confusion,
            seconds_to_target=seconds_to(spec.target_accuracy, epochs),
            precision_emulated=outcome.precision_emulated,
            left_out_steps=trained.learner.precision.left_out_steps,
        ),
        validity=record.Validity.of(checks),
        environment=environment,
        noise=noise(*outcome.calibrations, outcome.foreign_cores, outcome.steal_cores, outcome.throttled),
    )


def keep(found: record.Record, spec: TrainSpec, stats: Path, best: Path, decode: dict[str, Any]) -> TrainedNetwork:
    """The network of the epoch that did best on validation, whose weights `best` holds.

    Raises:
        UserError: the training has diverged.
    """
    assert found.quality is not None
    for fault in found.validity.faults:
        if fault.parameter == LOSS:
            raise UserError(str(fault))
    channels = json.loads(stats.read_text())
    accuracies = [epoch.valid_accuracy for epoch in found.quality.epochs]
    return TrainedNetwork(
        model=spec.point.model,
        model_digest=spec.model_digest,
        classes=found.quality.classes,
        size=spec.size,
        mean=channels["mean"],
        std=channels["std"],
        decode=decode,
        epoch=1 + accuracies.index(max(accuracies)),
        valid_accuracy=max(accuracies),
        state_dict=torch.load(best, weights_only=True, map_location="cpu"),
    )


def main() -> None:
    parser = cli.parser(__doc__)
    Inputs.add_flags(parser)
    parser.add_argument("--checkpoint", type=Path, required=True, help="folder to save to and to go on from")
    parser.add_argument("--checkpoint-seconds", type=float, nargs="?", help="left empty: after each epoch")
    parser.add_argument("--model", type=Path, nargs="?", help="where to write the trained network; left empty: nowhere")
    parser.add_argument("--tensorboard", type=Path, nargs="?", help="folder for event files; left empty: none")
    parser.add_argument("--block", type=int, required=True)
    parser.add_argument("--attempt", type=int, required=True, help="1, or more after a failure")
    parser.add_argument("--record", type=Path, required=True)
    parser.add_argument("--spec", type=TrainSpec.model_validate_json, required=True)
    args = parser.parse_args()
    machine.end_with_parent()
    inputs = Inputs.of(args)
    best = args.checkpoint / "best.pt" if args.model else None
    keeping = Keeping(args.checkpoint, args.checkpoint_seconds, best, args.tensorboard)
    found = run(args.spec, args.block, args.attempt, inputs, keeping)
    if found is not None:
        if best is not None:
            keep(found, args.spec, inputs.stats, best, inputs.decode or {}).write(args.model)
        record.write(found, args.record)
        remove(args.checkpoint)


if __name__ == "__main__":
    cli.run(main)
