"""How everyone reads packed images: shards of pixels, the index of all files, the split.

`index.parquet` has one row a raw file, `split.parquet` one row a good image. The pixels of an image are row `row` of
`shards/<shard:04d>.npy`.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scripts.errors import ImageError
from scripts.images.packed_images import PackedImages

SHARD_COLUMNS = {
    "path": "str",  # relative to the image folder, forward slashes: the image's id
    "shard": "int64",
    "class": "str",
    "row": "int64",  # row in the shard's pixels; -1 for a rejected file
    "sha256": "str",  # of the raw file
    "pixels": "str",  # digest of the packed pixels
    "phash": "str",  # perceptual hash of the decoded picture, before any step; missing where it shows no detail
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

    @property
    def counts(self) -> np.ndarray:
        """Images of each class, int64 (classes,)."""
        return np.bincount(self.labels, minlength=len(self.classes))


def read_split(path: Path, name: str) -> Split:
    """The images that `split.parquet` puts on the side `name`: train, valid or test."""
    from pyarrow import compute, parquet  # here, since worker processes import this module and need no tables

    table = parquet.ParquetFile(path).read(columns=["path", "class", "split", "shard", "row"])
    classes = sorted(compute.unique(table["class"]).to_pylist())
    part = table.filter(compute.equal(table["split"], name)).sort_by("path")
    return Split(
        paths=part["path"].to_pylist(),
        shards=part["shard"].to_numpy().astype(np.int64),
        rows=part["row"].to_numpy().astype(np.int64),
        labels=compute.index_in(part["class"], compute.cast(classes, table["class"].type)).to_numpy().astype(np.int64),
        classes=classes,
    )


def digests(path: Path) -> tuple[str, str]:
    """Digests, 12 hex digits each, of what images `split.parquet` holds (paths and bytes) and of how it splits them."""
    from pyarrow import parquet

    table = parquet.ParquetFile(path).read(columns=["path", "sha256", "split"]).sort_by("path")
    paths, *others = (table[name].to_pylist() for name in ("path", "sha256", "split"))
    texts = ("\n".join(f"{path}\t{other}" for path, other in zip(paths, column, strict=True)) for column in others)
    images, sides = (hashlib.sha256(text.encode()).hexdigest()[:12] for text in texts)
    return images, sides


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

    def images(self, shards: np.ndarray, rows: np.ndarray) -> PackedImages:
        """The images at (shards[i], rows[i]), to be gathered in batches; int64 arrays.

        Raises:
            ImageError: a shard is not there, or shorter than a row asks for.
        """
        return PackedImages({shard: self.file(shard) for shard in set(shards.tolist())}, shards, rows)

    def file(self, shard: int) -> Path:
        """The file of a shard."""
        return self.folder / f"{shard:04d}.npy"

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
