"""The training loop, which all strategies share: each epoch's steps, its validation, and when to save or to leave.

Every epoch starts behind a barrier and its seconds are the slowest rank's; the first `warmup_steps` are timed apart.
"""

import shutil
import sys
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from scripts import cli, record, registry
from scripts.atomic import replacing
from scripts.clock import Stopwatch
from scripts.training.launch.interruption import EXIT_RETRY, Interruption
from scripts.training.launch.ranks import Ranks
from scripts.training.loop.batches import Batches, epoch_order, training_order
from scripts.training.loop.checkpoint import Checkpoint, Progress, identity
from scripts.training.loop.evaluate import evaluate
from scripts.training.loop.examples import Examples
from scripts.training.loop.feed import Feed, feed_of
from scripts.training.loop.inputs import Inputs
from scripts.training.loop.learner import Learner
from scripts.training.loop.steps import STEADY, steps
from scripts.training.points import STRATEGIES
from scripts.training.spec import TrainSpec


@dataclass(frozen=True)
class Keeping:
    """What a training writes while it goes on."""

    checkpoint: Path  # folder
    checkpoint_seconds: float | None  # least time between two; None: one after each epoch
    best: Path | None  # the weights of the best epoch; None: they are not kept
    tensorboard: Path | None  # folder for event files; None: none are written


@dataclass(frozen=True)
class Trained:
    """What training gave; the same on every rank."""

    learner: Learner
    epochs: list[record.Epoch]
    evaluated: int  # images of the last validation
    resumed: bool
    diverged: str  # the loss that is no number, where, and what may help; empty where all are


@dataclass(frozen=True)
class _Run:
    """What the loop works on."""

    spec: TrainSpec
    keeping: Keeping
    data: dict[str, Batches]
    examples: Examples
    feed: Feed
    ranks: Ranks
    watch: Stopwatch
    learner: Learner
    checkpoint: Checkpoint
    interruption: Interruption
    progress: Progress
    steps_per_epoch: int
    seed: int


def fit(
    spec: TrainSpec,
    inputs: Inputs,
    keeping: Keeping,
    seed: int,
    data: dict[str, Batches],
    spare: list[int] | None,
    ranks: Ranks,
    watch: Stopwatch,
) -> Trained:
    """Train by `spec`, from the beginning or from this run's checkpoint; `spare` are the cores of loader processes.

    A training that diverges ends with that epoch.

    Raises:
        SystemExit: EXIT_RETRY after SIGTERM.
    """
    run = _begin(spec, inputs, keeping, seed, data, spare, ranks, watch)
    progress, resumed, evaluated, diverged = run.progress, run.progress.step > 0, 0, ""
    if keeping.tensorboard and ranks.rank == 0 and not resumed:  # of an earlier training
        shutil.rmtree(keeping.tensorboard, ignore_errors=True)
    for epoch in range(len(progress.epochs), spec.epochs):
        ranks.barrier()
        watch.lap("synchronize" if "synchronize" in watch.phases else "startup")
        seconds = _train_epoch(run, epoch)
        ranks.barrier()
        watch.lap("synchronize")
        loss, diverged = mean_loss(ranks, progress, epoch * run.steps_per_epoch, spec.point.global_batch)
        run.learner.strategy.gather_into(run.learner.network)
        found = evaluate(run.learner.network, data["valid"], ranks, spec.point.images_at_once)
        evaluated = found.images
        best_before = max((done.valid_accuracy for done in progress.epochs), default=-1.0)
        if ranks.rank == 0 and keeping.best and found.accuracy > best_before:
            with replacing(keeping.best) as temporary:
                torch.save(run.learner.network.state_dict(), temporary)
        progress.epochs.append(record.Epoch(loss=loss, valid_accuracy=found.accuracy, seconds=seconds))
        progress.losses, progress.seconds = torch.zeros_like(progress.losses), 0.0
        cli.log.info("rank %d %s", ranks.rank, progress.epochs[-1])
        if keeping.tensorboard and ranks.rank == 0:
            show_on_board(keeping.tensorboard, len(progress.epochs), progress.epochs[-1])
        watch.lap("evaluation")
        if diverged:
            cli.log.error("rank %d: training loss is %s", ranks.rank, diverged)
            break
        if spec.stop_at_target and found.accuracy >= spec.target_accuracy:
            break
        if keeping.checkpoint_seconds is None and epoch + 1 < spec.epochs:
            run.checkpoint.save(progress)
            watch.lap("checkpoint")
    return Trained(run.learner, progress.epochs, evaluated, resumed, diverged)


