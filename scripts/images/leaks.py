"""How many held-out images have a near twin among the training images: in the split as made, and in one by chance.

A model can remember such an image, so its accuracy there says nothing of new pictures.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Leaks:
    """Leaked images: of valid or test, with an image of their group in train."""

    held_out: int
    """Images of valid and test."""
    actual: int
    """Leaked images of the split as made."""
    random_mean: float
    """Mean over random splits, which place each image by itself and give each class as many images a split."""
    random_min: int
    random_max: int


def leaked_by_random_split(
    classes: Sequence[str], groups: Sequence[str], splits: Sequence[str], seeds: Iterable[int] = range(20)
) -> Leaks:
    """What a random split stratified by class would have leaked, beside what the given one does.

    Args:
        classes: class of each image.
        groups: group of each image.
        splits: train, valid or test of each image; its counts in each class are those of the random splits.
        seeds: one random split each; the same seeds and order of images give the same result.

    Raises:
        ValueError: no seeds, or sequences of unequal length.
    """
    if not len(classes) == len(groups) == len(splits):
        raise ValueError(f"{len(classes)} classes, {len(groups)} groups and {len(splits)} splits; expected as many")
    label, group, train = _codes(classes), _codes(groups), np.asarray(splits) == "train"
    by_class = np.argsort(label, kind="stable")
    counts = []
    for seed in seeds:
        shuffled = np.lexsort((np.random.default_rng(seed).random(len(label)), label))
        by_chance = np.empty_like(train)
        by_chance[shuffled] = train[by_class]
        counts.append(_leaked(group, by_chance))
    if not counts:
        raise ValueError("no seeds; expected one for each random split")
    return Leaks(
        held_out=int(np.count_nonzero(~train)),
        actual=_leaked(group, train),
        random_mean=float(np.mean(counts)),
        random_min=min(counts),
        random_max=max(counts),
    )


def _codes(values: Sequence[str]) -> np.ndarray:
    """A number, int64 (n,), for each value, equal where values are."""
    return np.unique(np.asarray(values), return_inverse=True)[1]


def _leaked(group: np.ndarray, train: np.ndarray) -> int:
    """Images not in `train`, bool (n,), that share their group, int64 (n,), with one that is."""
    trains = np.bincount(group, weights=train) > 0
    return int(np.count_nonzero(trains[group] & ~train))
