"""One rank of a profile: some training steps, taken apart.

Started by scripts/training/launch/launch_node.py in place of train_rank.py. The same learner on the same images as in
training, a step to warm up, then `--steps` of each kind: as in training; without the exchange of gradients; rank 0
alone; rank 0 alone on one thread. What a kind has more than the next is what that costs. Last, a few steps under
torch.profiler.

Outputs: a profile (step_profile.py), written by rank 0; a trace of each rank, `rank-<rank>.json.gz`,
for https://ui.perfetto.dev or chrome://tracing.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
from torch.profiler import ProfilerActivity, profile

from scripts import cli, machine, registry
from scripts.atomic import write_text
from scripts.clock import Stopwatch
from scripts.training.launch import affinity
from scripts.training.launch.ranks import Ranks
from scripts.training.loop.batches import epoch_order, training_order
from scripts.training.loop.examples import Examples
from scripts.training.loop.feed import Feed, feed_of
from scripts.training.loop.fit import compile_
from scripts.training.loop.inputs import Inputs
from scripts.training.loop.learner import Learner
from scripts.training.loop.step_profile import StepProfile
from scripts.training.loop.train_rank import load_splits
from scripts.training.model.memory import advising
from scripts.training.model.model_facts import ModelFacts
from scripts.training.points import STRATEGIES
from scripts.training.spec import TrainSpec
from scripts.training.strategy import Strategy

TRACED_STEPS = 2
OPERATIONS = 12  # that the profile names


class Steps:
    """Training steps of one rank, of which any may be repeated."""

    def __init__(self, spec: TrainSpec, learner: Learner, examples: Examples, feed: Feed, ranks: Ranks) -> None:
        self.learner = learner
        self.strategy: Strategy = learner.strategy
        self.examples = examples
        self.ranks = ranks
        order = epoch_order(examples.data.images.labels, spec.sampling, spec.seed, epoch=0)
        shares = training_order(order, spec.point.global_batch, self.strategy.replica, spec.point.replicas)
        self.batches = endless(feed, list(shares))

    def timed(self, count: int) -> list[dict[str, float]]:
        """The phases of `count` whole steps, each behind a barrier."""
        found = []
        for _ in range(count):
            self.ranks.barrier()
            watch = Stopwatch(self.ranks.synchronize)
            self.strategy.mark = watch.lap
            ids, pixels = next(self.batches)
            watch.lap("data")
            batch, labels = self.examples.ready(0, ids, pixels, watch.lap)
            self.learner.loss(batch, labels)
            watch.lap("forward_backward" if self.strategy.staged else "backward")  # what comes after the last mark too
            self.learner.step()
            watch.lap("optimizer")
            found.append(watch.phases)
        self.strategy.mark = lambda _: None
        return found

    def compute(self, count: int, mine: bool = True) -> list[float]:
        """Seconds of forward and backward, each behind a barrier; ranks that are not `mine` wait."""
        found = []
        for ids, pixels in islice(self.batches, count):
            batch, labels = self.examples.ready(0, ids, pixels)
            self.ranks.barrier()
            if mine:
                started = time.perf_counter()
                self.learner.loss(batch, labels)
                self.ranks.synchronize()
                found.append(time.perf_counter() - started)
        self.ranks.barrier()
        return found


def endless(feed: Feed, order: list[np.ndarray]) -> Iterator[tuple[np.ndarray, torch.Tensor | None]]:
    """What the feed gives of `order`, over and over."""
    while True:
        yield from feed.batches(0, order)


def take_apart(spec: TrainSpec, steps: Steps, count: int, traces: Path) -> StepProfile:
    """The profile; the same on every rank."""
    ranks, point, strategy = steps.ranks, spec.point, steps.strategy
    busy = watch_stages(strategy)
    timed = steps.timed(count)
    phases = {name: statistics.median(one.get(name, 0.0) for one in timed) for name in timed[0]}
    alone = one_thread = unreduced = None
    if separable(strategy):
        strategy.exchanges = False
        unreduced = ranks.gather(steps.compute(count))
        alone = median_of_first(ranks, steps.compute(count, mine=ranks.rank == 0))
        torch.set_num_threads(1)
        one_thread = median_of_first(ranks, steps.compute(count, mine=ranks.rank == 0))
        torch.set_num_threads(point.threads)
        strategy.exchanges = True
    rank_phases, stage_seconds = zip(*ranks.gather((phases, busy() / count)), strict=True)
    gradient = sum(p.numel() * p.element_size() for p in strategy.model.parameters()) if ranks.parallel else 0
    exchanged = gradient if point.replicas > 1 else 0
    return StepProfile(
        point_id=point.id,
        workers=point.workers,
        threads=point.threads,
        cores=point.cores,
        steps=count,
        rank_phases=rank_phases,
        alone_seconds=alone,
        alone_one_thread_seconds=one_thread,
        unreduced_steps=unreduced,
        stage_seconds=stage_seconds if point.pipe else None,
        gradient_bytes=exchanged,
        all_reduce_seconds=all_reduce_seconds(ranks, exchanged, count) if exchanged and not point.pipe else None,
        ideal_bubble=(point.pipe.stages - 1) / (point.pipe.microbatches + point.pipe.stages - 1)
        if point.pipe
        else None,
        operations=trace(steps, traces),
    )


def separable(strategy: Strategy) -> bool:
    """Whether forward and backward can do without exchange; SyncBatchNorm's stands in forward."""
    return strategy.whole and not strategy.staged and not (strategy.point.tuning.sync_batchnorm and strategy.parallel)


