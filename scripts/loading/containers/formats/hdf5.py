"""An HDF5 file of the packed pixels, in chunks of a batch."""

from collections.abc import Sequence
from pathlib import Path

from scripts import cli
from scripts.loading.containers import format as container
from scripts.loading.containers.format import Image, per_chunk
from scripts.loading.stored import PIXELS


class Format(container.Format):
    package = module = "h5py"

    def write(self, images: Sequence[Image], folder: Path) -> None:
        import h5py

        shape = images[0].pixels().shape
        chunk = (per_chunk(len(images)), *shape)
        with h5py.File(folder / "images.h5", "w") as file:
            pixels = file.create_dataset(PIXELS, (len(images), *shape), "uint8", chunks=chunk)
            for place, image in enumerate(cli.progress(images, total=len(images), doing="packing")):
                pixels[place] = image.pixels()
