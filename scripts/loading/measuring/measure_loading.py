"""How long does one backend take to bring every training image to a uint8 array of the target size?

Mechanism: in this fresh process the backend starts its workers and makes a first pass; then come the timed passes,
until they are enough and their window is long enough. The images of a pass are asked for in an order that the block
shuffles, and each is copied to its place in one array, as into a batch. The files are read once before, or dropped from
the page cache before each pass, and which of their pages are in memory is looked at. The clock stops before the pixels
are digested. A launch whose digest differs from the reference, or whose files were not in the state that the point asks
for, is invalid; so is one whose backend fails or loses a worker, with the cause, so that the others go on. One that was
disturbed is set aside and measured again, in a process of its own (scripts/again.py).

Inputs: the folder of what the point reads; `split.parquet`; what reference_digest wrote.
Output: a record (scripts/record.py). `seconds`: mean of the timed passes. `phases`: calibration, prepare (page cache,
ceilings), startup, first_batch, first_pass (the rest of it), steady, evict (between cold passes), shutdown, verify.

By hand: see the command that `snakemake -np` prints for rule measure_loading.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil

from scripts import cli, machine, page_cache, record
from scripts.again import Stop, until_calm
from scripts.calibration import calibrate
from scripts.cli import log
from scripts.clock import Stopwatch
from scripts.errors import UserError, in_one_line
from scripts.images.shards import Split, read_split
from scripts.lease import lease
from scripts.loading.backend import OWN
from scripts.loading.measuring.digest import digest
from scripts.loading.measuring.memory import Foreseen, foresee
from scripts.loading.measuring.passes import Run, Sink, items_of, run
from scripts.loading.measuring.spec import LoadSpec
from scripts.loading.points import backend_class, decoder_class
from scripts.loading.reading import remote
from scripts.loading.reading.load import load_from
from scripts.loading.reading.own import SETTING, LoadOwn
from scripts.loading.transports.shared_pixels import SharedPixels
from scripts.noise import Look, noise
from scripts.spec import PIXELS
from scripts.user_function import expected_file

Reference = dict[str, Any]  # what reference_digest wrote


def measure(
    spec: LoadSpec,
    block: int,
    attempt: int,
    folder: Path,
    images: Split,
    reference: Reference,
    address: str | None = None,
    network: remote.Network | None = None,
    decoded: Reference | None = None,
    foreseen: Foreseen | None = None,
    own_file: Path | None = None,
) -> record.Record:
    """The record of one launch.

    Args:
        reference: of the study's own decoder: what is compared has its digest in its key.
        decoded: of the point's, where that is another.
        foreseen: what the point will hold; one that has not so much memory is not run.
        own_file: of the user's own dataset, where the point is one.

    Raises:
        UserError: what it should load is not there; no fault of the backend's.
    """
    watch, point = Stopwatch(), spec.point
    looked, cpu_before = Look.now(), machine.tree_usage().cpu_seconds
    before = calibrate(point.cores_here)
    watch.lap("calibration")
    items = items_of(images, spec.seed, block)
    load = load_of(spec, folder, network, own_file)
    expected = decoded or reference
    load.augment = spec.augment
    files = load.files(items)
    shared = SharedPixels(len(images), spec.edge) if point.returns == "shared_memory" else None
    sink = Sink(len(images), spec.edge, shared)
    loader = backend_class(point.backend)(shared.taking(load) if shared else load, **point.settings(), address=address)
    loader.prepare(items)
    loader.place(sink.pixels)
    page_cache.warm(files)
    watch.lap("prepare")
    ran: Run | None = None
    checks: dict[str, tuple[Any, Any]] = {}
    try:
        if foreseen is not None:
            foreseen.check(psutil.virtual_memory().available)
        ran = run(spec, loader, items, files, sink, watch, network)
    except UserError:
        raise
    except Exception as error:  # whatever ends one way to load must not end the others
        log.exception("the backend failed")
        checks["backend"] = ("every image", f"failed: {in_one_line(error)}")
        watch.lap("failed")
    else:
        share = ran.loaded.resident_share
        checks["passes with each image once"] = (1 + ran.loaded.passes, sink.whole_passes)
        if loader.check == "pixels":
            checks["pixel digest"] = (expected["digest"], digest([i.path for i in items], sink.pixels, sink.delivered))
        if share is not None and abs(share - (point.page_cache == "warm")) > page_cache.MAY_STAY:
            checks["page cache"] = (point.page_cache, f"{share:.0%} of the files' pages in memory")
    used, peak, _ = (ran.cpu_seconds, ran.peak_rss_bytes, 0) if ran else machine.tree_usage()
    elsewhere = ran.busy_elsewhere if ran else 0.0
    counted = (ran.look if ran else Look.now()).since(looked)
    foreign_cores = max(0.0, (counted.busy + elsewhere - (used - cpu_before)) / watch.wall)
    steal_cores = counted.steal / watch.wall
    watch.lap("verify")
    after = calibrate(point.cores_here)
    watch.lap("calibration")
    seconds = ran.seconds if ran else watch.wall
    rests_on = [*loader.rests_on, *(remote.PACKAGES if network else ()), *(["torch"] if spec.augment else [])]
    rests_on += [] if point.decoder == OWN else [decoder_class(point.decoder).package]
    compared = {"check": loader.check, "decode_error": expected.get("error") if loader.check == "pixels" else None}
    environment = machine.environment(point.start_method, point.page_cache, places=ran.places if ran else None)
    return record.Record(
        study=spec.study,
        stage="loading",
        point_id=point.id,
        point=point.model_dump(),
        key={
            "image_size": spec.decode.size,
            "steps": json.dumps(spec.decode.steps, sort_keys=True),
            "augmentation": spec.augment.steps if spec.augment else [],
            "images": reference["digest"],
            "page_cache": environment.page_cache,
            "network": network.limits if network else None,
            "cpu_model": environment.cpu_model,
            **({f"{record.VERSION}{spec.own.dataset}": spec.own.digest} if spec.own else {}),
            **machine.versions_of(environment, *PIXELS, *rests_on),
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
        loaded=ran.loaded.model_copy(update=compared) if ran else None,
        validity=record.Validity.of(checks),
        environment=environment,
        noise=noise(before, after, foreign_cores, steal_cores, counted.throttled),
    )


def load_of(spec: LoadSpec, folder: Path, network: remote.Network | None, own_file: Path | None) -> Any:
    """How one image of a point comes to memory.

    Raises:
        UserError: the file of the user's own dataset is not the one that the run was planned with.
    """
    if network:
        return remote.LoadRemote(network.url, folder, spec.decode)
    if spec.own is None:
        return load_from(spec.point.source, folder, spec.decode, spec.point.decoder)
    file = expected_file(SETTING, own_file, spec.own.digest, "the run was planned with; run it again")
    assert file is not None
    return LoadOwn(folder, spec.decode, file, spec.own)


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="of what the point reads")
    parser.add_argument("--split", type=Path, required=True)
    parser.add_argument("--reference", type=Path, required=True)
    parser.add_argument("--decoded", type=Path, nargs="?", help="reference of another decoder")
    parser.add_argument("--block", type=int, required=True)
    parser.add_argument("--attempt", type=int, required=True, help="1, or more after a failure")
    parser.add_argument("--own-file", type=Path, nargs="?", help="of the user's own dataset; may be empty")
    parser.add_argument("--address", help="of a Dask scheduler that runs already")
    parser.add_argument("--record", type=Path, required=True)
    parser.add_argument("--again", type=int, default=0, help="times that a disturbed launch is measured again")
    parser.add_argument("--launch", type=Path, help="record of one launch: asked by the job that writes --record")
    parser.add_argument("--spec", type=LoadSpec.model_validate_json, required=True)
    args = parser.parse_args()

    stop = Stop()
    reference, images = json.loads(args.reference.read_text()), read_split(args.split, "train")
    decoded = json.loads(args.decoded.read_text()) if args.decoded else None

    def launch(number: int, path: Path) -> int:
        if number:
            return launch_again(path, stop)
        with remote.network(args.folder, args.spec.remote) as network:
            common = (args.spec, args.block, args.attempt, args.folder, images, reference)
            foreseen = foresee(args.record.parent.parent, args.spec.point)
            made = measure(*common, args.address, network, decoded, foreseen, args.own_file)
        record.write(made, path)
        return 0

    if args.launch:
        machine.end_with_parent()
        sys.exit(launch(0, args.launch))
    with lease(args.record):
        if not remote.in_own_network():  # where it was waited before this program ran itself again
            machine.wait_until_alone()
        found = until_calm(launch, args.record, args.again, stop).record
        record.write(found, args.record)
    cli.log.info("%s block %d: %.0f images/s", found.point_id, found.block, found.images_per_second)


def launch_again(path: Path, stop: Stop) -> int:
    """Run this program once more, as a fresh process of this job that writes the record of its launch to `path`."""
    with subprocess.Popen([sys.executable, *sys.orig_argv[1:], "--launch", str(path)]) as process:
        stop.to(process.terminate)
        return process.wait()


if __name__ == "__main__":
    cli.run(main)
