"""What do the images look like once they are packed? A few training images of each class on one sheet.

Inputs: the packed shards, `split.parquet`. Output: a PNG, one row a class, up to 8 images a row.

Which images: those of the least sha256 of their path, which needs no seed and favours no patient or slide.

By hand:
    python -m scripts.report.contact_sheet --shards shards --split split.parquet --sheet contact_sheet.png
"""

import hashlib
from pathlib import Path

from matplotlib.figure import Figure

from scripts import cli
from scripts.atomic import replacing
from scripts.images.shards import Shards, Split, read_split
from scripts.report.style import styled

IMAGES = 8  # of each class, at most
EDGE = 0.8  # of an image on the sheet, inches
GAP = 0.025  # around an image, inches
NAMES = 1.5  # room for class names, inches
LONGEST = 20  # letters of a class name that fit there
DPI = 144


def choose(images: Split, label: int) -> list[int]:
    """The positions in `images` of the class's images that go on the sheet."""
    mine = [i for i in range(len(images)) if images.labels[i] == label]
    return sorted(mine, key=lambda i: hashlib.sha256(images.paths[i].encode()).digest())[:IMAGES]


def draw_sheet(shards: Shards, images: Split) -> Figure:
    """One row a class, its name on the left."""
    rows = [choose(images, label) for label in range(len(images.classes))]
    columns = max(map(len, rows))
    width, height = NAMES + columns * EDGE, len(rows) * EDGE
    figure = Figure(figsize=(width, height), facecolor="white")
    for r, (name, row) in enumerate(zip(images.classes, rows, strict=True)):
        short = name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"
        middle = 1 - (r + 0.5) / len(rows)
        # A class name is a folder's name: whatever it holds is text, never mathematics.
        figure.text((NAMES - 0.12) / width, middle, short, ha="right", va="center", fontsize=9, parse_math=False)
        for c, i in enumerate(row):
            left, bottom = NAMES + c * EDGE + GAP, height - (r + 1) * EDGE + GAP
            side = EDGE - 2 * GAP
            axes = figure.add_axes((left / width, bottom / height, side / width, side / height))
            axes.imshow(shards[images.shards[i], images.rows[i]], interpolation="nearest")
            axes.set_axis_off()
    return figure


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--shards", type=Path, required=True)
    parser.add_argument("--split", type=Path, required=True)
    parser.add_argument("--sheet", type=Path, required=True)
    args = parser.parse_args()
    with styled(), replacing(args.sheet) as temporary:
        figure = draw_sheet(Shards(args.shards), read_split(args.split, "train"))
        figure.savefig(temporary, format="png", dpi=DPI, metadata={"Software": None})


if __name__ == "__main__":
    cli.run(main)
