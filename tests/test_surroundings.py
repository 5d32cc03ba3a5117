"""What a program takes from its environment, and what it does not (scripts/__init__.py)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from helping import ROOT

from scripts.loading.backends.plain.joblib import Backend


def printed(program: str, folder: Path = ROOT, **variables: str) -> str:
    """What a fresh interpreter prints that runs `program` with these variables."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | variables
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_openmp_binds_no_program_to_a_core() -> None:
    program = "from scripts import cli; import os, torch; print(*os.sched_getaffinity(0))"
    found = printed(program, OMP_PROC_BIND="true", GOMP_CPU_AFFINITY="0")
    assert found.split() == [str(core) for core in os.sched_getaffinity(0)]


def test_a_notebooks_backend_of_figures_is_none_of_ours() -> None:
    assert printed("import scripts, matplotlib; print(matplotlib.get_backend())", MPLBACKEND="module://none") == "agg"


def test_joblibs_switch_turns_no_workers_off() -> None:
    assert printed("import scripts, joblib; print(joblib.effective_n_jobs(2))", JOBLIB_MULTIPROCESSING="0") == "2"


def test_joblib_without_its_workers_is_no_way_to_load(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("joblib.effective_n_jobs", lambda _: 1)
    with pytest.raises(OSError, match="joblib works with 1 of 2 workers"), Backend(print, workers=2):  # type: ignore[arg-type]
        pytest.fail("entered")


def test_what_a_program_starts_finds_no_modules_in_the_working_folder(tmp_path: Path) -> None:
    (tmp_path / "random.py").write_text("raise SystemExit('theirs')")
    inner = "import random; print(random.__file__)"
    program = f"import scripts, subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}], check=True)"
    for path in (str(ROOT), f"{ROOT}:", f":{ROOT}:relative"):
        # The program itself starts elsewhere: it is a child that must not look into the folder.
        assert str(tmp_path) not in printed(f"import os; os.chdir({str(tmp_path)!r}); {program}", PYTHONPATH=path)


def test_folders_of_modules_that_the_user_names_stay_behind_ours(tmp_path: Path) -> None:
    found = printed("import scripts, os; print(os.environ['PYTHONPATH'])", PYTHONPATH=f"{tmp_path}:{ROOT}::here")
    assert found == f"{ROOT}:{tmp_path}"
