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
from pathlib import Path
from typing import NamedTuple

from scripts.errors import ImageError
from scripts.images.cut import SPLITS
from scripts.images.layout import Arrangement, Layout, Place, counts, recognise
from scripts.images.sample_classes import CLASSES, file_name

# What file managers leave in folders; Snakemake in each that is an output, as those of drawn classes; fetch_archive.
LEFT_BEHIND = {".DS_Store", "Thumbs.db", "desktop.ini", ".snakemake_timestamp", ".fetch_archive.json"}
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


class Listing(NamedTuple):
    """What a folder of images was understood as."""

    entries: list[Entry]  # sorted by path
    arrangement: Arrangement
    passed_over: dict[str, list[str]]  # what is not of the study: by the reason, paths; sorted


def entries(folder: Path, layout: Layout = "auto") -> list[Entry]:
    """The images of `look`."""
    return look(folder, layout).entries


def look(folder: Path, layout: Layout = "auto") -> Listing:
    """Every file inside the class folders of `folder`, and what is passed over.

    Layouts: `classes`, one folder of images a class; `splits`, the same inside each of train, valid and test;
    `lc25000`, that data set's own. `auto` recognises them (scripts/images/layout.py). Images may lie deeper; files
    beside the class folders are not of the study.

    Raises:
        ImageError: the folder is missing, holds no folder with a file in it, may be read in two ways, or a link leads
            to one of its folders twice.
    """
    if not folder.is_dir():
        raise ImageError(f"images.folder: {folder} is not a folder; {EXPECTED}")
    arrangement = recognise(folder, layout)
    listed: list[Entry] = []
    passed: dict[str, list[str]] = {}
    empty: dict[str, bool] = {}  # of each class folder, whether it holds no file
    try:
        for where, names in _walk(folder, passed):
            place = _place_of(where, arrangement.places)
            prefix = "/".join((*where, ""))
            if place is None:
                beside = any(one.folder[: len(where)] == where for one in arrangement.places)
                reason = "beside the class folders" if beside else "in folders that hold no classes"
                passed.setdefault(reason, []).extend(prefix + name for name in names)
                continue
            depth = len(place.folder)
            class_folder = "/".join(where[: depth + 1])
            empty[class_folder] = empty.get(class_folder, True) and not names
            listed += [Entry(prefix + name, where[depth], place.side) for name in names]
    except ImageError as error:
        raise ImageError(f"images.folder: {error}") from None
    if not listed:
        raise ImageError(f"images.folder: {folder} holds no images; {EXPECTED}")
    if without := sorted(name for name, none in empty.items() if none):
        passed["class folders without a file"] = without
    return Listing(sorted(listed), arrangement, {why: sorted(paths) for why, paths in passed.items() if paths})


def files_below(folder: Path) -> list[str]:
    """Relative paths of all files in `folder` and the folders below it, hidden ones apart; sorted.

    Raises:
        ImageError: there is no such folder, one below it cannot be read, or a link leads to one twice.
    """
    if not folder.is_dir():
        raise ImageError(f"{folder} is not a folder")
    return sorted("/".join((*where, name)) for where, names in _walk(folder, {}) for name in names)


def _place_of(where: tuple[str, ...], places: Iterable[Place]) -> Place | None:
    """The place in whose class folders the folder `where` lies."""
    for place in places:
        depth = len(place.folder)
        if len(where) > depth and where[:depth] == place.folder:
            return place
    return None


def _walk(folder: Path, passed: dict[str, list[str]]) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """Each folder below `folder` by the parts of its relative path, with the names of its files; links are followed.

    What is no file of a study goes to `passed`, by the reason.
    """
    seen: dict[tuple[int, int], tuple[str, ...]] = {}
    for top, folders, names in os.walk(folder, onerror=_refuse, followlinks=True):
        there = Path(top).stat()
        where = Path(top).relative_to(folder).parts
        before = seen.setdefault((there.st_dev, there.st_ino), where)
        if before != where:
            folders.clear()
            if where[: len(before)] != before:
                one, other = sorted(("/".join(before), "/".join(where)))
                raise ImageError(
                    f"{one} and {other} in {folder} are one folder; expected one way to each picture: remove the link"
                )
            passed.setdefault("links to a folder above", []).append("/".join(where))
            continue
        hidden = [name for name in folders if not counts(name)]
        passed.setdefault("hidden folders", []).extend("/".join((*where, name)) for name in hidden)
        folders[:] = sorted(set(folders).difference(hidden))
        left = [name for name in names if name in LEFT_BEHIND or name.startswith("._")]
        passed.setdefault("left behind by other programs", []).extend("/".join((*where, name)) for name in left)
        yield where, [name for name in names if name not in left] if left else names


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
