"""Put the raw bytes of every training image into the chunks that litdata reads.

Inputs: the raw image folder, `split.parquet`.
Outputs: `chunk-*.bin` and `index.json` in --folder, and --listed, a CSV of `file,bytes` that is written last.

By hand:
    python -m scripts.loading.pack_litdata --raw /data/my_images --split results/demo/images/split.parquet \
        --folder litdata --listed litdata.csv
"""

import os
import tempfile

from scripts import cli
from scripts.loading import container


def sample(image: container.Raw) -> dict[str, str | bytes]:
    """What a chunk holds of an image."""
    return {"key": image.key, "data": image.data()}


def main() -> None:
    parser = cli.parser(__doc__)
    container.add_arguments(parser)
    args = parser.parse_args()

    import litdata

    images = container.raw_images(args.raw, args.split)
    folder = container.emptied(args.folder)
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["DATA_OPTIMIZER_CACHE_FOLDER"] = os.environ["DATA_OPTIMIZER_DATA_CACHE_FOLDER"] = scratch
        litdata.optimize(
            sample,
            images,
            str(folder),
            chunk_size=container.per_file(len(images)),
            num_workers=1,
            reorder_files=False,
            verbose=False,
        )
    container.write_list(folder, args.listed)


if __name__ == "__main__":
    cli.run(main)
