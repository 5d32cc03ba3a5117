"""Load every training image one after the other and keep the digest: what every measured backend must reproduce.

Inputs: the raw image folder, `split.parquet`.
Output: `reference.json`: `images`, `digest` (scripts/loading/measuring/digest.py).

By hand:
    python -m scripts.loading.measuring.reference_digest --folder /data/my_images --split split.parquet \
        --reference reference.json --spec '{"decode": {"size": 64, "steps": [{"resize": {}}]}, "augment": null}'
"""

import json
from pathlib import Path

import numpy as np

from scripts import cli
from scripts.atomic import write_text
from scripts.images.decode import DecodeSpec
from scripts.images.shards import read_split
from scripts.loading.backend import Item
from scripts.loading.measuring.digest import digest
from scripts.loading.reading.augmented import LoadAugmentation
from scripts.loading.reading.load import LoadRaw
from scripts.spec import Spec


class ReferenceSpec(Spec):
    """What it takes from the config."""

    decode: DecodeSpec
    augment: LoadAugmentation | None  # what is done to each decoded image


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--split", type=Path, required=True)
    parser.add_argument("--reference", type=Path, required=True)
    parser.add_argument("--spec", type=ReferenceSpec.model_validate_json, required=True)
    args = parser.parse_args()

    paths = read_split(args.split, "train").paths
    load = LoadRaw(args.folder, args.spec.decode)
    load.augment = args.spec.augment
    shown = cli.progress(paths, total=len(paths), doing="reference digest")
    pixels = (load(Item(position, path, shard=0, row=0))[1] for position, path in enumerate(shown))
    found = {"images": len(paths), "digest": digest(paths, pixels, np.ones(len(paths), np.int64))}
    write_text(args.reference, json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    cli.run(main)
