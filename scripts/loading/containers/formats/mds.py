"""MDS shards of the raw files, as MosaicML Streaming reads them."""

from collections.abc import Sequence
from pathlib import Path

from scripts import cli
from scripts.loading.containers import format as container
from scripts.loading.containers.format import FILES, Image


class Format(container.Format):
    package, module = "mosaicml-streaming", "streaming"

    def write(self, images: Sequence[Image], folder: Path) -> None:
        from streaming import MDSWriter

        # A shard ends by its bytes.
        share = sum(image.path.stat().st_size for image in images) // FILES
        largest = max(image.path.stat().st_size for image in images)
        limit = share + largest + 1000
        with MDSWriter(out=str(folder), columns={"key": "str", "data": "bytes"}, size_limit=limit) as writer:
            for image in cli.progress(images, total=len(images), doing="packing"):
                writer.write({"key": image.key, "data": image.data()})
