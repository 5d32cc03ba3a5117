"""Files that are whole or absent, whatever ends the writer."""

import errno
import os
from pathlib import Path

import pytest

from scripts.atomic import replacing, write_text


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """In which order content and name are handed to the file system."""
    found: list[str] = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda file: [found.append("content"), fsync(file)])
    monkeypatch.setattr(os, "replace", lambda *paths: [found.append("name"), replace(*paths)])
    return found


def test_content_reaches_storage_before_its_name_does(calls: list[str], tmp_path: Path) -> None:
    write_text(tmp_path / "deep" / "record.json", "whole")
    assert calls == ["content", "name"]
    assert (tmp_path / "deep" / "record.json").read_text() == "whole"


def test_what_can_be_written_again_waits_for_no_storage(calls: list[str], tmp_path: Path) -> None:
    write_text(tmp_path / "list", "many", lasting=False)
    assert calls == ["name"]


def test_a_disk_that_is_found_full_at_the_end_leaves_the_former_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "checkpoint.pt"
    path.write_text("former")
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match=r"No space left.*checkpoint\.pt"), replacing(path) as temporary:
        temporary.write_text("new")
    assert [(found.name, found.read_text()) for found in tmp_path.iterdir()] == [("checkpoint.pt", "former")]
