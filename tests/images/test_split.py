import hypothesis
import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest

from scripts.errors import ImageError
from scripts.images.cut import cut, training_images
from scripts.images.leaks import leaked_by_random_split
from scripts.images.manifest import Summary
from scripts.images.source import Entry
from scripts.images.split import assign_splits

FRACTIONS = {"train": 0.8, "valid": 0.1, "test": 0.1}


def table(classes: dict[str, int], images_a_group: int = 1) -> pd.DataFrame:
    rows = [
        {"path": f"{name}/{i:04d}", "class": name, "group": f"{name}{i // images_a_group}", "given_split": None}
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
        new = {"path": f"a/new{i}", "class": "a", "group": f"new{i}", "given_split": None}
        more = pd.concat([images, pd.DataFrame([new])])
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
    assert training_images(counts, FRACTIONS, set()) == (split == "train").sum()


def test_too_few_groups_are_refused_by_class() -> None:
    with pytest.raises(ImageError, match="class 'b' has 2 groups of images"):
        assign_splits(table({"a": 10, "b": 4}, images_a_group=2), FRACTIONS, seed=0)


def given(images: pd.DataFrame, **sides: str) -> pd.DataFrame:
    """`images` with a given split for each path that starts with a name, as `a0=\"test\"` for a/000*."""
    found = images.copy()
    for name, side in sides.items():
        found.loc[found["path"].str.startswith(f"{name[0]}/{name[1:]}"), "given_split"] = side
    return found


def test_a_class_that_lacks_a_split_is_told_the_true_cause() -> None:
    def refused(images: pd.DataFrame) -> str:
        with pytest.raises(ImageError) as error:
            assign_splits(images, FRACTIONS, seed=0)
        return str(error.value)

    images = table({"normal": 10, "tumor": 10}).assign(given_split=None)
    tumor = images["class"] == "tumor"
    two_patients = images.assign(group=[*range(10), *([0, 1] * 5)]).astype({"group": str})
    assert refused(two_patients).startswith("class 'tumor' has 2 groups of images, fewer than the splits train, valid")
    copies = images.assign(group=images["group"].mask(tumor, "one picture"))
    assert refused(copies).startswith("class 'tumor' has 1 group of images")
    some = images.assign(given_split=images["given_split"].mask(tumor, "train"))
    assert refused(some).startswith("class 'tumor' has no image in valid: all 10 are given to train, and valid is cut")
    beside = images.assign(given_split=["test", *["train"] * 10, *["test"] * 9], group="one patient")
    assert refused(beside).endswith("no image in train: all 10 share groups with images that are given to a split")
    taken = images.assign(given_split=["valid", "test", *["train"] * 8, "test", "valid", *["train"] * 8])
    taken = taken.assign(group=taken["group"].mask(taken["path"].isin(["normal/0001", "tumor/0001"]), "both"))
    assert refused(taken).startswith("class 'tumor' has no image in valid: the 1 that are given to it share groups")


def test_another_seed_is_advised_where_it_may_help() -> None:
    rows = [{"path": f"normal/{i}", "class": "normal", "group": f"patient{i}"} for i in range(40)]
    rows += [{"path": f"tumor/{i}", "class": "tumor", "group": f"patient{i}"} for i in range(3)]
    with pytest.raises(ImageError, match=r"its 3 groups hold images of 'normal' too, .*; give another seed"):
        assign_splits(pd.DataFrame(rows).assign(given_split=None), FRACTIONS, seed=0)


def test_a_given_split_is_kept() -> None:
    images = given(table({"a": 30, "b": 30}), a000="test", b000="test", a001="valid", b001="valid", a002="train")
    split = assign_splits(images, FRACTIONS, seed=0)
    known = images["given_split"].notna()
    assert (split[known] == images["given_split"][known]).all()
    assert set(split[~known]) == {"train"}


def test_a_split_that_is_not_given_is_cut_from_train() -> None:
    images = table({"a": 100, "b": 50})
    images["given_split"] = "train"
    images = given(images, a000="test", a001="test", b004="test")
    split = assign_splits(images, FRACTIONS, seed=0)
    assert (split[images["given_split"] == "test"] == "test").all()
    valid = split[images["given_split"] == "train"] == "valid"
    assert valid.groupby(images["class"]).sum().to_dict() == {"a": 9, "b": 4}


def test_a_copy_of_a_given_test_image_does_not_train() -> None:
    images = given(table({"a": 30, "b": 30}), a000="test", b000="test", a001="valid", b001="valid")
    images.loc[images["given_split"].isna(), "given_split"] = "train"
    images.loc[images["path"].isin(["a/0003", "a/0025", "a/0017"]), "group"] = "copies"
    split = assign_splits(images, FRACTIONS, seed=0).set_axis(images["path"])
    assert split[["a/0003", "a/0017", "a/0025"]].tolist() == ["test", "unused", "unused"]
    assert split.value_counts()["unused"] == 2


@pytest.mark.parametrize("blank", [True, False])
def test_the_size_of_the_training_split_is_known_where_splits_are_given(blank: bool) -> None:
    images = table({"a": 100, "b": 50})
    images = given(images if blank else images.assign(given_split="train"), a000="test", b004="test", a001="train")
    split = assign_splits(images, FRACTIONS, seed=0)
    sides = images["given_split"].astype(object).where(images["given_split"].notna(), None)
    listed = [Entry(*row) for row in zip(images["path"], images["class"], sides, strict=True)]
    assert Summary.of(listed).training_images(FRACTIONS) == (split == "train").sum()


def test_where_some_images_are_given_to_train_the_others_are_cut() -> None:
    images = given(table({"a": 60, "b": 60}), a000="train", b000="train")
    split = assign_splits(images, FRACTIONS, seed=0)
    assert set(split[images["given_split"] == "train"]) == {"train"}
    assert set(split[images["given_split"].isna()]) == {"train", "valid", "test"}


def test_a_copy_of_a_given_test_image_that_is_given_to_no_split_does_not_join_it() -> None:
    images = given(table({"a": 30, "b": 30}), a000="test", b000="test")
    images.loc[images["path"].isin(["a/0003", "a/0025"]), "group"] = "copies"
    split = assign_splits(images, FRACTIONS, seed=0).set_axis(images["path"])
    assert split[["a/0003", "a/0025"]].tolist() == ["test", "unused"]
    assert (split == "test").sum() == 20


def test_a_group_too_large_for_a_split_trains() -> None:
    assert cut([90, 1, 1, 1, 1], FRACTIONS)[0] == "train"
    found = cut([1, 90, 1, 1, 1, 1, 1], FRACTIONS)
    assert found[1] == "train"
    assert {"test", "valid"} <= set(found)


SIDES = st.sampled_from([None, None, "train", "valid", "test"])
ROWS = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 25), SIDES), min_size=6, max_size=60)


