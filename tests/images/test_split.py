import numpy as np
import pandas as pd
import pytest

from scripts.errors import ImageError
from scripts.images.cut import cut, training_images
from scripts.images.split import assign_splits

FRACTIONS = {"train": 0.8, "valid": 0.1, "test": 0.1}


def table(classes: dict[str, int], images_a_group: int = 1) -> pd.DataFrame:
    rows = [
        {"path": f"{name}/{i:04d}", "class": name, "group": f"{name}{i // images_a_group}"}
        for name, count in classes.items()
        for i in range(count)
    ]
    return pd.DataFrame(rows)


def test_each_class_is_cut_at_the_fractions() -> None:
    images = table({"a": 100, "b": 50})
    split = assign_splits(images, FRACTIONS, seed=0)
    for name, count in (("a", 100), ("b", 50)):
        shares = split[images["class"] == name].value_counts() / count
        assert shares.to_dict() == {"train": 0.8, "valid": 0.1, "test": 0.1}


@pytest.mark.parametrize("images_a_group", [1, 2, 7, 20])
def test_a_group_never_straddles_the_split(images_a_group: int) -> None:
    images = table({"a": 100, "b": 60}, images_a_group)
    split = assign_splits(images, FRACTIONS, seed=1)
    assert (split.groupby(images["group"]).nunique() == 1).all()
    assert (split.groupby(images["class"]).nunique() == 3).all()


def test_a_group_of_two_classes_stays_on_one_side() -> None:
    images = table({"a": 10, "b": 10})
    images.loc[[3, 14], "group"] = "both"
    split = assign_splits(images, FRACTIONS, seed=0)
    assert split[3] == split[14]


def test_another_seed_is_another_split_and_the_same_seed_the_same() -> None:
    images = table({"a": 100})
    first, again, other = (assign_splits(images, FRACTIONS, seed) for seed in (0, 0, 1))
    assert first.equals(again)
    assert not first.equals(other)


def test_the_order_of_rows_does_not_matter() -> None:
    images = table({"a": 40, "b": 30}, images_a_group=3)
    shuffled = images.sample(frac=1, random_state=5)
    assert assign_splits(shuffled, FRACTIONS, 0).sort_index().equals(assign_splits(images, FRACTIONS, 0))


def test_adding_an_image_moves_at_most_one_at_each_cut() -> None:
    images = table({"a": 200})
    before = assign_splits(images, FRACTIONS, seed=0)
    moved = []
    for i in range(20):
        more = pd.concat([images, pd.DataFrame([{"path": f"a/new{i}", "class": "a", "group": f"new{i}"}])])
        after = assign_splits(more.reset_index(drop=True), FRACTIONS, seed=0)[: len(images)]
        moved.append(int((after != before).sum()))
    assert max(moved) <= 2


def test_three_images_give_one_to_each_split() -> None:
    assert sorted(cut([1, 1, 1], FRACTIONS)) == ["test", "train", "valid"]


@pytest.mark.parametrize("largest", ["train", "valid", "test"])
@pytest.mark.parametrize("groups", [3, 4, 10])
def test_no_split_takes_all_groups_however_large_its_fraction(largest: str, groups: int) -> None:
    fractions = dict.fromkeys(FRACTIONS, 0.01) | {largest: 0.98}
    assert set(cut([1] * groups, fractions)) == {"train", "valid", "test"}


@pytest.mark.parametrize("seed", range(20))
def test_any_sizes_of_groups_reach_all_splits_near_their_fractions(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 6, rng.integers(3, 60)).tolist()
    found = cut(sizes, FRACTIONS)
    assert set(found) == {"train", "valid", "test"}
    share = sum(size for size, name in zip(sizes, found, strict=True) if name == "test") / sum(sizes)
    assert share <= max(FRACTIONS["test"] + max(sizes) / sum(sizes), sizes[0] / sum(sizes))


def test_the_size_of_the_training_split_is_known_before_any_image_is_read() -> None:
    counts = {"a": 100, "b": 53}
    split = assign_splits(table(counts), FRACTIONS, seed=3)
    assert training_images(counts, FRACTIONS) == (split == "train").sum()


def test_too_few_groups_are_refused_by_class() -> None:
    with pytest.raises(ImageError, match="class 'b' has 2 groups of images"):
        assign_splits(table({"a": 10, "b": 4}, images_a_group=2), FRACTIONS, seed=0)


def test_a_class_whose_groups_all_fall_on_other_sides_is_refused() -> None:
    patients = [{"path": f"normal/{i}", "class": "normal", "group": f"patient{i}"} for i in range(10)]
    patients += [{"path": f"tumor/{i}", "class": "tumor", "group": f"patient{i}"} for i in range(2)]
    with pytest.raises(ImageError, match="class 'tumor' has no image in"):
        assign_splits(pd.DataFrame(patients), FRACTIONS, seed=0)
