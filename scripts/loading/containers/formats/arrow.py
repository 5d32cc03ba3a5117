"""Arrow files of the raw files, as Hugging Face datasets maps them: a column `key`, a column `data`."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from scripts import cli
from scripts.loading.backend import chunks
from scripts.loading.containers import format as container
from scripts.loading.containers.format import Image, per_file


class Format(container.Format):
    package, module = "pyarrow", "datasets"

    def write(self, images: Sequence[Image], folder: Path) -> None:
        for name, table in tables(images):
            path = str(folder / f"{name}.arrow")
            with pa.OSFile(path, "wb") as file, pa.ipc.new_stream(file, table.schema) as writer:
                writer.write_table(table)


def tables(images: Sequence[Image]) -> Iterator[tuple[str, pa.Table]]:
    """What each file holds, by its name."""
    parts = chunks(images, per_file(len(images)))
    for number, part in enumerate(cli.progress(parts, total=len(parts), doing="packing")):
        data = pa.array([image.data() for image in part], pa.binary())
        yield f"{number:04d}", pa.table({"key": [image.key for image in part], "data": data})