@hypothesis.given(ROWS, st.integers(0, 1000))
@hypothesis.settings(deadline=None, max_examples=200)
def test_whatever_the_groups_and_the_given_splits_no_image_trains_beside_its_copy(
    rows: list[tuple[str, int, str | None]], seed: int
) -> None:
    images = pd.DataFrame(rows, columns=["class", "group", "given_split"])
    images = images.assign(path=[f"{name}/{i}" for i, name in enumerate(images["class"])])
    images["group"] = images["group"].astype(str)
    try:
        split = assign_splits(images, FRACTIONS, seed)
    except ImageError:
        return
    used = images.assign(split=split)[split != "unused"]
    leaks = leaked_by_random_split(*(used[name].tolist() for name in ("class", "group", "split")), seeds=[0])
    assert leaks.actual == 0
    assert (split[split != "unused"].groupby(images["group"]).nunique() == 1).all()
    moved = images["given_split"].isin(["valid", "test"]) & (split != images["given_split"]) & (split != "unused")
    assert not moved.any()
    assert set(split) - {"unused"} == {"train", "valid", "test"}


@hypothesis.given(st.lists(st.integers(1, 4), min_size=50, max_size=120), st.integers(0, 1000))
@hypothesis.settings(deadline=None, max_examples=100)
def test_where_no_group_is_large_a_new_one_moves_no_more_than_those_at_the_cuts(sizes: list[int], seed: int) -> None:
    rows = [{"path": f"a/{g}.{i}", "group": str(g)} for g, size in enumerate(sizes) for i in range(size)]
    images = pd.DataFrame(rows).assign(**{"class": "a", "given_split": None})
    before = assign_splits(images, FRACTIONS, seed)
    new = pd.DataFrame([{"path": "a/new", "group": "new", "class": "a", "given_split": None}])
    after = assign_splits(pd.concat([images, new], ignore_index=True), FRACTIONS, seed)[: len(images)]
    assert images["group"][before != after].nunique() <= 2
