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
from collections.abc import Collection
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
    for name in sorted(set(images["class"])):
        groups = owner.index[owner == name]
        if len(groups) and len(groups) < len(shares):
            raise ImageError(_too_few(name, len(groups), shares))
        ordered = sorted(groups, key=lambda group: hashlib.sha256(f"{seed}:{group}".encode()).digest())
        split |= dict(zip(ordered, cut([int(sizes[group]) for group in ordered], shares), strict=True))
    found = images["group"].map(split)
    # A given valid and test are as they were given: what shares a group with them stays out of all three.
    found = found.mask(images["group"].isin(fixed) & (found != "train") & (given != found), UNUSED)
    present = set(zip(images["class"], found, strict=True))
    for name, side in itertools.product(sorted(set(images["class"])), SPLITS):
        if (name, side) not in present:
            raise ImageError(_why_absent(name, side, images[images["class"] == name], free, shares))
    return found


def _too_few(name: str, groups: int, shares: Collection[str]) -> str:
    return (
        f"class {name!r} has {groups} group{'s' * (groups > 1)} of images, fewer than the splits {', '.join(shares)}; "
        "copies of one image, and images of one known group, count once"
    )


def _why_absent(name: str, side: str, mine: pd.DataFrame, free: pd.DataFrame, shares: Collection[str]) -> str:
    """Why class `name`, whose images are `mine`, has none in `side`; `free` images were cut by `shares`."""
    head, given, mine_free = f"class {name!r} has no image in {side}: ", mine["given_split"], free["class"] == name
    if side not in shares:
        told = int((given == side).sum())
        return head + (
            f"the {told} that are given to it share groups with images of a split that goes before"
            if told
            else "none is given to it; give one, or give no image to it"
        )
    if not mine_free.any():
        if (given == "train").all():
            return head + (
                f"all {len(mine)} are given to train, and {side} is cut from images that are given to no split; give "
                "each image a split, or none"
            )
        return head + f"all {len(mine)} share groups with images that are given to a split"
    groups = set(free.loc[mine_free, "group"])
    if len(groups) < len(shares):
        return _too_few(name, len(groups), shares)
    others = sorted(set(free.loc[free["group"].isin(groups) & ~mine_free, "class"]))
    return head + (
        f"its {len(groups)} groups hold images of {', '.join(map(repr, others[:3]))} too, by which they are placed; "
        "give another seed, or groups that span fewer classes"
    )


def check_rejects(index: pd.DataFrame, rejects: Path, limit: float) -> None:
    """Raises ImageError where more than the share `limit` of the files was rejected, or all of a class were."""
    bad = index[index["status"] == "rejected"]
    first = "; ".join(f"{row.path}: {row.reason}" for row in bad.head(3).itertuples())
    if len(bad) > limit * len(index):
        raise ImageError(
            f"{len(bad)} of {len(index)} files cannot be used, more than images.max_reject_fraction {limit:g} allows; "
            f"{rejects} names each ({first})"
        )
    if lost := set(index["class"]) - set(index.loc[index["status"] == "ok", "class"]):
        name = min(lost)
        one = bad[bad["class"] == name].iloc[0]
        raise ImageError(
            f"class {name!r} has no usable image; {rejects} says why of each ({one['path']}: {one['reason']})"
        )


def split_images(index: pd.DataFrame, rejects: Path, spec: SplitSpec) -> pd.DataFrame:
    """The usable images of `index` in order of path, with their split.

    Raises:
        ImageError: too few of them can be used, or they cannot be split.
    """
    check_rejects(index, rejects, spec.max_reject_fraction)
    images = index[index["status"] == "ok"].sort_values("path", ignore_index=True)
    check_classes(Counter(images["class"]))
    return images.assign(split=assign_splits(images, spec.fractions, spec.seed))


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--index", type=Path, required=True)
    parser.add_argument("--rejects", type=Path, required=True, help="named in the error where too many were rejected")
    parser.add_argument("--split", type=Path, required=True)
    parser.add_argument("--leaks", type=Path, required=True)
    parser.add_argument("--spec", type=SplitSpec.model_validate_json, required=True)
    args = parser.parse_args()

    images = split_images(pd.read_parquet(args.index), args.rejects, args.spec)
    used = images[images["split"] != UNUSED]
    leaks = leaked_by_random_split(*(used[name].tolist() for name in ("class", "group", "split")))
    with replacing(args.split) as temporary:
        images[list(SPLIT_COLUMNS)].to_parquet(temporary, index=False)
    write_text(args.leaks, json.dumps(asdict(leaks), indent=1) + "\n")
    counts = Counter(images["split"])
    cli.log.info("train %d, valid %d, test %d, unused %d", *(counts[name] for name in (*SPLITS, UNUSED)))


if __name__ == "__main__":
    cli.run(main)
