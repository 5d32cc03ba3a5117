"""What the tests of the loading points start from."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from helping import LIMITS, pack

from scripts.images.decode import Decoder, DecodeSpec
from scripts.images.shards import Split, read_split
from scripts.images.source import entries
from scripts.loading.digest import digest

DECODE = DecodeSpec(size=16, steps=[{"resize": {}}])


class Packed(NamedTuple):
    """Pictures, all of them training images, packed into one shard."""

    split: Path
    images: Split
    reference: dict[str, str]


def packed_shards(pictures: Path, folder: Path) -> Packed:
    """Pack `pictures` in `folder`."""
    pixels, table = pack(pictures, 0, entries(pictures), Decoder(DECODE), LIMITS)
    np.save(folder / "0000.npy", pixels)
    table.assign(split="train", group="g").to_parquet(folder / "split.parquet")
    images = read_split(folder / "split.parquet", "train")
    reference = {"digest": digest(images.paths, pixels, np.ones(len(images), np.int64))}
    return Packed(folder / "split.parquet", images, reference)
