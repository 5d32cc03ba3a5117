"""Pack one shard: decode its raw files into one array, and say of each file what became of it.

Inputs: the raw image folder, and the manifest where there is one; the shard's number.
Outputs: `<nnnn>.npy`, uint8 RGB, NHWC, C-contiguous, one row a good image in order of path, readable with
`np.load(mmap_mode='r')`; `<nnnn>.parquet`, one row a file (columns: scripts/images/shards.py). A broken file gets a
reason there and no pixels; it never stops the shard.

By hand:
    python -m scripts.images.pack_shard --folder /data/my_images --shard 0 --pixels 0000.npy --table 0000.parquet \
        --spec '{"decode": {"size": 64, "steps": [{"resize": {}}]}, "shards": 8,
                 "limits": {"max_bytes": 100000000, "max_pixels": 50000000, "min_edge": 8, "frames": "reject"}}'
"""

import hashlib
import os
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, BinaryIO, get_args

import numpy as np
import pandas as pd

from scripts import cli
from scripts.atomic import replacing
from scripts.errors import ImageError
from scripts.images.decode import Decoder, DecodeSpec, decode_bytes
from scripts.images.header import Limits, check, read_bytes, read_header
from scripts.images.layout import Layout
from scripts.images.manifest import read_manifest
from scripts.images.perceptual_hash import LEAST_EDGE, perceptual_hash
from scripts.images.picture import Header, Pixels
from scripts.images.shards import SHARD_COLUMNS
from scripts.images.source import Entry, entries, shard_of
from scripts.spec import Spec


class PackSpec(Spec):
    """What packing takes from the config."""

    decode: DecodeSpec
    limits: Limits
    shards: int
    listed: str = ""  # digest of the shard's entries and what the files' names and times do not tell of a change


def pack(
    folder: Path,
    shard: int,
    listed: Collection[Entry],
    decoder: Decoder,
    limits: Limits,
    keep: Callable[[Pixels], object],
) -> pd.DataFrame:
    """The table of all files in `listed`; `keep` is given the pixels (size, size, 3) of the good ones, in order."""
    good, rows = 0, list[dict[str, Any]]()
    for entry in cli.progress(listed, total=len(listed), doing="pack"):
        row: dict[str, Any] = dict.fromkeys(SHARD_COLUMNS)
        # A table cannot hold a name that is not UTF-8: its odd bytes are written as \\xNN there.
        shown, label = (os.fsencode(text).decode("utf-8", "backslashreplace") for text in (entry.path, entry.label))
        row |= {"path": shown, "shard": shard, "class": label, "row": good, "status": "ok", "reason": ""}
        row |= {"given_split": entry.split, "given_group": entry.group}
        try:
            if shown != entry.path:
                raise ImageError("file name is not UTF-8; rename it")
            data = read_bytes(folder / entry.path, limits.max_bytes)
            row["sha256"] = hashlib.sha256(data).hexdigest()
            if entry.sha256 not in {None, row["sha256"]}:
                raise ImageError(f"sha256 {row['sha256']} is not the manifest's {entry.sha256}")
            header = read_header(data)
            row |= {"kind": f"{header.kind} {header.mode}", "width": header.width, "height": header.height}
            check(header, limits)
            picture, image = decode(decoder, data, header)
            row |= {"pixels": hashlib.sha256(image.data).hexdigest()[:16], "phash": perceptual_hash(picture)}
            keep(image)
            good += 1
        except ImageError as error:
            row |= {"status": "rejected", "row": -1, "reason": str(error)}
        rows.append(row)
    return pd.DataFrame(rows, columns=list(SHARD_COLUMNS)).astype(SHARD_COLUMNS)


def decode(decoder: Decoder, data: bytes, header: Header) -> tuple[Pixels, Pixels]:
    """A picture as its copies are told by, and as it is packed: uint8 RGB (h, w, 3) before any step, and after all.

    No step changes the first, and it is never smaller than the hash needs: what copies there are depends on the images.
    """
    stages = decoder.stages(data, header)
    picture, image = stages[0][1], decoder.finished(stages)
    if min(picture.shape[:2]) < min(LEAST_EDGE, header.width, header.height):  # a JPEG, scaled down for small shards
        picture = decode_bytes(data, header, LEAST_EDGE)
    return picture, image


def list_entries(folder: Path, manifest: Path | None, layout: Layout) -> list[Entry]:
    """The images of the manifest, or of the folder where there is none, in order of path."""
    return sorted(read_manifest(manifest), key=lambda entry: entry.path) if manifest else entries(folder, layout)


def write(folder: Path, shard: int, listed: Collection[Entry], spec: PackSpec, pixels: Path, table: Path) -> str:
    """Pack the images of one shard into its two files; returns how many there are, for people."""
    size = spec.decode.size
    with replacing(pixels) as temporary, temporary.open("wb") as file:
        # Image by image, so that a shard may be larger than memory: numpy leaves room in the header for the count.
        write_header(file, 0, size)
        rows = pack(folder, shard, listed, Decoder(spec.decode), spec.limits, keep=lambda image: file.write(image.data))
        good = int((rows["status"] == "ok").sum())
        file.seek(0)
        write_header(file, good, size)
    with replacing(table) as temporary:
        rows.to_parquet(temporary, index=False)
    return f"shard {shard}: {good} packed, {len(listed) - good} rejected"


def write_header(file: BinaryIO, images: int, size: int) -> None:
    """The head of a .npy file of uint8 (images, size, size, 3); as long for any number of images."""
    shape = {"descr": "|u1", "fortran_order": False, "shape": (images, size, size, 3)}
    np.lib.format.write_array_header_1_0(file, shape)


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--manifest", type=Path, nargs="?", help="CSV of path,label; may be left empty")
    parser.add_argument("--layout", choices=get_args(Layout), default="auto", help="of the folder")
    parser.add_argument("--shard", type=int, required=True)
    parser.add_argument("--pixels", type=Path, required=True)
    parser.add_argument("--table", type=Path, required=True)
    parser.add_argument("--spec", type=PackSpec.model_validate_json, required=True)
    args = parser.parse_args()

    listed = list_entries(args.folder, args.manifest, args.layout)
    mine = [entry for entry in listed if shard_of(entry.path, args.spec.shards) == args.shard]
    cli.log.info(write(args.folder, args.shard, mine, args.spec, args.pixels, args.table))


if __name__ == "__main__":
    cli.run(main)
