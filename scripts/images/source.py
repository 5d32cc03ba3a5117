"""The raw images of a study: which files, of which class, on which given side, and in which shard.

Everything is a function of names (or of a manifest's rows) alone, never of the order of a directory listing, so the
Snakefile can call it while it builds the DAG. No file is believed or doubted for its name: packing decides what is an
image.
"""

import hashlib
import os
import stat
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Literal, NamedTuple

from scripts.errors import ImageError
from scripts.images.cut import SPLITS
from scripts.images.sample_classes import CLASSES, file_name

Layout = Literal["auto", "classes", "splits", "lc25000"]
SPLIT_FOLDERS = {"train": "train", "valid": "valid", "val": "valid", "validation": "valid", "test": "test"}
# Borkowski et al. 2019, arXiv:1912.12142: with lung_aca, lung_n, lung_scc inside, and colon_aca, colon_n.
LC25000_FOLDERS = {"lung_image_sets", "colon_image_sets"}
MADE_BY_SNAKEMAKE = ".snakemake_timestamp"  # in each folder that is an output, as those of drawn classes
EXPECTED = "expected a folder with one folder of images a class"


class Entry(NamedTuple):
    """One raw file as the study knows it."""

    path: str  # relative to the image folder, forward slashes: the image's id
    label: str  # class
    split: str | None = None  # train, valid or test, where the source gives it
    group: str | None = None  # of images that must share a split, where the source knows it
    sha256: str | None = None  # of the content, where a manifest states it

    @property
    def line(self) -> str:
        """The entry as printable text: equal exactly when the entries are."""
        return "\t".join(ascii(value) for value in self)


def entries(folder: Path, layout: Layout = "auto") -> list[Entry]:
    """Every file inside the class folders of `folder`, sorted by path.

    Layouts: `classes`, one folder of images a class; `splits`, the same inside each of train, valid (or val,
    validation) and test; `lc25000`, that data set's own. `auto` recognises them by the names of the folders, and looks
    through a single folder that holds nothing but folders. Images may lie deeper; files beside the class folders are
    not of the study.

    Raises:
        ImageError: the folder is missing, or holds no folder with a file in it.
    """
    if not folder.is_dir():
        raise ImageError(f"images.folder: {folder} is not a folder; {EXPECTED}")
    base, found = recognise(folder, layout)
    depth = len(base.parts) + (0 if found == "classes" else 1)
    try:
        paths = list(_files(folder, base))
    except ImageError as error:
        raise ImageError(f"images.folder: {error}") from None
    listed = []
    for path in paths:
        parts = path.split("/")  # not pathlib: there may be tens of thousands, and each cluster job asks
        if len(parts) <= depth + 1:
            continue
        above = parts[depth - 1] if depth else ""
        split = SPLIT_FOLDERS.get(above.lower()) if found == "splits" else None
        if (found == "splits" and split is None) or (found == "lc25000" and above not in LC25000_FOLDERS):
            continue
        listed.append(Entry(path, parts[depth], split))
    if not listed:
        raise ImageError(f"images.folder: {folder} holds no images; {EXPECTED}")
    return sorted(listed)


def files_below(folder: Path) -> list[str]:
    """Relative paths of all files in `folder` and the folders below it, hidden ones apart; sorted.

    Raises:
        ImageError: there is no such folder, or one below it cannot be read.
    """
    if not folder.is_dir():
        raise ImageError(f"{folder} is not a folder")
    return sorted(_files(folder, PurePosixPath()))


