"""Files whose pages are in memory, and files whose pages are not: looked at through the kernel."""

import mmap
import os
from pathlib import Path

import pytest

from scripts import page_cache
from scripts.errors import ImageError

PAGES = 40


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Two files, written out, so that the kernel may drop their pages."""
    found = [tmp_path / "a", tmp_path / "b"]
    for path in found:
        with path.open("wb") as opened:
            opened.write(b"x" * (PAGES * mmap.PAGESIZE - 100))
            opened.flush()
            os.fsync(opened.fileno())
    return found


def test_read_files_are_resident_and_evicted_ones_are_not(files: list[Path]) -> None:
    page_cache.warm(files)
    assert page_cache.resident_share(files) == 1.0
    page_cache.evict(files)
    assert page_cache.resident_share(files) == 0.0
    page_cache.warm(files)
    assert page_cache.resident_share(files) == 1.0


def test_the_share_is_over_all_pages(files: list[Path]) -> None:
    page_cache.warm(files)
    page_cache.evict(files[:1])
    assert page_cache.resident_share(files) == 0.5


def test_pages_that_someone_maps_stay_and_are_seen_to(files: list[Path]) -> None:
    with files[0].open("rb") as opened, mmap.mmap(opened.fileno(), 0, prot=mmap.PROT_READ) as mapped:
        assert mapped[0] == mapped[-1] == ord("x")
        page_cache.evict(files)
        assert page_cache.resident_share(files) > 0


def test_nothing_and_empty_files_are_warm(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert page_cache.resident_share([]) == 1.0
    assert page_cache.resident_share([tmp_path / "empty"]) == 1.0


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"gone\.jpg: cannot be read: No such file"):
        page_cache.warm([tmp_path / "gone.jpg"])
