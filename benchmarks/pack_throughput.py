"""How fast does packing go, from raw files to a packed shard, against the transform that one would write first?

Mechanism: on the same files and one core, rounds of (A) scripts.images.pack_shard.write, all that a packing job does
but its start: header check, sha256, scaled decode, resize, hashes, both files written; (B) the naive transform alone:
Pillow open, convert to RGB, torchvision Resize, to array; (C) as A, in two processes at once, half of the files each.
Interleaved, after one round of warm-up each. Efficiency is the speedup of C against A for each process.

Prints medians, ratios with their paired intervals, and how far the packed pixels are from those of a full decode that
is resized by area (mean absolute difference, levels of 0-255).

    make bench        or        python -m benchmarks.pack_throughput --folder /data/my_images --size 128 --rounds 7
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image
from rich.console import Console
from rich.table import Table
from torchvision.transforms import Resize

from scripts import cli
from scripts.config import Study
from scripts.images.decode import DecodeSpec
from scripts.images.draw_sample import write_class
from scripts.images.pack_shard import PackSpec, write
from scripts.images.sample_classes import CLASSES
from scripts.images.source import Entry, entries
from scripts.scaling.ratios import paired_ratio


def naive(folder: Path, listed: list[Entry], size: int) -> list[np.ndarray]:
    """The transform that one would write first."""
    resize = Resize((size, size))
    return [np.array(resize(Image.open(folder / entry.path).convert("RGB"))) for entry in listed]


def full(folder: Path, listed: list[Entry], size: int) -> list[np.ndarray]:
    """Decoded in full and resized by area, by OpenCV alone: what the packed pixels are compared with."""
    return [
        cv2.resize(cv2.imread(str(folder / entry.path)), (size, size), interpolation=cv2.INTER_AREA)[..., ::-1]
        for entry in listed
    ]


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--folder", type=Path, help="class folders of JPEGs; left out: 200 drawn images of 768x768")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    torch.set_num_threads(1)
    limits = Study().images.limits.model_dump()
    decode = DecodeSpec(size=args.size, steps=[{"resize": {}}])
    spec = PackSpec.model_validate(
        {"decode": decode, "limits": limits, "shards": 1, "layout": "auto", "unnameable": {}}
    )
    with tempfile.TemporaryDirectory() as temporary, ProcessPoolExecutor(2) as pool:
        out, folder = Path(temporary), args.folder or Path(temporary) / "drawn"
        if args.folder is None:
            for tissue in CLASSES:
                write_class(folder / tissue, tissue, 40, 768, seed=0)
        listed = entries(folder)
        halves = (listed[::2], listed[1::2])

        def pack(shard: int, part: list[Entry]) -> tuple[Path, int, list[Entry], PackSpec, Path, Path]:
            return folder, shard, part, spec, out / f"{shard}.npy", out / f"{shard}.parquet"

        ways: dict[str, Callable[[], object]] = {
            "naive transform": lambda: naive(folder, listed, args.size),
            "pack_shard, one process": lambda: write(*pack(0, listed)),
            "pack_shard, two processes": lambda: list(
                pool.map(write, *zip(pack(1, halves[0]), pack(2, halves[1]), strict=True))
            ),
        }
        for work in ways.values():
            work()
        rounds = [[seconds(work) for work in ways.values()] for _ in range(args.rounds)]
        packed = np.load(out / "0.npy").astype(int)
        error = np.mean([np.abs(a - b).mean() for a, b in zip(packed, full(folder, listed, args.size), strict=True)])
    times = dict(zip(ways, zip(*rounds, strict=True), strict=True))
    table = Table(title=f"{len(listed)} files to {args.size} px, median of {args.rounds} interleaved rounds")
    for name in ("way", "images/s", "against naive"):
        table.add_column(name)
    for name, taken in times.items():
        ratio = paired_ratio(times["naive transform"], taken, 0.95)
        rate = f"{len(listed) / statistics.median(taken):.0f}"
        table.add_row(name, rate, f"{ratio.value:.2f} [{ratio.low:.2f}, {ratio.high:.2f}]")
    Console().print(table)
    gain = paired_ratio(times["pack_shard, one process"], times["pack_shard, two processes"], 0.95)
    shares = [f"{value / 2:.3f}" for value in (gain.value, gain.low, gain.high) if value]
    Console().print(f"efficiency of two processes: {shares[0]} [{shares[1]}, {shares[2]}]")
    Console().print(f"mean pixel error: {error:.2f}")


if __name__ == "__main__":
    cli.run(main)
