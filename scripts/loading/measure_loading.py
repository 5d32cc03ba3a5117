"""How long does one backend take to bring every training image to a uint8 array of the target size?

Mechanism: in this fresh process the backend starts its workers and makes a first pass; then come the timed passes,
until they are enough and their window is long enough. The images of a pass are asked for in an order that the block
shuffles, and each is copied to its place in one array, as into a batch. The files are read once before, or dropped from
the page cache before each pass, and which of their pages are in memory is looked at. The clock stops before the pixels
are digested. A launch whose digest differs from the reference, or whose files were not in the state that the point asks
for, is invalid; so is one whose backend fails or loses a worker, with the cause, so that the others go on.

Inputs: the folder of what the point reads; `split.parquet`; `reference.json`.
Output: a record (scripts/record.py). `seconds`: mean of the timed passes. `phases`: calibration, prepare (page cache,
ceilings), startup, first_batch, first_pass (the rest of it), steady, evict (between cold passes), shutdown, verify.

By hand: see the command that `snakemake -np` prints for rule measure_loading.
"""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from scripts import cli, energy, machine, record
from scripts.cli import log
from scripts.clock import Stopwatch, calibrate
from scripts.errors import UserError
from scripts.images.decode import DecodeSpec
from scripts.images.shards import Split, read_split
from scripts.lease import lease
from scripts.loading import page_cache, remote
from scripts.loading.backend import BATCH, Backend, Item, Loaded
from scripts.loading.digest import digest
from scripts.loading.load import load_from
from scripts.loading.points import LoadingPoint, backend_class
from scripts.loading.shared_pixels import SharedPixels
from scripts.loading.worker_watch import WorkerWatch
from scripts.spec import PIXELS, Spec

MAY_STAY = 0.01  # share of the pages that a cold start may find in memory, and that a warm one may lack


class LoadSpec(Spec):
    """What one loading measurement takes from the config."""

    study: str
    seed: int
    point: LoadingPoint
    decode: DecodeSpec
    passes: int
    window_seconds: float
    remote: remote.RemoteLimits | None  # of a point that reads from a server
    lock: str  # digest of requirements.lock


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
    busy_seconds: float  # of all machines, since the launch began, by whomever


def items_of(images: Split, seed: int, block: int) -> list[Item]:
    """What to load, in batches that the block shuffles, as a trainer asks for it; each batch in the order of shards."""
    order = np.random.default_rng([seed, block]).permutation(len(images))
    batches = np.arange(len(order)) // BATCH
    order = order[np.lexsort((images.rows[order], images.shards[order], batches))]
    return [
        Item(position, images.paths[i], int(images.shards[i]), int(images.rows[i])) for position, i in enumerate(order)
    ]


def run(
    spec: LoadSpec,
    loader: Backend,
    items: list[Item],
    files: list[Path],
    sink: Sink,
    watch: Stopwatch,
    network: remote.Network | None,
) -> Run:
    """Start the workers, make the first pass and the timed ones, stop the workers."""
    cold = spec.point.page_cache == "cold"
    outside = "evict" if cold else "verify"  # the phase before a pass
    shares: list[float] = []  # of the files' pages in memory before each pass

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
        before, seconds, passes = loader.usage(), 0.0, 0
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
        used, places, busy = loader.usage(), loader.places(), machine.busy_seconds()
        watch.lap("verify")
    log.info("workers stopped: %.2f s", watch.lap("shutdown"))
    loaded = record.Loaded(
        passes=passes,
        first_batch_seconds=first_batch,
        first_pass_seconds=first_pass,
        # Other processes' are counted in hundredths of a second: of a pass that took none it may be a hair below.
        steady_cpu_seconds=max(0.0, used.cpu_seconds - before.cpu_seconds - between),
        storage_bytes=max(0, used.read_bytes - before.read_bytes),  # a worker that ended takes its own along
        resident_share=max(shares) if files else None,
        network=network.limits if network else None,
    )
    joule = energy.mean(joules) if len(places.first_ranks) == 1 else None
    busy += used.busy_elsewhere
    return Run(seconds / passes, loaded, used.cpu_seconds, used.peak_rss_bytes, joule, places, busy)


