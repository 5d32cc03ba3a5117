import csv
import hashlib
import os
import tempfile
from pathlib import Path

import pytest
from helping import ROOT, Run, write_jpeg
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.images.manifest import read_manifest
from scripts.images.source import Entry, entries
from scripts.images.write_manifest import with_digests, writable, write


def rows(manifest: Path) -> list[dict[str, str]]:
    with manifest.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_folder_of_classes_is_listed_by_path_and_label(pictures: Path, run: Run, tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.csv"
    run(ROOT, "python", "-m", "scripts.images.write_manifest", "--folder", str(pictures), "--manifest", str(manifest))
    assert manifest.read_bytes().startswith(b"path,label\r\nash/ash_00.jpg,ash\r\n")
    assert len(rows(manifest)) == 36


def test_splits_and_digests_stand_in_columns_of_their_own(run: Run, tmp_path: Path) -> None:
    for name in ("train/ash/1.jpg", "train/birch/2.jpg", "val/ash/3.jpg", "val/birch/4.jpg"):
        write_jpeg(tmp_path / "set" / name, seed=1)
    program = ("python", "-m", "scripts.images.write_manifest", "--sha256")
    run(ROOT, *program, "--folder", str(tmp_path / "set"), "--manifest", str(tmp_path / "m.csv"))
    found = rows(tmp_path / "m.csv")
    assert list(found[0]) == ["path", "label", "split", "sha256"]
    assert [row["split"] for row in found] == ["train", "train", "valid", "valid"]
    expected = hashlib.sha256((tmp_path / "set" / "train" / "ash" / "1.jpg").read_bytes()).hexdigest()
    assert {row["sha256"] for row in found} == {expected}


AWKWARD = [
    'a/comma, "quote".jpg',
    "a/line\nbreak.jpg",
    "a/return\rhere.jpg",
    "a/ space .jpg",
    "a/肺.jpg",
    "a/-rf",
    "a/=1+1",
]


def test_awkward_names_come_back_as_they_were(tmp_path: Path) -> None:
    listed = [Entry(path, "a", group="tile, 1" if path.endswith("jpg") else None) for path in AWKWARD]
    write(listed, tmp_path / "m.csv")
    assert list(read_manifest(tmp_path / "m.csv")) == listed


NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=12)
LABELS = NAMES.map(str.strip).filter(bool)


@given(st.lists(st.tuples(LABELS, NAMES.filter(lambda name: name not in {".", ".."}), st.sampled_from([None, "test"]))))
@settings(deadline=None, max_examples=200)
def test_whatever_classes_and_files_are_called_they_come_back_as_they_were(
    rows: list[tuple[str, str, str | None]],
) -> None:
    listed = [Entry(f"{i}/{name}", label, side) for i, (label, name, side) in enumerate(rows)]
    with tempfile.TemporaryDirectory() as folder:
        write(listed, Path(folder) / "m.csv")
        assert list(read_manifest(Path(folder) / "m.csv")) == listed


def test_a_name_that_is_not_utf8_is_left_out_and_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "a").mkdir()
    for name in (b"\xe9.jpg", b"good.jpg"):
        Path(os.fsdecode(bytes(tmp_path) + b"/a/" + name)).touch()
    with caplog.at_level("INFO", "scalecard"):
        left = list(writable(entries(tmp_path)))
    assert [entry.path for entry in left] == ["a/good.jpg"]
    assert r"'a/\udce9.jpg'" in caplog.text


def test_a_file_that_cannot_be_read_has_no_digest(tmp_path: Path) -> None:
    (tmp_path / "good").write_bytes(b"x")
    (tmp_path / "link").symlink_to("gone")
    found = with_digests(tmp_path, [Entry("good", "a"), Entry("link", "a")])
    assert [entry.sha256 for entry in found] == [hashlib.sha256(b"x").hexdigest(), ""]


def test_a_failure_keeps_the_manifest_that_was_there(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("mine")
    with pytest.raises(UnicodeEncodeError):
        write([Entry("a/1.jpg", "a"), Entry("a/\udce9.jpg", "a")], tmp_path / "m.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["m.csv"]
    assert (tmp_path / "m.csv").read_text() == "mine"


@pytest.mark.real_images
def test_digests_of_real_images_are_those_of_their_list(real_images: Path) -> None:
    with (real_images / "manifest.csv").open(encoding="utf-8", newline="") as file:
        expected = {row["path"]: row["sha256"] for row in csv.DictReader(file)}
    found = {
        f"hymenoptera/{entry.path}": entry.sha256
        for entry in with_digests(real_images / "hymenoptera", entries(real_images / "hymenoptera"))
    }
    assert found == {path: digest for path, digest in expected.items() if path.startswith("hymenoptera/")}
