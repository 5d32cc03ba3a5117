import pytest

from scripts.images.leaks import leaked_by_random_split

SPLITS = ["train"] * 800 + ["valid"] * 100 + ["test"] * 100
ONE_CLASS = ["a"] * 1000


def test_images_without_twins_never_leak() -> None:
    leaks = leaked_by_random_split(ONE_CLASS, [str(i) for i in range(1000)], SPLITS)
    assert (leaks.held_out, leaks.actual, leaks.random_min, leaks.random_max) == (200, 0, 0, 0)


def test_a_grouped_split_leaks_nothing_where_a_random_one_leaks_most() -> None:
    pairs = [str(i // 2) for i in range(1000)]
    leaks = leaked_by_random_split(ONE_CLASS, pairs, SPLITS)
    assert leaks.actual == 0
    assert leaks.random_min < leaks.random_mean < leaks.random_max
    assert leaks.random_mean == pytest.approx(200 * 800 / 999, abs=4)  # each twin trains with chance 800 of 999


def test_a_held_out_image_leaks_where_its_group_trains_and_only_there() -> None:
    splits = ["train", "valid", "test", "valid", "test"]
    assert leaked_by_random_split(["a"] * 5, ["x", "x", "x", "y", "y"], splits).actual == 2


def test_each_class_keeps_its_images_a_split() -> None:
    classes = ["a"] * 50 + ["b"] * 50
    twins = [str(i) for i in range(50)] * 2
    leaks = leaked_by_random_split(classes, twins, ["train"] * 50 + ["test"] * 50)
    assert (leaks.random_min, leaks.random_mean, leaks.random_max) == (50, 50, 50)  # a trains, b never does


def test_the_order_of_the_classes_does_not_matter_to_the_counts_of_a_split() -> None:
    mixed = ["a", "b"] * 50
    twins = [str(i // 2) for i in range(100)]
    leaks = leaked_by_random_split(mixed, twins, ["train", "test"] * 50)
    assert (leaks.held_out, leaks.actual, leaks.random_mean) == (50, 50, 50)


def test_the_same_seeds_give_the_same_result_and_other_seeds_another() -> None:
    groups = [str(i // 3) for i in range(1000)]
    first, again, other = (
        leaked_by_random_split(ONE_CLASS, groups, SPLITS, seeds) for seeds in (range(5), range(5), range(5, 10))
    )
    assert first == again
    assert first != other


def test_columns_of_unequal_length_and_no_seeds_are_refused() -> None:
    with pytest.raises(ValueError, match="2 classes, 1 groups and 2 splits"):
        leaked_by_random_split(["a", "b"], ["x"], ["train", "test"])
    with pytest.raises(ValueError, match="no seeds"):
        leaked_by_random_split(["a"], ["x"], ["train"], seeds=[])
