"""An LMDB database of the raw files, by key."""

from collections.abc import Sequence
from pathlib import Path

from scripts import cli
from scripts.loading.containers import format as container
from scripts.loading.containers.format import Image

LARGEST = 1 << 40  # bytes that it may grow to: an address space, no file; the default is 10 MiB


class Format(container.Format):
    package = module = "lmdb"

    def write(self, images: Sequence[Image], folder: Path) -> None:
        import lmdb

        with (
            lmdb.open(str(folder), map_size=LARGEST, lock=False) as database,
            database.begin(write=True) as transaction,
        ):
            for image in cli.progress(images, total=len(images), doing="packing"):
                transaction.put(image.key.encode(), image.data())