def _begin(
    spec: TrainSpec,
    inputs: Inputs,
    keeping: Keeping,
    seed: int,
    data: dict[str, Batches],
    spare: list[int] | None,
    ranks: Ranks,
    watch: Stopwatch,
) -> _Run:
    """The learner at the beginning, or where this run was interrupted."""
    images = data["train"].images
    per_epoch = steps(len(images), spec.point.global_batch)
    given = (inputs.weights, inputs.model_file, inputs.costs)
    learner = Learner.build(spec, seed, images.counts, *given, spec.epochs * per_epoch, ranks)
    examples = Examples(data["train"], spec.augmentation, seed, spec.point.tuning.augment_on == "ranks")
    # As large as a step's, since the parts of a network agree on shapes once.
    some = np.arange(spec.point.share) % len(images)
    rehearsal = examples.ready(0, some, examples.read(0, some) if learner.strategy.takes_images else None)
    if spec.point.tuning.compile:
        compile_(learner, rehearsal, ranks, watch)
    checkpoint = Checkpoint(keeping.checkpoint, run_identity(spec, inputs, seed, ranks), ranks, learner)
    progress = checkpoint.begin(per_epoch, rehearsal)
    interruption = Interruption(ranks, keeping.checkpoint_seconds)
    feed = feed_of(spec, inputs, examples, learner.strategy.takes_images, spare)
    return _Run(
        *(spec, keeping, data, examples, feed, ranks, watch, learner, checkpoint, interruption, progress),
        steps_per_epoch=per_epoch,
        seed=seed,
    )


def _train_epoch(run: _Run, epoch: int) -> float:
    """Make the steps of an epoch that are left; training seconds of all its steps, slowest rank."""
    spec, ranks, watch, learner, progress = run.spec, run.ranks, run.watch, run.learner, run.progress
    strategy, point = run.learner.strategy, run.spec.point
    first = epoch * run.steps_per_epoch
    before = steady_seconds(watch) - progress.seconds
    order = epoch_order(run.data["train"].images.labels, spec.sampling, run.seed, epoch)
    shares = training_order(order, point.global_batch, strategy.replica, point.replicas)
    batches = run.feed.batches(epoch, islice(shares, progress.step - first, None))

    def lap(phase: str) -> None:
        watch.lap("warmup" if progress.step < spec.warmup_steps else phase)

    for step, (ids, pixels) in enumerate(batches, start=progress.step):
        lap("data")
        batch, labels = run.examples.ready(epoch, ids, pixels, lap)
        loss = learner.loss(batch, labels)
        lap("forward_backward")
        learner.step()
        progress.losses[step - first] = loss * len(ids)
        lap("optimizer")
        progress.step = step + 1
        if (do := run.interruption.after(progress.step)) != "go on":
            progress.seconds = ranks.greatest(steady_seconds(watch) - before)
            if mean_loss(ranks, progress, first, point.global_batch)[1]:
                break  # the last checkpoint stays as it is
            run.checkpoint.save(progress)
            if do == "leave":
                sys.exit(EXIT_RETRY)
        watch.lap("checkpoint")
        if progress.step == spec.warmup_steps:
            ranks.barrier()
            watch.lap("warmup")
    return ranks.greatest(steady_seconds(watch) - before)


def run_identity(spec: TrainSpec, inputs: Inputs, seed: int, ranks: Ranks) -> str:
    """What this run's checkpoint belongs to."""
    return identity(
        registry.module(STRATEGIES, spec.point.strategy),
        *spec.augmentation.modules,
        spec=spec.model_dump(),
        seed=seed,
        data=inputs.digests,
        costs=inputs.costs and inputs.costs.read_text(),
        device=ranks.device.type,
    )


def compile_(learner: Learner, batch: tuple[torch.Tensor, torch.Tensor], ranks: Ranks, watch: Stopwatch) -> None:
    """Have torch.compile do its work on a step that is thrown away; its seconds are phase `compile`."""
    model, generator = learner.strategy.model, torch.get_rng_state()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    ranks.barrier()
    watch.lap("startup")
    learner.loss(*batch)
    model.load_state_dict(before)
    torch.set_rng_state(generator)
    ranks.barrier()
    watch.lap("compile")


def show_on_board(folder: Path, number: int, epoch: record.Epoch) -> None:
    """Add an epoch to TensorBoard's event files, at once, for those who watch."""
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(folder)) as board:
        for name, value in epoch.model_dump().items():
            board.add_scalar(name, value, number)


def mean_loss(ranks: Ranks, progress: Progress, first_step: int, global_batch: int) -> tuple[float, str]:
    """The mean loss over all ranks' images of the epoch's steps so far, nats, and an empty string; of a training that
    has diverged the first loss that is not finite, and where that was.
    """
    losses = ranks.total(progress.losses.clone())[: progress.step - first_step] / global_batch
    bad = (~losses.isfinite()).nonzero()
    if len(bad):
        step, epoch = int(bad[0]), len(progress.epochs) + 1
        loss, where = float(losses[step]), f"at step {first_step + step + 1} (epoch {epoch})"
        return loss, f"{loss} {where}; a smaller training.optimizer.lr may help"
    return float(losses.mean()), ""


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
