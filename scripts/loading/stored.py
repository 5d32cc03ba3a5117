"""Where images stand in files that were made for a way to load: the key, the file, the folder."""

import zlib
from pathlib import Path

from scripts.errors import ImageError

PIXELS = "pixels"  # the array of a container that holds packed pixels
FORMATS = "scripts.loading.containers.formats"  # containers, by the name that a backend's `sources` has


def key_of(shard: int, row: int) -> str:
    """The key of the image that stands packed at (shard, row): text without a dot, which webdataset would cut off."""
    return f"{shard:04d}_{row:06d}"


def order_of(key: str) -> tuple[int, str]:
    """Images stand in a container sorted by this: shuffled, the same in each that is made of them."""
    return zlib.crc32(key.encode()), key


def container_files(folder: Path) -> list[Path]:
    """The files of a container, sorted.

    Raises:
        ImageError: there are none.
    """
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    if not found:
        raise ImageError(f"{folder} is missing; expected a container: `snakemake --forcerun pack_container`")
    return found


def reencoded_file(folder: Path, shard: int, row: int) -> Path:
    """Where the image at (shard, row) stands re-encoded."""
    return folder / f"{shard:04d}" / f"{row:06d}.png"
