"""What do the images look like once they are packed? A few training images of each class, 24 classes on a sheet.

Inputs: the packed shards, `split.parquet`. Outputs: JPEGs, in order of the classes' names; one row a class, up to 8
images a row.

Which images: those of the least sha256 of their path, which needs no seed and favours no patient or slide.

By hand:
    python -m scripts.report.pictures.contact_sheet --shards shards --split split.parquet --sheets contact_sheet.jpg
"""

import hashlib
import itertools
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from matplotlib.figure import Figure

from scripts import cli
from scripts.atomic import replacing
from scripts.errors import UserError
from scripts.images.picture import Pixels
from scripts.images.shards import Shards, Split, read_split
from scripts.report.figures.style import styled
from scripts.report.pictures.draw_preview import printable
from scripts.report.words.shown import CLASSES, sheets

IMAGES = 8  # of each class, at most
EDGE, GAP = 112, 4  # of an image on the sheet, and to the next one, pixels
NAMES = 220  # room for class names, pixels
LONGEST = 20  # letters of a class name that fit there
DPI = 110


def choose(images: Split, labels: Sequence[int]) -> list[list[int]]:
    """The positions in `images` of those that go on the sheet, for each class of `labels`."""
    ranked: dict[int, list[tuple[bytes, int]]] = {label: [] for label in labels}
    for i, label in enumerate(images.labels.tolist()):
        if label in ranked:
            ranked[label].append((hashlib.sha256(images.paths[i].encode()).digest(), i))
    return [[i for _, i in sorted(ranked[label])[:IMAGES]] for label in labels]


def tile(image: Pixels) -> Pixels:
    """An image at the size of the sheet's: averaged where it is larger, else with its pixels as squares."""
    way = cv2.INTER_AREA if image.shape[0] > EDGE else cv2.INTER_NEAREST
    return cv2.resize(image, (EDGE, EDGE), interpolation=way)  # type: ignore[return-value]


def draw_sheet(shards: Shards, images: Split, labels: Sequence[int]) -> Figure:
    """One row for each class of `labels`, its name on the left."""
    rows = choose(images, labels)
    step = EDGE + GAP
    height, width = len(rows) * step, NAMES + max(map(len, rows)) * step
    sheet = np.full((height, width, 3), 255, np.uint8)
    for top, row in zip(itertools.count(0, step), rows, strict=False):
        for left, i in zip(itertools.count(NAMES, step), row, strict=False):
            sheet[top : top + EDGE, left : left + EDGE] = tile(shards[images.shards[i], images.rows[i]])
    figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor="white")
    figure.figimage(sheet, origin="upper")
    for r, label in enumerate(labels):
        name = printable(images.classes[label])
        short = name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"
        at = ((NAMES - 16) / width, 1 - (r * step + EDGE / 2) / height)
        # A class name is a folder's name: whatever it holds is text, never mathematics.
        figure.text(*at, short, ha="right", va="center", fontsize=11, parse_math=False)
    return figure


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--shards", type=Path, required=True)
    parser.add_argument("--split", type=Path, required=True)
    parser.add_argument("--sheets", type=Path, nargs="+", required=True)
    args = parser.parse_args()

    shards, images = Shards(args.shards), read_split(args.split, "train")
    labels = range(len(images.classes))
    if len(args.sheets) != sheets(len(labels)):
        raise UserError(f"--sheets: found {len(args.sheets)}; expected {sheets(len(labels))} for {len(labels)} classes")
    for path, first in zip(args.sheets, range(0, len(labels), CLASSES), strict=True):
        with styled(), replacing(path) as temporary:
            figure = draw_sheet(shards, images, labels[first : first + CLASSES])
            figure.savefig(temporary, format="jpeg", dpi=DPI, pil_kwargs={"quality": 90, "subsampling": 0})


if __name__ == "__main__":
    cli.run(main)
