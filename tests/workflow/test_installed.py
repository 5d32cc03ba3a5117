"""Installed packages are compared with the lock when a run starts."""

from importlib import metadata
from pathlib import Path

import pytest

from scripts.spec import differing_packages

TORCH = metadata.version("torch").partition("+")[0]


def test_another_version_than_the_locks_is_named(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lines = ["--requirement other.lock", f"torch=={TORCH}", "numpy==0.1", "not_there==1"]
    lines.append('psutil==0.2 ; sys_platform == "linux"')
    lock.write_text("\n".join(lines) + "\n")
    numpy, psutil = metadata.version("numpy"), metadata.version("psutil")
    assert differing_packages(lock) == [f"numpy {numpy} (lock: 0.1)", f"psutil {psutil} (lock: 0.2)"]


def test_a_package_whose_files_are_half_gone_is_taken_for_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "psutil-0.1.dist-info").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "requirements.lock").write_text("psutil==0.2\n")
    assert differing_packages(tmp_path / "requirements.lock") == []
