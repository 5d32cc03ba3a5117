"""Which raw files are other ones than those that were packed."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from scripts.images.seen import SeenFiles, by_time

NAMES = ["a/1.jpg", "a/2.jpg", "b/3.jpg"]


class Study:
    """Raw files, and the table of one shard of them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.raw, self.tables = folder / "seen", folder / "raw", folder / "shards"
        self.names = list(NAMES)
        self.tables.mkdir()
        for name in NAMES:
            (self.raw / name).parent.mkdir(parents=True, exist_ok=True)
            (self.raw / name).write_text(f"content {name[2]}")

    def look(self) -> str:
        """What stands for the shard, as a start of Snakemake finds it."""
        seen = SeenFiles(self.folder, self.raw, self.tables)
        path = seen.stand_in("0000", self.names)
        seen.save()
        return path.read_text()

    def pack(self) -> None:
        """Make the shard's table of what is there."""
        import hashlib

        digests = [hashlib.sha256((self.raw / name).read_bytes()).hexdigest() for name in self.names]
        pd.DataFrame({"path": self.names, "sha256": digests}).to_parquet(self.tables / "0000.parquet")


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """One that has been packed."""
    study = Study(tmp_path)
    study.look()
    study.pack()
    return study


def touch(study: Study) -> None:
    (study.raw / NAMES[0]).touch()


def copy(study: Study) -> None:
    shutil.copytree(study.raw, study.raw.with_name("copy"))
    shutil.rmtree(study.raw)
    study.raw.with_name("copy").rename(study.raw)


def lose_the_index(study: Study) -> None:
    (study.folder / "index.json").unlink()


def damage_the_index(study: Study) -> None:
    (study.folder / "index.json").write_text('{"a/1.jpg": [1]}')


@pytest.mark.parametrize("nothing", [touch, copy, lose_the_index, damage_the_index])
def test_what_changes_no_content_changes_nothing(
    study: Study, nothing: Callable[[Study], None], capsys: pytest.CaptureFixture[str]
) -> None:
    before = study.look()
    assert not capsys.readouterr().err
    nothing(study)
    assert study.look() == before
    assert capsys.readouterr().err.startswith("Comparing raw images")
    assert study.look() == before
    assert not capsys.readouterr().err


def edit(study: Study) -> None:
    (study.raw / NAMES[0]).write_text("another one")


def edit_and_keep_size_and_time(study: Study) -> None:
    path = study.raw / NAMES[0]
    time = path.stat().st_mtime_ns
    path.write_text("CONTENT 1")
    os.utime(path, ns=(time, time))


def exchange(study: Study) -> None:
    one, two = (study.raw / name for name in NAMES[:2])
    one.rename(one.with_name("aside"))
    two.rename(one)
    one.with_name("aside").rename(two)


def replace_by_an_older_one(study: Study) -> None:
    other = study.raw.with_name("older")
    other.write_text("content x")
    os.utime(other, ns=(0, 0))
    shutil.copy2(other, study.raw / NAMES[0])


def edit_and_lose_the_index(study: Study) -> None:
    edit(study)
    lose_the_index(study)


def add(study: Study) -> None:
    (study.raw / "b/4.jpg").write_text("content 4")
    study.names.append("b/4.jpg")


def remove(study: Study) -> None:
    (study.raw / study.names.pop()).unlink()


CHANGES = [edit, edit_and_keep_size_and_time, exchange, replace_by_an_older_one, edit_and_lose_the_index, add, remove]


@pytest.mark.parametrize("change", CHANGES)
def test_another_content_is_seen_once_and_packed_once(study: Study, change: Callable[[Study], None]) -> None:
    before = study.look()
    change(study)
    after = study.look()
    assert after != before
    study.pack()
    assert study.look() == after
    touch(study)
    assert study.look() == after


@pytest.mark.parametrize("change", [edit, edit_and_keep_size_and_time, exchange, replace_by_an_older_one])
def test_a_content_that_comes_back_before_it_was_packed_anew_changes_nothing(
    study: Study, change: Callable[[Study], None]
) -> None:
    contents = {name: (study.raw / name).read_text() for name in NAMES}
    before = study.look()
    change(study)
    assert study.look() != before
    (study.raw / NAMES[0]).write_text("a third")
    study.look()
    for name, content in contents.items():
        (study.raw / name).write_text(content)
    assert study.look() == before


def test_what_stands_for_a_shard_is_as_old_as_its_newest_file_and_never_of_tomorrow(study: Study) -> None:
    times = [(study.raw / name).stat().st_mtime_ns for name in NAMES]
    assert (study.folder / "0000").stat().st_mtime_ns == max(times)
    shutil.rmtree(study.folder)
    os.utime(study.raw / NAMES[0], ns=(2**62, 2**62))
    study.look()
    made = (study.folder / "0000").stat().st_mtime_ns
    assert max(times) <= made < 2**62


def test_a_file_that_is_gone_or_has_an_odd_name_can_be_listed(study: Study) -> None:
    study.names += ["b/gone.jpg", "b/\udcff.jpg"]
    assert "b/gone.jpg\n" in study.look()
    assert study.look() == study.look()


def test_the_files_that_another_content_has_come_to_are_known(study: Study) -> None:
    exchange(study)
    touch(study)
    seen = SeenFiles(study.folder, study.raw, study.tables)
    seen.stand_in("0000", study.names)
    assert seen.differing == {"a/1.jpg", "a/2.jpg"}


def test_files_of_no_shard_are_told_by_their_time_and_one_of_tomorrow_is_never_new_twice(tmp_path: Path) -> None:
    (tmp_path / "1.jpg").write_text("x")
    os.utime(tmp_path / "1.jpg", ns=(2**62, 2**62))
    first = by_time(tmp_path / "preview", tmp_path, ["1.jpg", "gone.jpg"]).stat().st_mtime_ns
    assert first < 2**62
    assert by_time(tmp_path / "preview", tmp_path, ["1.jpg", "gone.jpg"]).stat().st_mtime_ns == first
    (tmp_path / "1.jpg").write_text("other")
    assert by_time(tmp_path / "preview", tmp_path, ["1.jpg", "gone.jpg"]).stat().st_mtime_ns > first
