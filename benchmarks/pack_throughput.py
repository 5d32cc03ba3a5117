"""How fast does packing decode, against the loop that one would write first?

Mechanism: in this one process, on the same files and one core, rounds of (A) scripts.images.pack_shard.pack, with all
that it does (header check, sha256, scaled decode, resize, stack), and (B) a naive Pillow loop (open, convert RGB,
resize, to array), interleaved after one round of warm-up each. Prints the median images/s of each and the ratio with
its paired interval.

    make bench        or        python -m benchmarks.pack_throughput --folder /data/my_images --size 128 --rounds 7
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

from scripts import cli
from scripts.images.decode import Decoder, DecodeSpec
from scripts.images.draw_sample import write_class
from scripts.images.pack_shard import pack
from scripts.images.sample_classes import CLASSES
from scripts.images.source import list_images
from scripts.scaling.ratios import paired_ratio


def naive(folder: Path, paths: list[str], size: int) -> np.ndarray:
    """The loop that one would write first."""
    return np.stack([np.asarray(Image.open(folder / path).convert("RGB").resize((size, size))) for path in paths])


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--folder", type=Path, help="class folders; left out: 200 drawn images of 768x768")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.folder or Path(temporary)
        if args.folder is None:
            for tissue in CLASSES:
                write_class(folder / tissue, tissue, 40, 768, seed=0)
        paths = list_images(folder)
        decoder = Decoder(DecodeSpec(size=args.size, steps=[{"resize": {}}]))
        packing = lambda: pack(folder, 0, paths, decoder)  # noqa: E731
        looping = lambda: naive(folder, paths, args.size)  # noqa: E731
        packing(), looping()
        rounds = [(seconds(packing), seconds(looping)) for _ in range(args.rounds)]
    ours, theirs = ([round_[i] for round_ in rounds] for i in (0, 1))
    ratio = paired_ratio(theirs, ours, 0.95)
    table = Table(title=f"{len(paths)} files to {args.size} px, one core, median of {args.rounds} interleaved rounds")
    for name in ("way", "images/s", "against naive"):
        table.add_column(name)
    table.add_row("naive Pillow loop", f"{len(paths) / statistics.median(theirs):.0f}", "1")
    interval = f"{ratio.value:.2f} [{ratio.low:.2f}, {ratio.high:.2f}]"
    table.add_row("pack_shard", f"{len(paths) / statistics.median(ours):.0f}", interval)
    Console().print(table)


if __name__ == "__main__":
    cli.run(main)
