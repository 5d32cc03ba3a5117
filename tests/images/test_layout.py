"""Which folders are classes and which are sides, and what is refused since it may be both."""

from pathlib import Path

import pytest

from scripts.errors import ImageError
from scripts.images.layout import recognise
from scripts.images.source import entries, look


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def sides(folder: Path) -> dict[str, str | None]:
    """The side of each folder that holds classes."""
    return {"/".join(place.folder): place.side for place in recognise(folder).places}


@pytest.mark.parametrize("valid", ["valid", "val", "Validation", "dev"])
def test_folders_that_are_split_already_are_recognised(valid: str, tmp_path: Path) -> None:
    touch(tmp_path, "train/a/1.jpg", f"{valid}/a/2.jpg", "test/b/deep/3.jpg", "train/readme.txt", "index.txt")
    assert {entry.path: (entry.label, entry.split) for entry in entries(tmp_path)} == {
        "test/b/deep/3.jpg": ("b", "test"),
        "train/a/1.jpg": ("a", "train"),
        f"{valid}/a/2.jpg": ("a", "valid"),
    }


@pytest.mark.parametrize(
    "names",
    [
        {"Training": "train", "Testing": "test"},
        {"TRAIN": "train", "TEST": "test"},
        {"train": "train", "evaluation": "test"},
        {"train": "train", "test": "test", "evaluation": "valid"},
        {"training": "train", "validation": "valid", "evaluation": "test"},
        {"seg_train": "train", "seg_test": "test"},
        {"TrainingSet": "train", "ValidationSet": "valid", "TestSet": "test"},
        {"train2017": "train", "val2017": "valid"},
        {"images-train": "train", "images-dev": "valid"},
    ],
)
def test_sides_are_known_by_many_names(names: dict[str, str], tmp_path: Path) -> None:
    touch(tmp_path, *(f"set/{name}/{label}/1.jpg" for name in names for label in "abc"), "set/.DS_Store")
    assert sides(tmp_path) == {f"set/{name}": side for name, side in names.items()}
    assert {entry.label for entry in entries(tmp_path)} == set("abc")


def test_a_side_that_repeats_its_name_is_looked_through(tmp_path: Path) -> None:
    touch(tmp_path, *(f"{name}/{name}/{label}/1.jpg" for name in ("train_set", "test_set") for label in "ab"))
    assert sides(tmp_path) == {"train_set/train_set": "train", "test_set/test_set": "test"}


def test_what_lies_beside_the_sides_is_passed_over_by_name(tmp_path: Path) -> None:
    touch(tmp_path, "train/a/1.jpg", "train/b/2.jpg", "test/a/3.jpg", "test/b/4.jpg", "test/5.jpg")
    touch(tmp_path, "single_prediction/6.jpg", "docs/deep/notes.pdf", "TEST_SIMPLE/a/7.jpg")
    found = look(tmp_path)
    assert [entry.path for entry in found.entries] == ["test/a/3.jpg", "test/b/4.jpg", "train/a/1.jpg", "train/b/2.jpg"]
    assert found.passed_over == {
        "beside the class folders": ["test/5.jpg"],
        "in folders that hold no classes": ["TEST_SIMPLE/a/7.jpg", "docs/deep/notes.pdf", "single_prediction/6.jpg"],
    }


def test_a_test_side_without_labels_is_passed_over(tmp_path: Path) -> None:
    touch(tmp_path, "train/a/1.jpg", "train/b/2.jpg", "test/3.jpg")
    found = look(tmp_path)
    assert {entry.split for entry in found.entries} == {"train"}
    assert found.passed_over == {"beside the class folders": ["test/3.jpg"]}


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["foo/a/1", "foo/b/2", "bar/a/3", "bar/b/4"], "each of bar, foo in .* holds a, b: they may be sides"),
        (["x/train/1", "x/test/2", "y/train/3", "y/test/4"], "each of x, y in .* holds test, train: they may be sides"),
        (["train/1", "test/2"], "holds test, train, named for the sides of a split, but not the same classes in each"),
        (["trainA/1", "trainB/2", "testA/3", "testB/4"], "holds testA, testB, trainA, trainB, named for the sides"),
        (["train/a/1", "test/b/2", "more/3"], "holds test, train, named for the sides of a split, but not the same"),
        (["train/a/1", "train/b/2", "docs/3"], "train holds a, b, and no folder beside it holds any: it may be a side"),
        (["train/a/1", "val/a/2", "dev/a/3"], "dev and val in .* both name valid"),
    ],
)
def test_folders_that_may_be_sides_or_classes_are_refused_in_one_sentence(
    names: list[str], message: str, tmp_path: Path
) -> None:
    touch(tmp_path, *names)
    with pytest.raises(ImageError, match=f"images.folder: .*{message}.*; expected one folder of images a class, or"):
        recognise(tmp_path)


def test_a_layout_that_is_named_is_taken(tmp_path: Path) -> None:
    touch(tmp_path, "train/x/1.jpg", "test/x/2.jpg")
    assert [entry.label for entry in entries(tmp_path, "classes")] == ["test", "train"]
    assert [entry.label for entry in entries(tmp_path, "splits")] == ["x", "x"]


def test_a_layout_that_is_named_and_not_there_is_refused(tmp_path: Path) -> None:
    touch(tmp_path, "cats/1.jpg", "dogs/1.jpg")
    with pytest.raises(ImageError, match=r"images\.layout: found 'splits', but .* holds cats, dogs, not train"):
        recognise(tmp_path, "splits")
    with pytest.raises(ImageError, match="holds cats, dogs, not colon_image_sets and lung_image_sets"):
        recognise(tmp_path, "lc25000")


@pytest.mark.parametrize(
    "names",
    [
        ["train/1.jpg", "bus/2.jpg"],
        ["train_station/1.jpg", "test_tube/2.jpg", "apple/3.jpg"],
        ["a/left/1.jpg", "a/right/1.jpg", "b/left/1.jpg"],
        ["a/images/1.jpg", "b/images/1.jpg"],
    ],
)
def test_classes_that_are_called_like_sides_or_have_parts_are_classes(names: list[str], tmp_path: Path) -> None:
    touch(tmp_path, *names)
    assert {entry.label for entry in entries(tmp_path)} == {name.partition("/")[0] for name in names}


@pytest.mark.parametrize("wrapper", ["", "lung_colon_image_set/", "LC25000/lung_colon_image_set/"])
def test_the_layout_of_lc25000_is_recognised(wrapper: str, tmp_path: Path) -> None:
    names = ("lung_image_sets/lung_aca", "lung_image_sets/lung_n", "colon_image_sets/colon_aca")
    touch(tmp_path, *(f"{wrapper}{name}/1.jpeg" for name in names), f"{wrapper}README.txt")
    assert [entry.label for entry in entries(tmp_path)] == ["colon_aca", "lung_aca", "lung_n"]


def test_a_single_folder_of_folders_is_looked_through_and_one_of_images_is_a_class(tmp_path: Path) -> None:
    touch(tmp_path / "wrapped", "set/a/1.jpg", "set/b/2.jpg", "set/.DS_Store", "set/README.txt")
    assert [entry.label for entry in entries(tmp_path / "wrapped")] == ["a", "b"]
    touch(tmp_path / "one", "mixed/1.jpg", "mixed/2.jpg")
    assert {entry.label for entry in entries(tmp_path / "one")} == {"mixed"}
