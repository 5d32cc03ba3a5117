"""How everyone reads packed images: shards of pixels, the index of all files, the split.

`index.parquet` has one row a raw file, `split.parquet` one row a good image. The pixels of an image are row `row` of
`shards/<shard:04d>.npy`.
"""

import hashlib
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from scripts.errors import ImageError

SHARD_COLUMNS = {
    "path": "str",  # relative to the image folder, forward slashes: the image's id
    "shard": "int64",
    "class": "str",
    "row": "int64",  # row in the shard's pixels; -1 for a rejected file
    "sha256": "str",  # of the raw file
    "pixels": "str",  # digest of the packed pixels
    "phash": "str",  # perceptual hash of the packed pixels; missing where they show no detail
    "kind": "str",  # format and mode of the content, as Pillow names them
    "width": "Int64",  # of the raw image, pixels
    "height": "Int64",
    "given_split": "str",  # train, valid or test, where the source gives it
    "given_group": "str",  # where the source knows it
    "status": "str",  # ok or rejected
    "reason": "str",  # why it was rejected
}
# `pixels` is here so that whoever uses packed images is stale when they change, without naming every shard as input.
SPLIT_COLUMNS = ("path", "shard", "row", "class", "group", "sha256", "pixels", "split")


@dataclass(frozen=True)
class Split:
    """The images of one split, in order of path: what a trainer and a loader iterate over.

    Arrays are parallel, one element an image.
    """

    paths: list[str]  # relative raw paths
    shards: np.ndarray  # int64
    rows: np.ndarray  # int64
    labels: np.ndarray  # int64, index into `classes`
    classes: list[str]  # sorted class names of the whole study

    def __len__(self) -> int:
        return len(self.paths)


def read_split(table: Path, name: str) -> Split:
    """The images that `split.parquet` puts on the side `name`: train, valid or test."""
    import pandas as pd  # here, since worker processes import this module and need no tables

    frame = pd.read_parquet(table)
    classes = sorted(frame["class"].unique())
    part = frame[frame["split"] == name].sort_values("path")
    labels = part["class"].map({name: label for label, name in enumerate(classes)})
    return Split(
        paths=part["path"].tolist(),
        shards=part["shard"].to_numpy(np.int64),
        rows=part["row"].to_numpy(np.int64),
        labels=labels.to_numpy(np.int64),
        classes=classes,
    )


def digests(table: Path) -> tuple[str, str]:
    """Digests, 12 hex digits each, of what images `split.parquet` holds (paths and bytes) and of how it splits them."""
    import pandas as pd

    frame = pd.read_parquet(table).sort_values("path")
    images = "\n".join(f"{row.path}\t{row.sha256}" for row in frame.itertuples())
    sides = "\n".join(f"{row.path}\t{row.split}" for row in frame.itertuples())
    return hashlib.sha256(images.encode()).hexdigest()[:12], hashlib.sha256(sides.encode()).hexdigest()[:12]


class Run(NamedTuple):
    """Images of one shard that are gathered in one call."""

    pixels: np.ndarray  # of the shard, uint8 (m, h, w, 3)
    rows: np.ndarray  # int64 (n,), each below m
    where: slice  # n places

    def copy(self, out: np.ndarray) -> None:
        """Copy the images to out[where]."""
        # 'clip' would take a wrong image for a row that is not there, but any other mode goes through a buffer.
        self.pixels.take(self.rows, 0, out[self.where], "clip")


class Shards:
    """The pixels of a folder of shards, memory-mapped when first touched; picklable by its path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._open: dict[int, np.ndarray] = {}

    def __reduce__(self) -> tuple[type["Shards"], tuple[Path]]:
        return Shards, (self.folder,)

    def __getitem__(self, place: tuple[int, int]) -> np.ndarray:
        """A view, uint8 (h, w, 3), of the image at (shard, row).

        Raises:
            ImageError: the shard is not there.
        """
        shard, row = place
        view: np.ndarray = self._map(shard)[row]
        return view

    def gather(self, shards: np.ndarray, rows: np.ndarray, out: np.ndarray) -> None:
        """Copy the images at (shards[i], rows[i]) to out[i]; out is uint8 (n, h, w, 3), C-contiguous.

        Raises:
            ImageError: a shard is not there, or shorter than a row asks for.
        """
        for run in self.runs(shards, rows):
            run.copy(out)

    def runs(self, shards: np.ndarray, rows: np.ndarray, batch: int | None = None) -> list["Run"]:
        """How to gather the images at (shards[i], rows[i]): neighbours of one shard in one call, and no call over the
        end of a batch. Where the order inside a batch is free, sort it by shard.

        Raises:
            ImageError: a shard is not there, or shorter than a row asks for.
        """
        maps = {shard: self._map(shard) for shard in set(shards.tolist())}
        lengths = np.zeros(max(maps, default=-1) + 1, np.int64)
        for shard, pixels in maps.items():
            lengths[shard] = len(pixels)
        for i in (rows >= lengths[shards]).nonzero()[0].tolist():
            raise ImageError(f"{self.file(shards[i])} has {lengths[shards[i]]} images, expected one in row {rows[i]}")
        starts = np.ones(len(shards), bool)
        np.not_equal(shards[1:], shards[:-1], out=starts[1:])
        starts[:: batch or len(shards)] = True
        bounds = [*starts.nonzero()[0].tolist(), len(shards)]
        return [Run(maps[int(shards[a])], rows[a:b], slice(a, b)) for a, b in pairwise(bounds)]

    def file(self, shard: int) -> Path:
        """The file of a shard."""
        return self.folder / f"{shard:04d}.npy"

    def close(self) -> None:
        """Unmap all shards that nobody looks at any more."""
        self._open.clear()

    def _map(self, shard: int) -> np.ndarray:
        pixels = self._open.get(shard)
        if pixels is None:
            path = self.file(shard)
            try:
                # As a plain array: views of a memmap cost a microsecond more each.
                pixels = self._open[shard] = np.asarray(np.load(path, mmap_mode="r"))
            except FileNotFoundError:
                raise ImageError(
                    f"{path} is missing; expected a packed shard: `snakemake --forcerun pack_shard`"
                ) from None
        return pixels
