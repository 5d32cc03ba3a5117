"""Tar files, as webdataset reads them."""

from collections.abc import Sequence
from pathlib import Path

from scripts import cli
from scripts.loading.containers import format as container
from scripts.loading.containers.format import Image, per_file


class Format(container.Format):
    package = module = "webdataset"

    def write(self, images: Sequence[Image], folder: Path) -> None:
        import webdataset

        pattern = str(folder).replace("%", "%%") + "/%04d.tar"
        with webdataset.ShardWriter(pattern, maxcount=per_file(len(images)), verbose=0) as writer:
            for image in cli.progress(images, total=len(images), doing="packing"):
                writer.write({"__key__": image.key, "data": image.data()})