def median_of_first(ranks: Ranks, seconds: list[float]) -> float:
    """The median of rank 0's, on every rank."""
    return float(ranks.gather(statistics.median(seconds) if seconds else 0.0)[0])


def all_reduce_seconds(ranks: Ranks, size: int, count: int) -> float:
    """Median seconds of an all-reduce of `size` bytes of float32 over all ranks."""
    given = torch.ones(size // 4, device=ranks.device)
    found = []
    for _ in range(1 + count):
        ranks.barrier()
        started = time.perf_counter()
        dist.all_reduce(given)
        ranks.synchronize()
        found.append(time.perf_counter() - started)
    return ranks.greatest(statistics.median(found[1:]))


def watch_stages(strategy: Strategy) -> Callable[[], float]:
    """From now on add up the seconds that a pipeline's stage computes; asked, their sum."""
    if not strategy.staged:
        return lambda: 0.0
    place, spent = strategy.place, [0.0]  # type: ignore[attr-defined]

    def timed(work: Callable[..., object]) -> Callable[..., object]:
        def worked(*given: object, **more: object) -> object:
            started = time.perf_counter()
            found = work(*given, **more)
            strategy.ranks.synchronize()
            spent[0] += time.perf_counter() - started
            return found

        return worked

    place.forward_one_chunk = timed(place.forward_one_chunk)
    place.backward_one_chunk = timed(place.backward_one_chunk)
    return lambda: spent[0]


def trace(steps: Steps, folder: Path) -> dict[str, float]:
    """Some steps under torch.profiler: their trace in `folder`; the dearest operations and their seconds a step."""
    activities = [ProfilerActivity.CPU] + ([ProfilerActivity.CUDA] if steps.ranks.device.type == "cuda" else [])
    with profile(activities=activities, record_shapes=True) as profiler:
        steps.timed(TRACED_STEPS)
    folder.mkdir(parents=True, exist_ok=True)
    profiler.export_chrome_trace(str(folder / f"rank-{steps.ranks.rank}.json.gz"))
    found = {event.key: event.self_cpu_time_total / 1e6 / TRACED_STEPS for event in profiler.key_averages()}
    steps.ranks.barrier()
    return dict(sorted(found.items(), key=lambda item: -item[1])[:OPERATIONS])


def main() -> None:
    parser = cli.parser(__doc__)
    Inputs.add_flags(parser)
    parser.add_argument("--steps", type=int, default=3, help="of each kind")
    parser.add_argument("--traces", type=Path, required=True, help="folder for the ranks' traces")
    parser.add_argument("--record", type=Path, required=True, help="the profile")
    parser.add_argument("--spec", type=TrainSpec.model_validate_json, required=True)
    args = parser.parse_args()
    machine.end_with_parent()
    spec: TrainSpec = args.spec
    inputs = Inputs.of(args)
    parallel = registry.load(STRATEGIES, spec.point.strategy, "Strategy").parallel
    with Ranks(parallel, spec.point.device) as ranks:
        data = load_splits(inputs, spec, ranks)["train"]
        places = machine.Places(ranks.gather(machine.Place.of_this_process()))
        spare = affinity.bind(ranks.rank, spec.point.threads, spec.point.loader_workers, places)
        torch.set_num_threads(spec.point.threads)
        given = (inputs.weights, inputs.model_file, inputs.costs)
        learner = Learner.build(spec, spec.seed, data.images.counts, *given, 1000, ranks)
        examples = Examples(data, spec.augmentation, spec.seed, spec.point.tuning.augment_on == "ranks")
        feed = feed_of(spec, inputs, examples, learner.strategy.takes_images, spare)
        steps = Steps(spec, learner, examples, feed, ranks)
        with advising(ModelFacts.read(inputs.facts), spec, ranks.device):
            if spec.point.tuning.compile:
                compile_(learner, examples.ready(0, *next(steps.batches)), ranks, Stopwatch())
            steps.timed(1)
            found = take_apart(spec, steps, args.steps, args.traces)
    if ranks.rank == 0:
        write_text(args.record, found.model_dump_json(indent=1) + "\n")


if __name__ == "__main__":
    cli.run(main)
