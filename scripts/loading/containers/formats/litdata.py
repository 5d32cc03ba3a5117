"""litdata's chunks, with their index."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from scripts.loading.containers import format as container
from scripts.loading.containers.format import Image, per_file


class Format(container.Format):
    package = module = "litdata"

    def write(self, images: Sequence[Image], folder: Path) -> None:
        import litdata

        with tempfile.TemporaryDirectory() as scratch:
            os.environ["DATA_OPTIMIZER_CACHE_FOLDER"] = os.environ["DATA_OPTIMIZER_DATA_CACHE_FOLDER"] = scratch
            litdata.optimize(
                sample,
                images,
                str(folder),
                chunk_size=per_file(len(images)),
                num_workers=1,
                reorder_files=False,
                verbose=False,
            )


def sample(image: Image) -> dict[str, str | bytes]:
    """What a chunk holds of an image."""
    return {"key": image.key, "data": image.data()}
