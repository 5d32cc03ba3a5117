"""workflow/Snakefile: found by its name and through the root's Snakefile, and read where Snakemake is all there is."""

import os
import re
import shutil
from pathlib import Path

import pytest
from helping import ROOT, Run

DRY = ("snakemake", "--profile", str(ROOT / "profiles/local"), "--dry-run", "--printshellcmds")
# What programs import, and neither Snakemake nor its plugin for Slurm brings.
ABSENT = ("bokeh", "cv2", "dask", "distributed", "joblib", "matplotlib", "pyarrow", "rich", "scipy", "torch")


def test_both_snakefiles_plan_the_same_commands(run: Run, tmp_path: Path) -> None:
    planned = []
    for snakefile in ("Snakefile", "workflow/Snakefile"):
        printed = run(ROOT, *DRY, "--snakefile", snakefile, "--directory", str(tmp_path)).stdout
        planned.append(sorted(re.findall(r"^Shell command: (.*)$", printed, flags=re.MULTILINE)))
    assert planned[0] == planned[1]
    assert any("scripts.report.page.render_page" in command for command in planned[0])


def test_the_linter_needs_nothing_but_snakemake(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # So it is called where workflows are catalogued.
    hidden = "".join(f"sys.modules[{name!r}] = None\n" for name in (*ABSENT, "torchvision"))
    (tmp_path / "sitecustomize.py").write_text(f"import sys\n{hidden}")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    assert "good condition" in run(ROOT, "snakemake", "--lint").stderr


def test_a_workflow_without_its_programs_says_what_to_do(run: Run, tmp_path: Path) -> None:
    for name in ("workflow", "config"):
        shutil.copytree(ROOT / name, tmp_path / name)
    ended = run(tmp_path, "snakemake", "--dry-run", check=False)
    assert ended.returncode
    assert f"found no programs in {tmp_path}; expected a clone of the repository" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_another_workflow_takes_the_rules_of_a_clone_as_a_module(run: Run, tmp_path: Path) -> None:
    (tmp_path / "Snakefile").write_text(
        f'module scalecard:\n    snakefile: "{ROOT}/workflow/Snakefile"\n    config: {{"study": "theirs"}}\n\n'
        "use rule * from scalecard\n"
    )
    planned = run(tmp_path, "snakemake", "--cores", "2", "--resources", "machine=1000", "--dry-run", "--quiet", "rules")
    assert re.search(r"^train +\d", planned.stdout, flags=re.MULTILINE)


def test_several_targets_are_planned_in_a_fresh_folder(run: Run, tmp_path: Path) -> None:
    targets = [f"results/demo/scaling/{name}.csv" for name in ("loading", "training")]
    planned = run(tmp_path, *DRY, "--snakefile", str(ROOT / "Snakefile"), *targets, check=False)
    assert planned.returncode == 0, planned.stderr
