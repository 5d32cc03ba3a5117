"""Cut the images into train, valid and test: grouped, stratified, deterministic.

Inputs: `index.parquet`.
Outputs: `split.parquet`, one row a good image in order of path: path, shard, row, class, group, sha256, split.

Images of one group stay on one side. Inside a class, groups are ordered by a seeded hash and cut at the configured
fractions, so adding an image moves at most the groups that stand at a cut. A group that spans classes is ordered with
the class of its first image and takes its others along.

By hand:
    python -m scripts.images.split --index index.parquet --rejects rejects.csv --split split.parquet --spec \
        '{"fractions": {"train": 0.8, "valid": 0.1, "test": 0.1}, "max_reject_fraction": 0.05, "seed": 0}'
"""

import hashlib
import itertools
from pathlib import Path

import pandas as pd

from scripts import cli
from scripts.atomic import replacing
from scripts.errors import ImageError
from scripts.images.cut import SPLITS, cut
from scripts.images.source import check_classes
from scripts.spec import Spec


class SplitSpec(Spec):
    """What splitting takes from the config."""

    fractions: dict[str, float]  # train, valid, test; they add up to 1
    max_reject_fraction: float
    seed: int


def assign_splits(images: pd.DataFrame, fractions: dict[str, float], seed: int) -> pd.Series:
    """The split of each row of `images` (columns path, class, group), with at least one group of a class in each.

    Raises:
        ImageError: a class with fewer groups than splits, or without an image in one of them.
    """
    owner = images.sort_values("path").groupby("group")["class"].first()
    sizes = images.groupby("group").size()
    split: dict[str, str] = {}
    for name, groups in owner.groupby(owner):
        if len(groups) < len(SPLITS):
            raise ImageError(
                f"class {name!r} has {len(groups)} groups of images, fewer than the splits train, valid and test; "
                "images with equal bytes, and images of one group of images.groups, count once"
            )
        ordered = sorted(groups.index, key=lambda group: hashlib.sha256(f"{seed}:{group}".encode()).digest())
        split |= dict(zip(ordered, cut([int(sizes[group]) for group in ordered], fractions), strict=True))
    found = images["group"].map(split)
    present = set(zip(images["class"], found, strict=True))
    for name, side in itertools.product(sorted(set(images["class"])), SPLITS):
        if (name, side) not in present:
            raise ImageError(
                f"class {name!r} has no image in {side}: its images share groups with those of other classes; "
                "give another seed, or groups that span fewer classes"
            )
    return found


def check_rejects(index: pd.DataFrame, rejects: Path, limit: float) -> None:
    """Raises ImageError where more than the share `limit` of the files was rejected, or all of a class were."""
    bad = index[index["status"] == "rejected"]
    if len(bad) > limit * len(index):
        first = "; ".join(f"{row.path}: {row.reason}" for row in bad.head(3).itertuples())
        raise ImageError(
            f"{len(bad)} of {len(index)} files are no readable images, more than images.max_reject_fraction "
            f"{limit:g} allows; {rejects} names each ({first})"
        )
    if lost := set(index["class"]) - set(index.loc[index["status"] == "ok", "class"]):
        raise ImageError(f"class {min(lost)!r} has no readable image; {rejects} says why")


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--index", type=Path, required=True)
    parser.add_argument("--rejects", type=Path, required=True, help="named in the error where too many were rejected")
    parser.add_argument("--split", type=Path, required=True)
    parser.add_argument("--spec", type=SplitSpec.model_validate_json, required=True)
    args = parser.parse_args()

    index = pd.read_parquet(args.index)
    check_rejects(index, args.rejects, args.spec.max_reject_fraction)
    images = index[index["status"] == "ok"].sort_values("path", ignore_index=True)
    check_classes(images["path"].tolist())
    images["split"] = assign_splits(images, args.spec.fractions, args.spec.seed)
    with replacing(args.split) as temporary:
        images[["path", "shard", "row", "class", "group", "sha256", "split"]].to_parquet(temporary, index=False)
    counts = images["split"].value_counts()
    cli.log.info("train %d, valid %d, test %d", *(counts[name] for name in SPLITS))


if __name__ == "__main__":
    cli.run(main)
