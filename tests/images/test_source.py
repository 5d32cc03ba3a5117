import os
from pathlib import Path

import pytest

from scripts.errors import ImageError
from scripts.images import source
from scripts.images.source import Entry, entries


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def test_a_class_is_a_folder_and_its_files_may_lie_deeper(tmp_path: Path) -> None:
    touch(tmp_path, "b/2.jpg", "a/deep/1.jpg", "a/odd name & no extension", "readme.txt")
    assert entries(tmp_path) == [
        Entry("a/deep/1.jpg", "a"),
        Entry("a/odd name & no extension", "a"),
        Entry("b/2.jpg", "b"),
    ]


def test_what_snakemake_leaves_in_a_folder_that_it_made_is_no_file_of_the_study(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.jpg", "a/.snakemake_timestamp", "b/2.jpg")
    assert [entry.path for entry in entries(tmp_path)] == ["a/1.jpg", "b/2.jpg"]


@pytest.mark.parametrize("valid", ["valid", "val", "Validation"])
def test_folders_that_are_split_already_are_recognised(valid: str, tmp_path: Path) -> None:
    touch(tmp_path, "train/a/1.jpg", f"{valid}/a/2.jpg", "test/b/deep/3.jpg", "train/readme.txt", "index.txt")
    assert {entry.path: (entry.label, entry.split) for entry in entries(tmp_path)} == {
        "test/b/deep/3.jpg": ("b", "test"),
        "train/a/1.jpg": ("a", "train"),
        f"{valid}/a/2.jpg": ("a", "valid"),
    }


def test_classes_that_are_called_train_and_bus_are_no_splits(tmp_path: Path) -> None:
    touch(tmp_path, "train/1.jpg", "bus/2.jpg")
    assert [entry.label for entry in entries(tmp_path)] == ["bus", "train"]


def test_a_layout_that_is_named_is_taken(tmp_path: Path) -> None:
    touch(tmp_path, "train/x/1.jpg", "test/x/2.jpg")
    assert [entry.label for entry in entries(tmp_path, "classes")] == ["test", "train"]
    assert [entry.label for entry in entries(tmp_path, "splits")] == ["x", "x"]


@pytest.mark.parametrize("wrapper", ["", "lung_colon_image_set/", "LC25000/lung_colon_image_set/"])
def test_the_layout_of_lc25000_is_recognised(wrapper: str, tmp_path: Path) -> None:
    names = ("lung_image_sets/lung_aca", "lung_image_sets/lung_n", "colon_image_sets/colon_aca")
    touch(tmp_path, *(f"{wrapper}{name}/1.jpeg" for name in names))
    assert [entry.label for entry in entries(tmp_path)] == ["colon_aca", "lung_aca", "lung_n"]


def test_a_single_folder_of_folders_is_looked_through_and_one_of_images_is_a_class(tmp_path: Path) -> None:
    touch(tmp_path / "wrapped", "set/a/1.jpg", "set/b/2.jpg")
    assert [entry.label for entry in entries(tmp_path / "wrapped")] == ["a", "b"]
    touch(tmp_path / "one", "mixed/1.jpg", "mixed/2.jpg")
    assert {entry.label for entry in entries(tmp_path / "one")} == {"mixed"}


def test_a_link_to_a_folder_above_is_followed_no_further(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.jpg", "b/2.jpg")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    (tmp_path / "c").symlink_to(tmp_path / "b")
    assert len(entries(tmp_path)) == 2


def test_a_linked_class_folder_is_followed(tmp_path: Path) -> None:
    touch(tmp_path, "elsewhere/2.jpg", "raw/a/1.jpg")
    (tmp_path / "raw" / "b").symlink_to(tmp_path / "elsewhere")
    assert [entry.path for entry in entries(tmp_path / "raw")] == ["a/1.jpg", "b/2.jpg"]


def test_adding_a_file_moves_no_other_to_another_shard(tmp_path: Path) -> None:
    touch(tmp_path, *(f"a/{i}.jpg" for i in range(20)))
    before = {entry.path: source.shard_of(entry.path, 4) for entry in entries(tmp_path)}
    touch(tmp_path, "a/05.jpg")
    after = {entry.path: source.shard_of(entry.path, 4) for entry in entries(tmp_path)}
    assert after.items() > before.items()
    assert len(set(before.values())) > 1


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"images\.folder: .*nowhere is not a folder"):
        entries(tmp_path / "nowhere")


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(ImageError, match="holds no images"):
        entries(tmp_path)


def test_one_class_is_not_enough() -> None:
    with pytest.raises(ImageError, match="found one class, 'a'"):
        source.check_classes({"a": 3})


def test_a_class_needs_an_image_for_each_split() -> None:
    with pytest.raises(ImageError, match="class 'b' has 2 of the 3 images"):
        source.check_classes({"a": 3, "b": 2})


def test_the_digest_of_entries_changes_with_each_of_them() -> None:
    whole = [Entry("a/1", "a"), Entry("a/2", "a")]
    others = [whole[:1], [whole[0], Entry("a/2", "b")], [whole[0], Entry("a/2", "a", "test")], [Entry("a/\udce9", "a")]]
    assert len({source.digest(listed) for listed in [whole, *others]}) == 5


@pytest.mark.parametrize(
    ("name", "nameable"),
    [("x y'z*.jpg", True), ("肺.jpg", True), ("{x}.jpg", False), ("line\nbreak", False), ("\udce9", False)],
)
def test_names_that_snakemake_cannot_take_are_told_apart(name: str, nameable: bool, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"x")
    assert source.is_nameable(tmp_path, name) == nameable


def test_a_dangling_link_and_a_pipe_are_no_inputs_and_are_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "link.jpg").symlink_to("gone.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    names = ("link.jpg", "pipe.jpg")
    assert not any(source.is_nameable(tmp_path, name) for name in names)
    assert source.digest([Entry(name, "a") for name in names], str(tmp_path), odd=names)


@pytest.mark.parametrize(("odd", "seen"), [(["1.jpg"], True), ([], False)])
def test_the_digest_holds_sizes_and_the_content_of_files_that_cannot_be_named(
    odd: list[str], seen: bool, tmp_path: Path
) -> None:
    found = []
    for content in (b"x", b"y", b"longer"):
        (tmp_path / "1.jpg").write_bytes(content)
        found.append(source.digest([Entry("1.jpg", "a")], str(tmp_path), odd))
    assert (found[0] != found[1]) == seen
    assert found[2] not in found[:2]


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "a/1.jpg", "b/2.jpg")
    scandir = os.scandir

    def refuse(path: str | Path) -> object:
        if str(path).endswith("b"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)  # a test may run as root, whom nothing is refused
    with pytest.raises(ImageError, match=r"images\.folder: .*b cannot be read: Permission denied"):
        entries(tmp_path)


def test_what_macos_adds_to_a_zip_is_no_class(tmp_path: Path) -> None:
    touch(tmp_path, "set/a/1.jpg", "set/b/2.jpg", "__MACOSX/set/a/._1.jpg", "set/.cache/3.jpg", "set/a/.hidden.jpg")
    assert [entry.path for entry in entries(tmp_path)] == ["set/a/.hidden.jpg", "set/a/1.jpg", "set/b/2.jpg"]
