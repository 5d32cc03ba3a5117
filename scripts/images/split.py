"""Cut the images into train, valid and test: grouped, stratified, deterministic.

Inputs: `index.parquet`.
Outputs: `split.parquet`, one row a good image in order of path (columns: SPLIT_COLUMNS); `leaks.json`: how many images
of valid and test have a copy in train, here and in a split that ignores groups (scripts/images/leaks.py).

Images of one group stay on one side. Inside a class, groups are ordered by a seeded hash and cut at the configured
fractions, so adding an image moves at most the groups that stand at a cut. A group that spans classes is ordered with
the class of its first image and takes its others along.

Where the source gives a split it is kept, but for an image whose group also stands in valid or test: it is `unused`, so
that a published test set stays as it is and no copy of it trains. A split that no image is given to is cut from the
images that are given to none, or from train where there are none of these.

By hand:
    python -m scripts.images.split --index index.parquet --rejects rejects.csv --split split.parquet \
        --leaks leaks.json --spec \
        '{"fractions": {"train": 0.8, "valid": 0.1, "test": 0.1}, "max_reject_fraction": 0.05, "seed": 0}'
"""

import hashlib
import itertools
import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from scripts import cli
from scripts.atomic import replacing, write_text
from scripts.errors import ImageError
from scripts.images.cut import SPLITS, cut, open_fractions
from scripts.images.leaks import leaked_by_random_split
from scripts.images.shards import SPLIT_COLUMNS
from scripts.images.source import check_classes
from scripts.spec import Spec

UNUSED = "unused"


class SplitSpec(Spec):
    """What splitting takes from the config."""

    fractions: dict[str, float]  # train, valid, test; they add up to 1
    max_reject_fraction: float
    seed: int


def assign_splits(images: pd.DataFrame, fractions: dict[str, float], seed: int) -> pd.Series:
    """The split of each row of `images` (columns path, class, group, given_split), with every class in each.

    Raises:
        ImageError: a class with fewer groups than splits to fill, or without an image in one of them.
    """
    given = images["given_split"]
    sides = ("train", "valid", "test") if given.isna().any() else ("valid", "test")
    fixed = {group: side for side in sides for group in images.loc[given == side, "group"]}
    free = images[~images["group"].isin(fixed)]
    shares = open_fractions(fractions, set(given.dropna()))
    owner = free.sort_values("path").groupby("group")["class"].first()
    sizes = free.groupby("group").size()
    split: dict[str, str] = dict(fixed)
    for name, groups in owner.groupby(owner):
        if len(groups) < len(shares):
            raise ImageError(
                f"class {name!r} has {len(groups)} groups of images, fewer than the splits {', '.join(shares)}; "
                "copies of one image, and images of one known group, count once"
            )
        ordered = sorted(groups.index, key=lambda group: hashlib.sha256(f"{seed}:{group}".encode()).digest())
        split |= dict(zip(ordered, cut([int(sizes[group]) for group in ordered], shares), strict=True))
    found = images["group"].map(split)
    # A given valid and test are as they were given: what shares a group with them stays out of all three.
    found = found.mask(images["group"].isin(fixed) & (found != "train") & (given != found), UNUSED)
    present = set(zip(images["class"], found, strict=True))
    for name, side in itertools.product(sorted(set(images["class"])), SPLITS):
        if (name, side) not in present:
            raise ImageError(
                f"class {name!r} has no image in {side}: its images share groups with those of other classes or "
                "splits; give another seed, or groups that span fewer of them"
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
    parser.add_argument("--leaks", type=Path, required=True)
    parser.add_argument("--spec", type=SplitSpec.model_validate_json, required=True)
    args = parser.parse_args()

    index = pd.read_parquet(args.index)
    check_rejects(index, args.rejects, args.spec.max_reject_fraction)
    images = index[index["status"] == "ok"].sort_values("path", ignore_index=True)
    check_classes(Counter(images["class"]))
    images["split"] = assign_splits(images, args.spec.fractions, args.spec.seed)
    used = images[images["split"] != UNUSED]
    leaks = leaked_by_random_split(*(used[name].tolist() for name in ("class", "group", "split")))
    with replacing(args.split) as temporary:
        images[list(SPLIT_COLUMNS)].to_parquet(temporary, index=False)
    write_text(args.leaks, json.dumps(asdict(leaks), indent=1) + "\n")
    counts = Counter(images["split"])
    cli.log.info("train %d, valid %d, test %d, unused %d", *(counts[name] for name in (*SPLITS, UNUSED)))


if __name__ == "__main__":
    cli.run(main)
