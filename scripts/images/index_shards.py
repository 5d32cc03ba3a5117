"""Join the tables of all shards: what images the study has, in which group each is, and which files were rejected.

Inputs: the shards' parquet files; optionally a CSV of `path,group`.
Outputs: `index.parquet`, one row a raw file in order of path (the columns of scripts/images/shards.py and `group`);
`rejects.csv`, `path,reason` of each file that could not be packed, or has the bytes of a file of another class.

Images of one group stay on one side of the split. A group is what equal bytes, near duplicates and the known groups (of
the CSV, or of the manifest for an image that the CSV does not name) link: scripts/images/groups.py.

By hand:
    python -m scripts.images.index_shards --tables shards/*.parquet --index index.parquet --rejects rejects.csv \
        --spec '{"near_duplicates": 32}'
"""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from scripts import cli
from scripts.atomic import replacing
from scripts.images.groups import group_images
from scripts.images.known_groups import check_groups, read_groups
from scripts.spec import Spec


class IndexSpec(Spec):
    """What indexing takes from the config."""

    near_duplicates: int | None  # bits in which the hashes of two copies may differ


def reject_contradictions(index: pd.DataFrame) -> pd.DataFrame:
    """`index` with each image rejected whose bytes stand in another class too: nobody knows which of them is right."""
    good = index[index["status"] == "ok"]
    labels = good.groupby("sha256")["class"].nunique()
    reasons: dict[str, str] = {}
    for _, same in good[good["sha256"].isin(labels.index[labels > 1])].groupby("sha256"):
        for path, label in zip(same["path"], same["class"], strict=True):
            other = same[same["class"] != label].iloc[0]
            reasons[path] = f"of class {label!r}, with the bytes of {other['path']}, of class {other['class']!r}"
    torn = index["path"].isin(reasons)
    return index.assign(
        status=index["status"].mask(torn, "rejected"),
        row=index["row"].mask(torn, -1),
        reason=index["reason"].mask(torn, index["path"].map(reasons)),
    )


def assign_groups(index: pd.DataFrame, groups: Mapping[str, str] | None, bits: int | None) -> list[str]:
    """The group of each row of `index`.

    Raises:
        ImageError: the CSV names a path that is of no image.
    """
    stated = index.dropna(subset=["given_group"])
    known = dict(zip(stated["path"], stated["given_group"], strict=True))
    if groups is not None:
        check_groups(groups, index["path"].tolist())
        known |= groups
    return group_images(index["path"].tolist(), index["sha256"].tolist(), index["phash"].tolist(), known, bits)


def index_images(tables: pd.DataFrame, groups: Mapping[str, str] | None, bits: int | None) -> pd.DataFrame:
    """The index of the rows of all shards.

    Raises:
        ImageError: as `assign_groups`.
    """
    index = reject_contradictions(tables.sort_values("path", ignore_index=True))
    return index.assign(group=assign_groups(index, groups, bits))


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--tables", type=Path, nargs="+", required=True)
    parser.add_argument("--groups", type=Path, nargs="?", help="CSV of path,group; may be left empty")
    parser.add_argument("--index", type=Path, required=True)
    parser.add_argument("--rejects", type=Path, required=True)
    parser.add_argument("--spec", type=IndexSpec.model_validate_json, required=True)
    args = parser.parse_args()

    tables = pd.concat([pd.read_parquet(table) for table in args.tables])
    index = index_images(tables, read_groups(args.groups) if args.groups else None, args.spec.near_duplicates)
    rejects = index.loc[index["status"] == "rejected", ["path", "reason"]]
    with replacing(args.rejects) as temporary:
        rejects.to_csv(temporary, index=False)
    with replacing(args.index) as temporary:
        index.to_parquet(temporary, index=False)
    cli.log.info("%d files, %d rejected, %d groups", len(index), len(rejects), index["group"].nunique())


if __name__ == "__main__":
    cli.run(main)
