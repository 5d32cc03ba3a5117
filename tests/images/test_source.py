import os
import tempfile
from pathlib import Path

import hypothesis
import hypothesis.strategies as st
import pytest

from scripts.errors import ImageError
from scripts.images import source
from scripts.images.layout import Layout
from scripts.images.source import Entry, entries, look


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


def test_a_link_to_a_folder_above_is_followed_no_further_and_named(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.jpg", "b/2.jpg")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    found = look(tmp_path)
    assert [entry.path for entry in found.entries] == ["a/1.jpg", "b/2.jpg"]
    assert found.passed_over == {"links to a folder above": ["a/loop"]}


@pytest.mark.parametrize(
    ("link", "to", "message"),
    [
        ("tumour/reviewed", "normal", "normal and tumour/reviewed in .* are one folder"),
        ("again", "normal", "again and normal in .* are one folder; expected one way to each picture: remove the link"),
    ],
)
def test_two_ways_to_one_folder_are_refused_by_name(link: str, to: str, message: str, tmp_path: Path) -> None:
    touch(tmp_path, "normal/1.jpg", "tumour/2.jpg")
    (tmp_path / link).symlink_to(tmp_path / to)
    with pytest.raises(ImageError, match=f"images.folder: {message}"):
        entries(tmp_path)


def test_a_side_that_is_a_link_to_another_is_refused(tmp_path: Path) -> None:
    touch(tmp_path, *(f"{side}/{label}/1.jpg" for side in ("train", "test") for label in "ab"))
    (tmp_path / "val").symlink_to(tmp_path / "test")
    with pytest.raises(ImageError, match=r"test and val in .* are one folder"):
        entries(tmp_path)


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


def test_what_other_programs_leave_is_no_picture(tmp_path: Path) -> None:
    touch(tmp_path, "set/a/1.jpg", "set/b/2.jpg", "set/a/.hidden.jpg", "set/.cache/3.jpg", "__MACOSX/set/a/4.jpg")
    touch(tmp_path, "set/a/._1.jpg", "set/b/.DS_Store", "set/a/Thumbs.db", "set/.DS_Store", ".DS_Store")
    found = look(tmp_path)
    assert [entry.path for entry in found.entries] == ["set/a/.hidden.jpg", "set/a/1.jpg", "set/b/2.jpg"]
    assert found.passed_over == {
        "hidden folders": ["__MACOSX", "set/.cache"],
        "left behind by other programs": [
            *(".DS_Store", "set/.DS_Store", "set/a/._1.jpg", "set/a/Thumbs.db", "set/b/.DS_Store"),
        ],
    }


def test_a_class_folder_without_a_file_and_files_beside_the_classes_are_named(tmp_path: Path) -> None:
    touch(tmp_path, "set/a/1.jpg", "set/b/deep/2.jpg", "set/readme.txt", "c.csv", "set/empty/.DS_Store")
    assert look(tmp_path).passed_over == {
        "beside the class folders": ["c.csv", "set/readme.txt"],
        "left behind by other programs": ["set/empty/.DS_Store"],
        "class folders without a file": ["set/empty"],
    }


FOLDERS = st.sampled_from(["a", "b", "train", "test", "Val", "docs", ".git", "lung_image_sets", "seg_train"])
FILES = st.sampled_from(["1.jpg", "2", ".DS_Store", "._1.jpg", "{x}.png", " y "])
PATHS = st.builds(lambda folders, name: "/".join([*folders, name]), st.lists(FOLDERS, max_size=4), FILES)


@hypothesis.given(st.sets(PATHS, min_size=1, max_size=25), st.sampled_from(["auto", "classes", "splits"]))
@hypothesis.settings(deadline=None, max_examples=150)
def test_whatever_the_folders_each_file_is_of_the_study_or_passed_over_or_all_is_refused(
    paths: set[str], layout: Layout
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = touch(Path(name), *paths)
        try:
            found = look(folder, layout)
        except ImageError:
            return
        passed = [path for paths in found.passed_over.values() for path in paths]
        listed = [entry.path for entry in found.entries]
        assert listed == sorted(set(listed))
        hidden = tuple(f"{folder}/" for folder in found.passed_over.get("hidden folders", []))
        assert {path for path in paths if not path.startswith(hidden)} == {*listed, *passed} & paths
        assert not set(listed) & set(passed)
