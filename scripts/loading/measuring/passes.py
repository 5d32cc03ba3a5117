"""The passes of a launch: its workers start, make a first pass, then the timed ones, and stop."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from scripts import energy, machine, page_cache, record
from scripts.cli import log
from scripts.clock import Stopwatch
from scripts.images.shards import Split
from scripts.loading.backend import BATCH, Backend, Item, Loaded
from scripts.loading.measuring.memory import Held, most
from scripts.loading.measuring.spec import LoadSpec
from scripts.loading.measuring.worker_watch import WorkerWatch
from scripts.loading.reading.remote import Network
from scripts.loading.transports.shared_pixels import SharedPixels
from scripts.noise import Look


def items_of(images: Split, seed: int, block: int) -> list[Item]:
    """What to load, in batches that the block shuffles, as a trainer asks for it; each batch in the order of shards."""
    order = np.random.default_rng([seed, block]).permutation(len(images))
    batches = np.arange(len(order)) // BATCH
    order = order[np.lexsort((images.rows[order], images.shards[order], batches))]
    return [
        Item(position, images.paths[i], int(images.shards[i]), int(images.rows[i])) for position, i in enumerate(order)
    ]


class Sink:
    """Where a pass delivers to: one array that holds every image, and how often each came."""

    def __init__(self, images: int, size: int, shared: SharedPixels | None = None) -> None:
        # Filled at once, so that no pass pays for the kernel's first touch of its pages.
        self.pixels = np.full((images, size, size, 3), 255, np.uint8)
        self.delivered = np.zeros(images, np.int64)  # in the last pass
        self.whole_passes = 0  # that brought every image once
        self.shared = shared

    def take(self, delivery: Iterable[Loaded]) -> None:
        """Copy what comes to its place."""
        places, delivered = self.pixels, self.delivered
        shared = None if self.shared is None else self.shared.pixels
        for where, pixels in delivery:
            if pixels is not None:
                places[where] = pixels if shared is None else shared[where]
            delivered[where] += 1

    def end_pass(self) -> None:
        """Count a pass that is over; outside the clock."""
        self.whole_passes += bool((self.delivered == 1).all())

    def start_pass(self) -> None:
        """Forget what came, pixels too: those of an earlier pass must not stand for this one's. Outside the clock."""
        self.pixels.fill(255)
        if self.shared is not None:
            self.shared.pixels.fill(255)
        self.delivered.fill(0)


@dataclass(frozen=True)
class Run:
    """What a launch did between its first worker's start and its last pass."""

    seconds: float  # of a timed pass, their mean
    loaded: record.Loaded
    cpu_seconds: float  # since the process began
    peak_rss_bytes: int
    package_joules: float | None  # of a timed pass, mean; None where another machine took part
    places: machine.Places
    look: Look  # at this machine, as the workers were about to stop
    busy_elsewhere: float  # CPU seconds that other machines were busy, by whomever


def run(
    spec: LoadSpec,
    loader: Backend,
    items: list[Item],
    files: list[Path],
    sink: Sink,
    watch: Stopwatch,
    network: Network | None,
) -> Run:
    """Start the workers, make the first pass and the timed ones, stop the workers."""
    cold = spec.point.page_cache == "cold"
    outside = "evict" if cold else "verify"  # the phase before a pass
    shares: list[float] = []  # of the files' pages in memory before each pass; warm: before the first, after the last

    def set_page_cache() -> None:
        if cold:
            loader.release()
            page_cache.evict(files)
        elif not shares:
            page_cache.warm(files)  # again: the workers' start may have taken the memory
        if cold or not shares:
            shares.append(page_cache.resident_share(files))

    joules: list[float | None] = []  # of each timed pass
    with loader, WorkerWatch() as workers, energy.Meter() as meter:
        log.info("workers started: %.2f s", watch.lap("startup"))
        workers.add_children()
        set_page_cache()
        watch.lap(outside)
        delivery = loader.load_all(items)
        sink.take(islice(delivery, 1))
        first_batch = watch.lap("first_batch")
        sink.take(delivery)
        first_pass = first_batch + watch.lap("first_pass")
        log.info("first pass: %.2f s", first_pass)
        workers.add_children()
        sink.end_pass()
        before, held, seconds, passes = loader.usage(), Held.now(), 0.0, 0
        idle, between = time.process_time(), 0.0  # CPU seconds of this process that belong to no pass
        watch.lap("verify")
        while passes < spec.passes or seconds < spec.window_seconds:
            sink.start_pass()
            set_page_cache()
            meter.lap()
            between += time.process_time() - idle
            watch.lap(outside)
            sink.take(loader.load_all(items))
            seconds += watch.lap("steady")
            idle = time.process_time()
            joules.append(meter.lap().packages)
            passes += 1
            sink.end_pass()
        log.info("%d timed passes: %.2f s", passes, seconds)
        between += time.process_time() - idle
        used, holds, places, look = loader.usage(), most(held, Held.now()), loader.places(), Look.now()
        shares += [] if cold else [page_cache.resident_share(files)]  # they may have had to make room
        watch.lap("verify")
    log.info("workers stopped: %.2f s", watch.lap("shutdown"))
    loaded = record.Loaded(
        passes=passes,
        first_batch_seconds=first_batch,
        first_pass_seconds=first_pass,
        # Other processes' are counted in hundredths of a second: of a pass that took none it may be a hair below.
        steady_cpu_seconds=max(0.0, used.cpu_seconds - before.cpu_seconds - between),
        storage_bytes=max(0, used.read_bytes - before.read_bytes),  # a worker that ended takes its own along
        resident_share=(max if cold else min)(shares) if files else None,
        network=network.limits if network else None,
        **holds,
    )
    joule = energy.mean(joules) if len(places.first_ranks) == 1 else None
    elsewhere = used.busy_elsewhere
    return Run(seconds / passes, loaded, used.cpu_seconds, used.peak_rss_bytes, joule, places, look, elsewhere)
