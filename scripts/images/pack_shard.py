"""Pack one shard: decode its raw files into one array, and say of each file what became of it.

Inputs: the raw image folder; the shard's number.
Outputs: `<nnnn>.npy`, uint8 RGB, NHWC, C-contiguous, one row a good image in order of path, readable with
`np.load(mmap_mode='r')`; `<nnnn>.parquet`, one row a file (columns: scripts/images/shards.py). A broken file gets a
reason there and no pixels; it never stops the shard.

By hand:
    python -m scripts.images.pack_shard --folder /data/my_images --shard 0 --pixels 0000.npy --table 0000.parquet \
        --spec '{"decode": {"size": 64, "steps": [{"resize": {}}]}, "shards": 8, "unnameable": {}}'
"""

import hashlib
import os
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from scripts import cli
from scripts.atomic import replacing
from scripts.errors import ImageError
from scripts.images.decode import Decoder, DecodeSpec, Pixels, image_size, read_bytes
from scripts.images.shards import SHARD_COLUMNS
from scripts.images.source import class_of, list_images, shard_of
from scripts.spec import Spec


class PackSpec(Spec):
    """What packing takes from the config."""

    decode: DecodeSpec
    shards: int
    unnameable: dict[str, str]  # sha256 by path of files that Snakemake cannot name as input, so that a change is seen


def pack(folder: Path, shard: int, paths: Iterable[str], decoder: Decoder) -> tuple[np.ndarray, pd.DataFrame]:
    """The pixels (n, size, size, 3) of the good images among `paths`, and the table of all of them."""
    pixels: list[Pixels] = []
    rows: list[dict[str, Any]] = []
    for path in paths:
        row: dict[str, Any] = dict.fromkeys(SHARD_COLUMNS)
        # A table cannot hold a name that is not UTF-8: its odd bytes are written as \\xNN there.
        shown = os.fsencode(path).decode("utf-8", "backslashreplace")
        row |= {
            "path": shown,
            "shard": shard,
            "class": class_of(shown),
            "status": "ok",
            "row": len(pixels),
            "reason": "",
        }
        try:
            if shown != path:
                raise ImageError("file name is not UTF-8; rename it")
            data = read_bytes(folder / path)
            row["sha256"] = hashlib.sha256(data).hexdigest()
            _, row["width"], row["height"] = image_size(data)
            pixels.append(decoder.decode(data))
        except ImageError as error:
            row |= {"status": "rejected", "row": -1, "reason": str(error)}
        rows.append(row)
    size = decoder.spec.size
    packed = np.stack(pixels) if pixels else np.empty((0, size, size, 3), np.uint8)
    return packed, pd.DataFrame(rows, columns=list(SHARD_COLUMNS)).astype(SHARD_COLUMNS)


def write(folder: Path, shard: int, paths: Collection[str], spec: PackSpec, pixels: Path, table: Path) -> str:
    """Pack the images of one shard into its two files; returns how many there are, for people."""
    shown = cli.progress(paths, total=len(paths), doing="pack")
    packed, rows = pack(folder, shard, shown, Decoder(spec.decode))
    with replacing(pixels) as temporary, temporary.open("wb") as file:
        np.save(file, packed)
    with replacing(table) as temporary:
        rows.to_parquet(temporary, index=False)
    return f"shard {shard}: {len(packed)} packed, {len(paths) - len(packed)} rejected"


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--shard", type=int, required=True)
    parser.add_argument("--pixels", type=Path, required=True)
    parser.add_argument("--table", type=Path, required=True)
    parser.add_argument("--spec", type=PackSpec.model_validate_json, required=True)
    args = parser.parse_args()

    paths = [path for path in list_images(args.folder) if shard_of(path, args.spec.shards) == args.shard]
    cli.log.info(write(args.folder, args.shard, paths, args.spec, args.pixels, args.table))


if __name__ == "__main__":
    cli.run(main)
