"""How long does one backend take to bring every training image to a uint8 array of the target size?

Mechanism: in this fresh process the backend starts its workers, makes one warm-up pass (imports, page cache) and then
the timed passes; each image is copied to its place in one array, as a batch would be. The clock stops before the pixels
are digested; a run whose digest differs from the reference is invalid.

Inputs: the raw image folder or the packed shards; `split.parquet`; `reference.json`.
Output: a record (scripts/record.py). `seconds`: mean of the timed passes. `phases`: startup, warmup, steady, shutdown,
verify, calibration.

By hand: see the command that `snakemake -np` prints for rule measure_loading.
"""

import json
from pathlib import Path

import numpy as np

from scripts import cli, machine, record, registry
from scripts.clock import Stopwatch, calibrate
from scripts.images.decode import DecodeSpec
from scripts.images.shards import Split, read_split
from scripts.lease import lease
from scripts.loading import backend
from scripts.loading.backend import Item
from scripts.loading.digest import digest
from scripts.loading.load import LoadPacked, LoadRaw
from scripts.loading.points import BACKENDS, LoadingPoint
from scripts.spec import Spec


class LoadSpec(Spec):
    """What one loading measurement takes from the config."""

    study: str
    point: LoadingPoint
    decode: DecodeSpec
    passes: int
    lock: str  # digest of requirements.lock


class Sink:
    """Where a pass delivers to: one array that holds every image, and how often each came."""

    def __init__(self, images: int, size: int) -> None:
        # Filled at once, so that no pass pays for the kernel's first touch of its pages.
        self.pixels = np.full((images, size, size, 3), 255, np.uint8)
        self.delivered = np.zeros(images, np.int64)

    def take(self, loader: backend.Backend, items: list[Item]) -> None:
        """One pass."""
        self.delivered[:] = 0
        for position, pixels in loader.load_all(items):
            self.pixels[position] = pixels
            self.delivered[position] += 1


def items_of(images: Split) -> list[Item]:
    """What to load, in order of path."""
    places = zip(images.paths, images.shards.tolist(), images.rows.tolist(), strict=True)
    return [Item(position, path, shard, row) for position, (path, shard, row) in enumerate(places)]


def measure(
    spec: LoadSpec, block: int, attempt: int, folder: Path, shards: Path, images: Split, reference: dict[str, str]
) -> record.Record:
    """The record of one launch."""
    watch = Stopwatch()
    busy_before, (cpu_before, _) = machine.busy_seconds(), machine.tree_usage()
    before = calibrate()
    watch.lap("calibration")
    point = spec.point
    load = LoadPacked(shards) if point.source == "packed" else LoadRaw(folder, spec.decode)
    items, sink = items_of(images), Sink(len(images), spec.decode.size)
    loader: backend.Backend = registry.load(BACKENDS, point.backend, "Backend")(load, point.workers, point.chunk)
    with loader:
        watch.lap("startup")
        sink.take(loader, items)
        watch.lap("warmup")
        for _ in range(spec.passes):
            sink.take(loader, items)
        seconds = watch.lap("steady") / spec.passes
        used, places = loader.usage(), loader.places()
        busy_seconds = machine.busy_seconds() - busy_before + used.busy_elsewhere
        foreign_seconds = busy_seconds - (used.cpu_seconds - cpu_before)
        foreign_cores = max(0.0, foreign_seconds / watch.wall)
    watch.lap("shutdown")
    found = digest(images.paths, sink.pixels, sink.delivered)
    watch.lap("verify")
    after = calibrate()
    watch.lap("calibration")
    environment = machine.environment(loader.start_method, page_cache="warm", places=places)
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
            "cpu_model": environment.cpu_model,
        },
        block=block,
        attempt=attempt,
        cores=point.cores,
        images=len(images) * spec.passes,
        seconds=seconds,
        images_per_second=len(images) / seconds,
        phases=watch.phases,
        wall_seconds=watch.wall,
        cpu_seconds=used.cpu_seconds,
        peak_rss_bytes=used.peak_rss_bytes,
        quality=None,
        validity=record.Validity.of(
            {
                "images delivered": (len(images), int(sink.delivered.sum())),
                "pixel digest": (reference["digest"], found),
            }
        ),
        environment=environment,
        noise=machine.noise(before, after, foreign_cores),
    )


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--shards", type=Path, required=True)
    parser.add_argument("--split", type=Path, required=True)
    parser.add_argument("--reference", type=Path, required=True)
    parser.add_argument("--block", type=int, required=True)
    parser.add_argument("--attempt", type=int, required=True, help="1, or more after a failure")
    parser.add_argument("--record", type=Path, required=True)
    parser.add_argument("--spec", type=LoadSpec.model_validate_json, required=True)
    args = parser.parse_args()

    reference, images = json.loads(args.reference.read_text()), read_split(args.split, "train")
    with lease(args.record):
        machine.wait_until_alone()
        found = measure(args.spec, args.block, args.attempt, args.folder, args.shards, images, reference)
        record.write(found, args.record)
    cli.log.info("%s block %d: %.0f images/s", found.point_id, found.block, found.images_per_second)


if __name__ == "__main__":
    cli.run(main)
