import os
import shutil
from pathlib import Path

import pytest

from scripts.errors import ImageError
from scripts.images.manifest import Summary, listed_once, read_manifest, refresh_lists, unused_columns
from scripts.images.source import Entry


def write(path: Path, *rows: str, columns: str = "path,label,split,group,sha256") -> Path:
    path.write_text("\n".join([columns, *rows]) + "\n")
    return path


def test_a_row_gives_what_it_knows(tmp_path: Path) -> None:
    rows = write(tmp_path / "m.csv", '"x/1, odd.jpg",cat,val,patient 7,ABC', "x/2.jpg,dog,,,")
    assert list(read_manifest(rows)) == [
        Entry("x/1, odd.jpg", "cat", "valid", "patient 7", "abc"),
        Entry("x/2.jpg", "dog"),
    ]


def test_blanks_around_a_cell_are_none_of_it(tmp_path: Path) -> None:
    rows = write(tmp_path / "m.csv", "1.jpg, ant", "2.jpg,ant , Test, P1 ", "", columns="path, label, split, group")
    assert list(read_manifest(rows)) == [Entry("1.jpg", "ant"), Entry("2.jpg", "ant", "test", "P1")]


def test_the_columns_of_which_nothing_is_taken_are_known(tmp_path: Path) -> None:
    assert unused_columns(write(tmp_path / "m.csv", columns="path,label,spilt,age")) == ["age", "spilt"]


def test_path_and_label_are_enough_in_any_order(tmp_path: Path) -> None:
    assert list(read_manifest(write(tmp_path / "m.csv", "cat,1.jpg", columns="label,path"))) == [Entry("1.jpg", "cat")]


@pytest.mark.parametrize(
    ("row", "columns", "message"),
    [
        ("1.jpg", "path", "lacks the column label"),
        ("1.jpg,", "path,label", "line 2: expected a path and a label"),
        ("/abs/1.jpg,a", "path,label", "line 2: found '/abs/1.jpg'; expected a plain path inside"),
        ("../1.jpg,a", "path,label", "line 2: found '../1.jpg'; expected a plain path inside"),
        ("./1.jpg,a", "path,label", "line 2: found './1.jpg'; expected a plain path"),
        ("a//1.jpg,a", "path,label", "line 2: found 'a//1.jpg'; expected a plain path"),
        ("1.jpg,a,holdout", "path,label,split", "line 2: split 'holdout' is none of train, training, valid, val"),
        ("1.jpg, ", "path,label", "line 2: expected a path and a label, found '1.jpg' and ''"),
        ("1.jpg,a,b,c", "path,label,split", "line 2: found 4 cells for 3 columns; expected quotes around a cell"),
        ("1.jpg,a,b", "path,label,label", "has the column label twice; expected it once"),
    ],
)
def test_a_row_that_cannot_be_used_is_named(row: str, columns: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=message):
        list(read_manifest(write(tmp_path / "m.csv", row, columns=columns)))


def test_a_path_that_stands_twice_and_a_manifest_without_rows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"names '1\.jpg' twice"):
        listed_once([Entry("1.jpg", "a", "test"), Entry("2.jpg", "a"), Entry("1.jpg", "a")], tmp_path)
    with pytest.raises(ImageError, match="names no images"):
        listed_once([], tmp_path)


def test_the_summary_counts_classes_by_given_split_and_names_candidates() -> None:
    listed = [
        Entry("1", "a", "train"),
        Entry("2", "a", "test"),
        Entry("3", "b"),
        Entry("\udce9", "b"),
        Entry("{4}", "c"),
    ]
    summary = Summary.of(listed)
    assert summary.classes == {"a": {"train": 1, "test": 1}, "b": {"": 2}, "c": {"": 1}}
    assert {label: sorted(paths) for label, paths in summary.candidates.items()} == {
        "a": ["1", "2"],
        "b": ["3"],
        "c": [],
    }
    assert summary.images == 5


def test_the_summary_counts_groups_and_names_equal_bytes_of_two_classes() -> None:
    listed = [
        Entry("1", "a", group="p", sha256="x"),
        Entry("2", "b", group="p", sha256="x"),
        Entry("3", "b", sha256="y"),
        Entry("4", "b", sha256="y"),
        Entry("5", "a", group="q"),
    ]
    summary = Summary.of(listed)
    assert (summary.groups, summary.grouped, summary.contradictions) == (2, 3, ("1", "2"))


def test_a_given_split_must_hold_every_class() -> None:
    listed = [Entry(f"{label}{i}", label, "train") for label in "ab" for i in range(4)]
    Summary.of([*listed, Entry("x", "a", "test"), Entry("y", "b", "test")]).check()
    with pytest.raises(ImageError, match="test is given, but holds no image of class 'b'"):
        Summary.of([*listed, Entry("x", "a", "test")]).check()


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    return write(tmp_path / "m.csv", *(f"{i}.jpg,{'ab'[i % 2]}" for i in range(40)), columns="path,label")


def test_each_row_stands_in_one_list_and_lists_are_manifests(manifest: Path, tmp_path: Path) -> None:
    summary = refresh_lists(manifest, 4, tmp_path / "lists")
    lists = [list(read_manifest(path)) for path in sorted((tmp_path / "lists").glob("*.csv"))]
    assert len(lists) == 4
    assert all(lists)
    assert sorted(entry for one in lists for entry in one) == sorted(read_manifest(manifest))
    assert summary.classes == {"a": {"": 20}, "b": {"": 20}}


def test_a_changed_row_rewrites_its_own_list_alone(manifest: Path, tmp_path: Path) -> None:
    refresh_lists(manifest, 4, tmp_path / "lists")
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "lists").glob("*.csv")}
    manifest.write_text(manifest.read_text().replace("7.jpg,b", "7.jpg,a", 1))
    os.utime(manifest, ns=(1, 1))
    summary = refresh_lists(manifest, 4, tmp_path / "lists")
    after = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "lists").glob("*.csv")}
    assert sum(before[name] != after[name] for name in before) == 1
    assert summary.classes == {"a": {"": 21}, "b": {"": 19}}


def test_an_unchanged_manifest_is_not_read_again(manifest: Path, tmp_path: Path) -> None:
    first = refresh_lists(manifest, 4, tmp_path / "lists")
    stamp = manifest.stat()
    manifest.write_bytes(b"x" * stamp.st_size)
    os.utime(manifest, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert refresh_lists(manifest, 4, tmp_path / "lists") == first
    assert refresh_lists(shutil.copy(write(tmp_path / "n.csv", "1.jpg,c", columns="path,label"), manifest), 4,
                         tmp_path / "lists").classes == {"c": {"": 1}}  # fmt: skip


def test_a_missing_manifest_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"images\.manifest: .*m\.csv cannot be read"):
        refresh_lists(tmp_path / "m.csv", 4, tmp_path / "lists")


@pytest.mark.parametrize("damage", ["summary.json", "0002.csv"])
def test_lists_that_are_damaged_or_gone_are_made_anew(damage: str, manifest: Path, tmp_path: Path) -> None:
    summary = refresh_lists(manifest, 4, tmp_path / "lists")
    whole = {path.name: path.read_bytes() for path in (tmp_path / "lists").iterdir()}
    (tmp_path / "lists" / damage).write_text("{") if damage.endswith("json") else (tmp_path / "lists" / damage).unlink()
    assert refresh_lists(manifest, 4, tmp_path / "lists") == summary
    assert {path.name: path.read_bytes() for path in (tmp_path / "lists").iterdir()} == whole