def recognise(folder: Path, layout: Layout) -> tuple[PurePosixPath, Layout]:
    """Where below `folder` the layout begins, and which it is."""
    base = PurePosixPath()
    while True:
        names = {entry.name for entry in os.scandir(folder / base) if entry.is_dir() and _counts(entry.name)}
        sides = [SPLIT_FOLDERS.get(name.lower()) for name in names]
        if layout == "auto" and names and names <= LC25000_FOLDERS:
            return base, "lc25000"
        if layout == "auto" and len(names) > 1 and "train" in sides and None not in sides:
            return base, "splits"
        if layout != "auto" and (layout != "lc25000" or names & LC25000_FOLDERS):
            return base, layout
        inner = base / next(iter(names)) if len(names) == 1 else None
        if inner is None or any(entry.is_file() for entry in os.scandir(folder / inner)):
            return base, "classes" if layout == "auto" else layout
        base = inner


def _files(folder: Path, base: PurePosixPath) -> Iterator[str]:
    """Relative paths of all files below `base`; a linked folder is followed, each folder once."""
    seen = set()
    for top, folders, names in os.walk(folder / base, onerror=_refuse, followlinks=True):
        there = Path(top).stat()
        if (there.st_dev, there.st_ino) in seen:
            folders.clear()
            continue
        seen.add((there.st_dev, there.st_ino))
        folders[:] = [name for name in folders if _counts(name)]
        prefix = Path(os.path.relpath(top, folder)).as_posix()
        yield from (name if prefix == "." else f"{prefix}/{name}" for name in names if name != MADE_BY_SNAKEMAKE)


def _counts(folder: str) -> bool:
    """Whether a folder is of the study: not hidden, and none that macOS adds to a zip."""
    return not folder.startswith(".") and folder != "__MACOSX"


def _refuse(error: OSError) -> None:
    raise ImageError(f"{error.filename} cannot be read: {error.strerror}")


def sample_entries(per_class: int) -> list[Entry]:
    """As `entries`, of the sample study that is still to be drawn."""
    return [
        Entry(f"{tissue}/{file_name(tissue, index)}", tissue)
        for tissue in sorted(CLASSES)
        for index in range(1, per_class + 1)
    ]


def shard_of(path: str, shards: int) -> int:
    """The shard that a relative path belongs to: crc32 of its bytes mod `shards`; adding a file moves no other."""
    return zlib.crc32(os.fsencode(path)) % shards


def check_classes(counts: Mapping[str, int]) -> None:
    """Whether images of each class, as `counts` says, can be on every side of the split.

    Raises:
        ImageError: one class only, or a class with fewer images than there are splits.
    """
    if len(counts) < 2:
        raise ImageError(f"images.folder: found one class, {next(iter(counts))!r}; a classifier needs two or more")
    for name, count in sorted(counts.items()):
        if count < len(SPLITS):
            raise ImageError(
                f"images.folder: class {name!r} has {count} of the {len(SPLITS)} images that train, valid and test need"
            )


def is_plain(path: str) -> bool:
    """Whether Snakemake can name the path: no braces, printable, UTF-8."""
    return path.isprintable() and "{" not in path and "}" not in path


def is_nameable(folder: Path, path: str) -> bool:
    """Whether Snakemake can take the file as an input: a plain path, regular and there to be read."""
    there = f"{folder}/{path}"
    return is_plain(path) and os.path.isfile(there) and os.access(there, os.R_OK)  # noqa: PTH113 - as above


def digest(listed: Iterable[Entry], folder: str | None = None, odd: Collection[str] = ()) -> str:
    """16 hex digits that change with any of `listed`, which are in order of path, and with their files in `folder`.

    Snakemake compares times of files alone: that an older file took a place is told by its size. Of the paths in `odd`,
    which Snakemake cannot name, the content counts.
    """
    lines = []
    for entry in listed:
        told = "" if folder is None else _told(f"{folder}/{entry.path}", whole=entry.path in odd)
        lines.append(f"{entry.line}\t{told}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _told(path: str, whole: bool) -> str:
    """The size of a file, or its sha256."""
    try:
        there = os.stat(path)  # noqa: PTH116 - as in `entries`
        if not stat.S_ISREG(there.st_mode) or not whole:
            return str(there.st_size)
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return "unreadable"
