"""Parquet files of the raw files, as Hugging Face publishes pictures: a column `key`, a column `data`."""

from collections.abc import Sequence
from pathlib import Path

from scripts.loading.containers import format as container
from scripts.loading.containers.format import Image
from scripts.loading.containers.formats.arrow import tables


class Format(container.Format):
    package, module = "pyarrow", "datasets"

    def write(self, images: Sequence[Image], folder: Path) -> None:
        import pyarrow.parquet

        for name, table in tables(images):
            # What a picture's own format has compressed, no codec makes smaller.
            pyarrow.parquet.write_table(table, folder / f"{name}.parquet", compression="none")
