"""Load every training image one after the other and keep the digest: what every measured backend must reproduce.

How far its pixels are from those of a full decode that is resized by area is measured on a part of the images.

Inputs: the raw image folder, `split.parquet`.
Output: `images`, `digest` (scripts/loading/measuring/digest.py), `error` (mean absolute difference, levels of 0-255).

By hand:
    python -m scripts.loading.measuring.reference_digest --folder /data/my_images --split split.parquet \
        --decoder scalecard --reference scalecard.json \
        --spec '{"decode": {"size": 64, "steps": [{"resize": {}}]}, "augment": null}'
"""

import json
import statistics
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from scripts import cli, registry
from scripts.atomic import write_text
from scripts.images.decode import DecodeSpec
from scripts.images.shards import read_split
from scripts.loading.backend import DECODERS, OWN, Item
from scripts.loading.measuring.digest import digest
from scripts.loading.reading.augmented import LoadAugmentation
from scripts.loading.reading.load import LoadRaw
from scripts.spec import Spec

COMPARED = 300  # images at most


class ReferenceSpec(Spec):
    """What it takes from the config."""

    decode: DecodeSpec
    augment: LoadAugmentation | None  # what is done to each decoded image


def in_full(spec: DecodeSpec) -> DecodeSpec:
    """The same steps on pictures that are decoded in full, resized by area."""
    steps = [step for step in spec.steps if "decode" not in step]
    steps = [{"resize": step["resize"] | {"interpolation": "area"}} if "resize" in step else step for step in steps]
    return DecodeSpec(size=spec.size, steps=[{"decode": {"scaling": "none"}}, *steps], packages=spec.packages)


def errors(load: LoadRaw, full: LoadRaw, paths: Sequence[str]) -> list[float]:
    """Mean absolute difference between both, of some images spread evenly over all."""
    some = [Item(0, path, shard=0, row=0) for path in paths[:: -(-len(paths) // COMPARED)]]
    return [float(np.abs(load(one)[1].astype(np.int16) - full(one)[1]).mean()) for one in some]


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--split", type=Path, required=True)
    parser.add_argument("--decoder", choices=[OWN, *registry.names(DECODERS)], required=True)
    parser.add_argument("--reference", type=Path, required=True)
    parser.add_argument("--spec", type=ReferenceSpec.model_validate_json, required=True)
    args = parser.parse_args()

    paths = read_split(args.split, "train").paths
    load = LoadRaw(args.folder, args.spec.decode, args.decoder)
    differences = errors(load, LoadRaw(args.folder, in_full(args.spec.decode)), paths)
    load.augment = args.spec.augment
    shown = cli.progress(paths, total=len(paths), doing="reference digest")
    pixels = (load(Item(position, path, shard=0, row=0))[1] for position, path in enumerate(shown))
    found = {
        "images": len(paths),
        "digest": digest(paths, pixels, np.ones(len(paths), np.int64)),
        "error": round(statistics.fmean(differences), 3),
    }
    write_text(args.reference, json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    cli.run(main)
