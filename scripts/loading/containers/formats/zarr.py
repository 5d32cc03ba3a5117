"""A Zarr 3 array of the packed pixels, in chunks of a batch, a file each; as little compressed as the shards are."""

from collections.abc import Sequence
from pathlib import Path

from scripts import cli
from scripts.loading.backend import chunks
from scripts.loading.containers import format as container
from scripts.loading.containers.format import Image, per_chunk
from scripts.loading.stored import PIXELS


class Format(container.Format):
    package = module = "zarr"

    def write(self, images: Sequence[Image], folder: Path) -> None:
        import numpy as np
        import zarr

        shape, size = images[0].pixels().shape, per_chunk(len(images))
        pixels = zarr.create_array(
            folder / PIXELS,
            shape=(len(images), *shape),
            dtype="uint8",
            chunks=(size, *shape),
            compressors=None,
            config={"write_empty_chunks": True},  # else one that is all 0, as of black pictures, would be no file
        )
        parts = chunks(images, size)
        for number, part in enumerate(cli.progress(parts, total=len(parts), doing="packing")):
            pixels[number * size : number * size + len(part)] = np.stack([image.pixels() for image in part])
