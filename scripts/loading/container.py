"""Containers: the bytes of all raw training images in a few files, as a library wants them, each under a key."""

import csv
import shutil
import zlib
from argparse import ArgumentParser
from pathlib import Path
from typing import NamedTuple

from scripts.atomic import replacing
from scripts.errors import ImageError
from scripts.images.header import read_bytes
from scripts.images.shards import read_split
from scripts.loading.contained import key_of

FILES = 64  # of a container at most: a library shares them out to its workers whole, 1, 2, 4 ... 64 alike


class Raw(NamedTuple):
    """A raw image to put into a container."""

    key: str
    path: Path

    def data(self) -> bytes:
        """Its bytes.

        Raises:
            ImageError: it cannot be read; the message names it.
        """
        try:
            return read_bytes(self.path)
        except ImageError as error:
            raise ImageError(f"{self.path}: {error}") from None


def files(folder: Path) -> list[Path]:
    """The files of a container, sorted.

    Raises:
        ImageError: there are none.
    """
    found = sorted(path for path in folder.glob("*") if path.is_file())
    if not found:
        raise ImageError(f"{folder} is missing; expected a container: `snakemake --forcerun pack_{folder.name}`")
    return found


def add_arguments(parser: ArgumentParser) -> None:
    """What every program that makes a container is told."""
    parser.add_argument("--raw", type=Path, required=True, help="the raw image folder")
    parser.add_argument("--split", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True, help="of the container; emptied first")
    parser.add_argument("--listed", type=Path, required=True)


def raw_images(raw: Path, split: Path) -> list[Raw]:
    """The training images, shuffled: a library reads its container from end to end, and no trainer wants a class after
    the other.
    """
    images = read_split(split, "train")
    places = zip(images.paths, images.shards.tolist(), images.rows.tolist(), strict=True)
    found = [Raw(key_of(shard, row), raw / path) for path, shard, row in places]
    return sorted(found, key=lambda image: zlib.crc32(image.key.encode()))


def per_file(images: int) -> int:
    """Images in each file of a container."""
    return -(-images // FILES)


def emptied(folder: Path) -> Path:
    """`folder`, there and empty."""
    shutil.rmtree(folder, ignore_errors=True)  # of another split
    folder.mkdir(parents=True)
    return folder


def write_list(folder: Path, listed: Path) -> None:
    """Say that the container in `folder` is whole: a CSV of its files."""
    with replacing(listed) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["file", "bytes"])
        writer.writerows((path.name, path.stat().st_size) for path in files(folder))
