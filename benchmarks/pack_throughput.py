"""How fast does packing go, from raw files to a packed shard, against the transform that one would write first?

Mechanism: on the same files, rounds of (A) scripts.images.pack_shard.write, all that a packing job does but its start:
header check, sha256, scaled decode, resize, hashes, both files written; (B) the naive transform alone: Pillow open,
convert to RGB, torchvision Resize, to array; (C) as A, in two processes at once, half of the files each. Interleaved.
Each way of each round is launched in processes of its own and warmed up: how fast the naive one is depends, from launch
to launch, on how glibc happens to hand back and take anew the memory of its images. Efficiency is the speedup of C
against A for each process.

Prints medians, ratios with their paired intervals, and how far the packed pixels are from those of a full decode that
is resized by area (mean absolute difference, levels of 0-255).

    make bench        or        python -m benchmarks.pack_throughput --folder /data/my_images --size 128 --rounds 7
"""

import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from scripts import cli
from scripts import format as show
from scripts.images.source import Entry, entries
from scripts.scaling.comparing.ratios import paired_ratio

SHARD = 390  # images, at least, each file as often as it takes: a shard of config/studies/lc25000.yaml

# What one way needs is imported where it runs: scripts.images.decode changes how its process keeps memory.


def naive(folder: Path, listed: list[Entry], size: int, _: Path) -> None:
    """The transform that one would write first; its results stay in its process."""
    import torch
    from PIL import Image
    from torchvision.transforms import Resize

    torch.set_num_threads(1)
    resize = Resize((size, size))
    pixels = [np.array(resize(Image.open(folder / entry.path).convert("RGB"))) for entry in listed]
    assert len(pixels) == len(listed)


def full(folder: Path, listed: list[Entry], size: int) -> list[np.ndarray]:
    """Decoded in full and resized by area, by OpenCV alone: what the packed pixels are compared with."""
    import cv2

    return [
        cv2.resize(cv2.imread(str(folder / entry.path)), (size, size), interpolation=cv2.INTER_AREA)[..., ::-1]
        for entry in listed
    ]


def pack(folder: Path, listed: list[Entry], size: int, out: Path) -> None:
    """One shard, new: to replace a file costs the file system more than to write one."""
    from scripts.config import Study
    from scripts.images.pack_shard import PackSpec, write

    limits = Study().images.limits.model_dump()
    spec = {"decode": {"size": size, "steps": [{"resize": {}}]}, "limits": limits, "shards": 1}
    files = out.with_suffix(".npy"), out.with_suffix(".parquet")
    for file in files:
        file.unlink(missing_ok=True)
    write(folder, 0, listed, PackSpec.model_validate(spec), *files)


def seconds(*tasks: tuple[Callable[..., object], Path, list[Entry], int, Path]) -> float:
    """Wall seconds until all tasks are done, each in a process of its own that has been warmed up."""
    fresh = multiprocessing.get_context("spawn")
    with ExitStack() as stack:
        launched = [(stack.enter_context(ProcessPoolExecutor(1, mp_context=fresh)), *task) for task in tasks]
        for process, work, folder, listed, size, out in launched:
            process.submit(work, folder, listed[:40], size, out).result()
        started = time.perf_counter()
        for done in [process.submit(work, *arguments) for process, work, *arguments in launched]:
            done.result()
        return time.perf_counter() - started


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--folder", type=Path, help="class folders of JPEGs; left out: 200 drawn images of 768x768")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        out, folder = Path(temporary), args.folder or Path(temporary) / "drawn"
        if args.folder is None:
            from scripts.images.draw_sample import write_class
            from scripts.images.sample_classes import CLASSES

            for tissue in CLASSES:
                write_class(folder / tissue, tissue, 40, 768, seed=0)
        files = entries(folder)
        listed = files * -(-SHARD // len(files))
        ways = {
            "naive transform": [(naive, folder, listed, args.size, out)],
            "pack_shard, one process": [(pack, folder, listed, args.size, out / "all")],
            "pack_shard, two processes": [
                (pack, folder, listed[half::2], args.size, out / f"half{half}") for half in (0, 1)
            ],
        }
        rounds = [[seconds(*tasks) for tasks in ways.values()] for _ in range(args.rounds)]
        packed = np.load(out / "all.npy")[: len(files)].astype(int)
        error = np.mean([np.abs(a - b).mean() for a, b in zip(packed, full(folder, files, args.size), strict=True)])
    times = dict(zip(ways, zip(*rounds, strict=True), strict=True))
    table = Table(title=f"{len(listed)} images of {len(files)} files to {args.size} px, {args.rounds} rounds")
    for name in ("way", "images/s", "against naive"):
        table.add_column(name)
    for name, taken in times.items():
        ratio = paired_ratio(times["naive transform"], taken, 0.95)
        rate = f"{len(listed) / statistics.median(taken):.0f}"
        table.add_row(name, rate, show.ratio(ratio.value, ratio.low, ratio.high))
    Console().print(table)
    gain = paired_ratio(times["pack_shard, one process"], times["pack_shard, two processes"], 0.95)
    assert gain.low is not None
    assert gain.high is not None
    Console().print(f"efficiency of two processes: {show.ratio(gain.value / 2, gain.low / 2, gain.high / 2)}")
    Console().print(f"mean pixel error: {error:.2f}")


if __name__ == "__main__":
    cli.run(main)
