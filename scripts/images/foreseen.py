"""Which images will train, though some raw files have changed: worked out before the first job.

Only the files that are new or another are decoded, as a packing job would; index and split are made of the shards'
tables, as their jobs would make them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from scripts.errors import ImageError
from scripts.images.decode import Decoder
from scripts.images.index_shards import index_images
from scripts.images.pack_shard import PackSpec, pack
from scripts.images.source import Entry, shard_of
from scripts.images.split import SplitSpec, split_images
from scripts.images.training_images import Row, text_of

FILES = 200  # that are decoded, at most: more are packed sooner than worked out
COMPARED = 30_000  # images whose hashes are compared, at most: it takes some seconds


def foresee(
    folder: Path,
    tables: Sequence[Path],
    listed: Iterable[Entry],
    differing: Collection[str],
    groups: Mapping[str, str] | None,
    packing: str,
    bits: int | None,
    splitting: str,
) -> str | None:
    """The text that will stand for the training images; None where it would take too long, or a job will fail.

    Args:
        folder: of the raw images.
        tables: the shards' tables, as they are.
        listed: the files of the study, as they will be packed.
        differing: paths of files with another content than was packed.
        groups: that the user names.
        packing: the spec of packing.
        splitting: the spec of splitting.
    """
    pack_spec, split_spec = PackSpec.model_validate_json(packing), SplitSpec.model_validate_json(splitting)
    packed = pd.concat([pd.read_parquet(table) for table in tables])
    keys = ("path", "class", "given_split", "given_group")
    there = set(zip(*(packed[key].astype(object).where(packed[key].notna(), None) for key in keys), strict=True))
    fresh = [entry for entry in listed if entry.path in differing or entry[:4] not in there]
    if len(fresh) > FILES or (bits is not None and len(packed) > COMPARED):
        return None
    decoder = Decoder(pack_spec.decode)
    shards: dict[int, list[Entry]] = {}
    for entry in fresh:
        shards.setdefault(shard_of(entry.path, pack_spec.shards), []).append(entry)
    new = [pack(folder, shard, some, decoder, pack_spec.limits, keep=lambda _: None) for shard, some in shards.items()]
    stay = {entry.path for entry in listed} - {entry.path for entry in fresh}
    rows = pd.concat([packed[packed["path"].isin(stay)], *new]).sort_values("path", ignore_index=True)
    good = rows[rows["status"] == "ok"]
    rows["row"] = good.groupby("shard").cumcount().reindex(rows.index, fill_value=-1)
    try:
        images = split_images(index_images(rows, groups, bits), Path("rejects.csv"), split_spec)
    except ImageError:
        return None
    train = images[images["split"] == "train"]
    return text_of(Row(*values) for values in train[list(Row._fields)].itertuples(index=False))
