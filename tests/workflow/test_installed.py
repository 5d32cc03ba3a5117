"""Installed packages are compared with the lock when a run starts."""

from importlib import metadata
from pathlib import Path

from helping import ROOT, Run, copy_checkout

from scripts.spec import differing_packages

TORCH = metadata.version("torch").partition("+")[0]


def test_another_version_than_the_locks_is_named(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lines = ["--requirement other.lock", f"torch=={TORCH}", "numpy==0.1", "not_there==1"]
    lines.append('psutil==0.2 ; sys_platform == "linux"')
    lock.write_text("\n".join(lines) + "\n")
    numpy, psutil = metadata.version("numpy"), metadata.version("psutil")
    assert differing_packages(lock) == [f"numpy {numpy} (lock: 0.1)", f"psutil {psutil} (lock: 0.2)"]


def test_a_run_says_so_in_one_line(run: Run, tmp_path: Path) -> None:
    checkout = copy_checkout(tmp_path / "checkout")
    lock = checkout / "requirements.lock"
    lock.write_text(lock.read_text().replace(f"torch=={TORCH}", "torch==0.1"))
    said = run(checkout, "snakemake", "--profile", "local", "-n").stderr
    warnings = [line for line in said.splitlines() if line.startswith("warning: installed")]
    assert len(warnings) == 1
    assert f"torch {metadata.version('torch')} (lock: 0.1); what was" in warnings[0]


def test_a_run_with_what_the_lock_names_says_nothing(run: Run, tmp_path: Path) -> None:
    said = run(ROOT, "snakemake", "--profile", "local", "-n", "--directory", str(tmp_path)).stderr
    assert "warning" not in said
