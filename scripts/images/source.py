"""The raw images of a study: a folder of class folders, and which shard each file belongs to.

Everything is a function of names alone, never of the order of a directory listing, so the Snakefile can call it while
it builds the DAG.
"""

import hashlib
import os
import zlib
from collections import Counter
from pathlib import Path

from scripts.errors import ImageError
from scripts.images.sample_classes import CLASSES, file_name


def list_images(folder: Path) -> list[str]:
    """The paths, relative to `folder` with forward slashes and sorted, of every file inside its class folders.

    A class is a direct subfolder; its files may lie deeper. No file is believed or doubted for its name: packing
    decides what is an image. Files beside the class folders are not of the study.

    Raises:
        ImageError: the folder is missing, or holds no folder with a file in it.
    """
    if not folder.is_dir():
        raise ImageError(
            f"images.folder: {folder} is not a folder; expected a folder with one folder of images a class"
        )
    found = []
    for entry in os.scandir(folder):
        if entry.is_dir():
            for top, _, names in os.walk(entry.path, followlinks=True):
                prefix = Path(os.path.relpath(top, folder)).as_posix()
                found += [f"{prefix}/{name}" for name in names]
    if not found:
        raise ImageError(f"images.folder: {folder} holds no images; expected one folder of images a class")
    return sorted(found)


def sample_paths(per_class: int) -> list[str]:
    """As `list_images`, of the sample study that is still to be drawn."""
    return sorted(f"{tissue}/{file_name(tissue, index)}" for tissue in CLASSES for index in range(1, per_class + 1))


def class_of(path: str) -> str:
    """The class of a relative path: its first folder."""
    return path.partition("/")[0]


def shard_of(path: str, shards: int) -> int:
    """The shard that a relative path belongs to: crc32 of its bytes mod `shards`; adding a file moves no other."""
    return zlib.crc32(os.fsencode(path)) % shards


def check_classes(paths: list[str], splits: int = 3) -> Counter[str]:
    """Images of each class.

    Raises:
        ImageError: one class only, or a class with fewer images than there are splits.
    """
    counts = Counter(class_of(path) for path in paths)
    if len(counts) < 2:
        raise ImageError(f"images.folder: found one class, {next(iter(counts))!r}; a classifier needs two or more")
    for name, count in sorted(counts.items()):
        if count < splits:
            raise ImageError(
                f"images.folder: class {name!r} has {count} of the {splits} images that train, valid and test need"
            )
    return counts


def is_nameable(folder: Path, path: str) -> bool:
    """Whether Snakemake can take the file as an input: no braces, printable, UTF-8, and there to be read."""
    return path.isprintable() and not set("{}") & set(path) and os.access(folder / path, os.R_OK)


def digests(folder: Path, paths: list[str]) -> dict[str, str]:
    """The sha256 of each file by path (in ASCII), for the few that Snakemake cannot name; or `unreadable`."""
    found = {}
    for path in paths:
        try:
            found[ascii(path)] = hashlib.sha256((folder / path).read_bytes()).hexdigest()
        except OSError:
            found[ascii(path)] = "unreadable"
    return found
