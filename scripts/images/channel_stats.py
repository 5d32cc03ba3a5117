"""Mean and standard deviation of each colour channel over the training split: what training normalises by.

Inputs: the packed shards, `split.parquet`.
Output: `stats.json`: `mean` and `std` (three numbers each, R G B, in units of 0-255), `images`.

Sums are exact integers, so the result does not depend on their order.

By hand:
    python -m scripts.images.channel_stats --shards shards --split split.parquet --stats stats.json
"""

import json
from pathlib import Path

import numpy as np

from scripts import cli
from scripts.atomic import write_text
from scripts.images.shards import Shards, Split, read_split


def channel_stats(shards: Shards, images: Split) -> dict[str, list[float] | int]:
    """Mean and population standard deviation over every pixel of `images`."""
    total, squares, pixels = np.zeros(3, np.int64), np.zeros(3, np.int64), 0
    for place in cli.progress(zip(images.shards, images.rows, strict=True), total=len(images), doing="channel stats"):
        image = shards[place].reshape(-1, 3).astype(np.int64)
        total += image.sum(axis=0)
        squares += (image * image).sum(axis=0)
        pixels += len(image)
    mean = total / pixels
    std = np.sqrt(squares / pixels - mean * mean)
    return {"mean": mean.round(6).tolist(), "std": std.round(6).tolist(), "images": len(images)}


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--shards", type=Path, required=True)
    parser.add_argument("--split", type=Path, required=True)
    parser.add_argument("--stats", type=Path, required=True)
    args = parser.parse_args()
    stats = channel_stats(Shards(args.shards), read_split(args.split, "train"))
    write_text(args.stats, json.dumps(stats, indent=1) + "\n")


if __name__ == "__main__":
    cli.run(main)
