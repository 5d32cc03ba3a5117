"""Join the tables of all shards: what images the study has, in which group each is, and which files were rejected.

Inputs: the shards' parquet files; optionally a CSV of `path,group`.
Outputs: `index.parquet`, one row a raw file in order of path (the columns of scripts/images/shards.py and `group`);
`rejects.csv`, `path,reason` of each file that could not be packed.

Images of one group stay on one side of the split. A group is what equal bytes, near duplicates and the known groups (of
the CSV, or of the manifest for an image that the CSV does not name) link: scripts/images/groups.py.

By hand:
    python -m scripts.images.index_shards --tables shards/*.parquet --index index.parquet --rejects rejects.csv \
        --spec '{"near_duplicates": 32}'
"""

import posixpath
from pathlib import Path

import pandas as pd

from scripts import cli
from scripts.atomic import replacing
from scripts.errors import ImageError
from scripts.images.groups import group_images
from scripts.spec import Spec


class IndexSpec(Spec):
    """What indexing takes from the config."""

    near_duplicates: int | None  # bits in which the hashes of two copies may differ


def read_groups(path: Path) -> pd.Series:
    """The group of each relative path that the CSV names.

    Raises:
        ImageError: the file is missing, lacks a column, or gives one path twice.
    """
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)  # a group may be called NA
    except (OSError, ValueError) as error:
        raise ImageError(f"images.groups: {path} cannot be read: {error}") from None
    if missing := {"path", "group"} - set(table.columns):
        raise ImageError(f"images.groups: {path} lacks the column {', '.join(sorted(missing))}")
    table = table[table["group"] != ""]
    table["path"] = table["path"].map(posixpath.normpath)
    if table.empty:
        raise ImageError(f"images.groups: {path} names no groups")
    if (twice := table["path"].duplicated()).any():
        raise ImageError(f"images.groups: {path} names {table['path'][twice].iloc[0]!r} twice")
    return table.set_index("path")["group"]


def assign_groups(index: pd.DataFrame, groups: pd.Series | None, bits: int | None) -> list[str]:
    """The group of each row of `index`.

    Raises:
        ImageError: the CSV names none of the images.
    """
    stated = index.dropna(subset=["given_group"])
    known = dict(zip(stated["path"], stated["given_group"], strict=True))
    if groups is not None:
        if not index["path"].isin(groups.index).any():
            raise ImageError(f"images.groups names none of the images; its paths look like {groups.index[0]!r}")
        unknown = sorted(set(groups.index) - set(index["path"]))
        if unknown:
            cli.log.info("images.groups: %d paths are of no image of the study, as %r", len(unknown), unknown[0])
        known |= dict(zip(groups.index, groups, strict=True))
    return group_images(index["path"].tolist(), index["sha256"].tolist(), index["phash"].tolist(), known, bits)


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--tables", type=Path, nargs="+", required=True)
    parser.add_argument("--groups", type=Path, nargs="?", help="CSV of path,group; may be left empty")
    parser.add_argument("--index", type=Path, required=True)
    parser.add_argument("--rejects", type=Path, required=True)
    parser.add_argument("--spec", type=IndexSpec.model_validate_json, required=True)
    args = parser.parse_args()

    index = pd.concat([pd.read_parquet(table) for table in args.tables]).sort_values("path", ignore_index=True)
    groups = read_groups(args.groups) if args.groups else None
    index["group"] = assign_groups(index, groups, args.spec.near_duplicates)
    rejects = index.loc[index["status"] == "rejected", ["path", "reason"]]
    with replacing(args.rejects) as temporary:
        rejects.to_csv(temporary, index=False)
    with replacing(args.index) as temporary:
        index.to_parquet(temporary, index=False)
    cli.log.info("%d files, %d rejected, %d groups", len(index), len(rejects), index["group"].nunique())


if __name__ == "__main__":
    cli.run(main)
