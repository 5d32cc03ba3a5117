import hashlib
from pathlib import Path

import pytest
from helping import write_jpeg

from scripts.errors import ImageError
from scripts.images import source


def test_a_class_is_a_folder_and_its_files_may_lie_deeper(tmp_path: Path) -> None:
    for name in ("b/2.jpg", "a/deep/1.jpg", "a/odd name & no extension", "readme.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    paths = source.list_images(tmp_path)
    assert paths == ["a/deep/1.jpg", "a/odd name & no extension", "b/2.jpg"]
    assert [source.class_of(path) for path in paths] == ["a", "a", "b"]


def test_adding_a_file_moves_no_other_to_another_shard(tmp_path: Path) -> None:
    for i in range(20):
        write_jpeg(tmp_path / "a" / f"{i}.jpg", seed=i, size=16)
    before = {path: source.shard_of(path, 4) for path in source.list_images(tmp_path)}
    write_jpeg(tmp_path / "a" / "05.jpg", seed=99, size=16)
    after = {path: source.shard_of(path, 4) for path in source.list_images(tmp_path)}
    assert after.items() > before.items()
    assert len(set(before.values())) > 1


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"images\.folder: .*nowhere is not a folder"):
        source.list_images(tmp_path / "nowhere")


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(ImageError, match="holds no images"):
        source.list_images(tmp_path)


def test_one_class_is_not_enough() -> None:
    with pytest.raises(ImageError, match="found one class, 'a'"):
        source.check_classes(["a/1", "a/2", "a/3"])


def test_a_class_needs_an_image_for_each_split() -> None:
    with pytest.raises(ImageError, match="class 'b' has 2 of the 3 images"):
        source.check_classes(["a/1", "a/2", "a/3", "b/1", "b/2"])


@pytest.mark.parametrize(
    ("name", "nameable"),
    [("x y'z*.jpg", True), ("肺.jpg", True), ("{x}.jpg", False), ("line\nbreak", False), ("\udce9", False)],
)
def test_names_that_snakemake_cannot_take_are_told_apart(name: str, nameable: bool, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"x")
    assert source.is_nameable(tmp_path, name) == nameable
    assert list(source.digests(tmp_path, [name]).values()) == [hashlib.sha256(b"x").hexdigest()]


def test_a_dangling_link_is_no_input_and_no_crash(tmp_path: Path) -> None:
    (tmp_path / "link.jpg").symlink_to("gone.jpg")
    assert not source.is_nameable(tmp_path, "link.jpg")
    assert source.digests(tmp_path, ["link.jpg"]) == {"'link.jpg'": "unreadable"}