def measure(
    spec: LoadSpec,
    block: int,
    attempt: int,
    folder: Path,
    images: Split,
    reference: dict[str, str],
    address: str | None = None,
    network: remote.Network | None = None,
) -> record.Record:
    """The record of one launch.

    Raises:
        UserError: what it should load is not there; no fault of the backend's.
    """
    watch, point = Stopwatch(), spec.point
    busy_before, cpu_before = machine.busy_seconds(), machine.tree_usage().cpu_seconds
    before = calibrate()
    watch.lap("calibration")
    items = items_of(images, spec.seed, block)
    load: Any = (
        remote.LoadRemote(network.url, folder, spec.decode) if network else load_from(point.source, folder, spec.decode)
    )
    files = load.files(items)
    shared = SharedPixels(len(images), spec.decode.size) if point.returns == "shared_memory" else None
    sink = Sink(len(images), spec.decode.size, shared)
    loader = backend_class(point.backend)(shared.taking(load) if shared else load, **point.settings(), address=address)
    loader.prepare(items)
    loader.place(sink.pixels)
    page_cache.warm(files)
    watch.lap("prepare")
    ran: Run | None = None
    checks: dict[str, tuple[Any, Any]] = {}
    try:
        ran = run(spec, loader, items, files, sink, watch, network)
    except UserError:
        raise
    except Exception as error:  # whatever ends one way to load must not end the others
        log.exception("the backend failed")
        cause = (str(error).strip().splitlines() or [""])[0]
        checks["backend"] = ("every image", f"failed: {type(error).__name__}: {cause}")
        watch.lap("failed")
    else:
        share = ran.loaded.resident_share
        checks["passes with each image once"] = (1 + ran.loaded.passes, sink.whole_passes)
        checks["pixel digest"] = (reference["digest"], digest([i.path for i in items], sink.pixels, sink.delivered))
        if share is not None and abs(share - (point.page_cache == "warm")) > MAY_STAY:
            checks["page cache"] = (point.page_cache, f"{share:.0%} of the files' pages in memory")
    used, peak, _ = (ran.cpu_seconds, ran.peak_rss_bytes, 0) if ran else machine.tree_usage()
    busy = ran.busy_seconds if ran else machine.busy_seconds()
    foreign_cores = max(0.0, (busy - busy_before - (used - cpu_before)) / watch.wall)
    watch.lap("verify")
    after = calibrate()
    watch.lap("calibration")
    seconds = ran.seconds if ran else watch.wall
    environment = machine.environment(point.start_method, point.page_cache, places=ran.places if ran else None)
    return record.Record(
        study=spec.study,
        stage="loading",
        point_id=point.id,
        point=point.model_dump(),
        key={
            "image_size": spec.decode.size,
            "steps": json.dumps(spec.decode.steps, sort_keys=True),
            "images": reference["digest"],
            "page_cache": environment.page_cache,
            "network": network.limits if network else None,
            "cpu_model": environment.cpu_model,
            **machine.versions_of(environment, *PIXELS, *loader.rests_on, *(remote.PACKAGES if network else ())),
        },
        block=block,
        attempt=attempt,
        cores=point.cores,
        images=len(images) * ran.loaded.passes if ran else 0,
        seconds=seconds,
        images_per_second=len(images) / seconds if ran else 0.0,
        phases=watch.phases,
        wall_seconds=watch.wall,
        cpu_seconds=used,
        peak_rss_bytes=peak,
        package_joules=ran.package_joules if ran else None,
        quality=None,
        loaded=ran.loaded if ran else None,
        validity=record.Validity.of(checks),
        environment=environment,
        noise=machine.noise(before, after, foreign_cores),
    )


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="of what the point reads")
    parser.add_argument("--split", type=Path, required=True)
    parser.add_argument("--reference", type=Path, required=True)
    parser.add_argument("--block", type=int, required=True)
    parser.add_argument("--attempt", type=int, required=True, help="1, or more after a failure")
    parser.add_argument("--address", help="of a Dask scheduler that runs already")
    parser.add_argument("--record", type=Path, required=True)
    parser.add_argument("--spec", type=LoadSpec.model_validate_json, required=True)
    args = parser.parse_args()

    reference, images = json.loads(args.reference.read_text()), read_split(args.split, "train")
    with lease(args.record):
        if not remote.in_own_network():  # where it was waited before this program ran itself again
            machine.wait_until_alone()
        with remote.network(args.folder, args.spec.remote) as network:
            found = measure(args.spec, args.block, args.attempt, args.folder, images, reference, args.address, network)
        record.write(found, args.record)
    cli.log.info("%s block %d: %.0f images/s", found.point_id, found.block, found.images_per_second)


if __name__ == "__main__":
    cli.run(main)
