"""A study of a training script of one's own, from its command to its page."""

import json
import shutil
from pathlib import Path

import pytest
from helping import ROOT, Run

SCRIPT = ROOT / "tests/training/program/examples/train.py"


@pytest.fixture
def flags(tmp_path: Path) -> list[str]:
    """Of Snakemake: a project with the script, and a study of it in one block."""
    project = tmp_path / "project"
    project.mkdir()
    shutil.copy(SCRIPT, project)
    (project / "models.py").write_text("EDGE = 1\n")
    settings = {
        "study": "own",
        "training": {
            "program": {
                "command": "train.py --batch-size {batch_per_rank} --epochs 20 --seed {seed}",
                "folder": "project",
                "stop_after": {"steps": 20},
            },
            "workers": [1, 2],
            "global_batch": 8,
            "blocks": 1,
        },
    }
    (tmp_path / "own.yaml").write_text(json.dumps(settings))
    return ["--profile", "local", "--directory", str(tmp_path), "--configfile", str(tmp_path / "own.yaml")]


def test_a_script_of_ones_own_is_measured_to_its_page_and_again_once_it_is_edited(
    run: Run, tmp_path: Path, flags: list[str]
) -> None:
    planned = run(ROOT, "snakemake", "-n", *flags).stdout
    assert "measure_program" in planned
    assert not {"pack_shard", "measure_loading", "train"} & set(planned.split())
    said = run(ROOT, "snakemake", *flags)
    assert "2 of 2 measured; all of them count" in said.stdout + said.stderr
    page = (tmp_path / "results/own/report/trainings.html").read_text()
    assert "<code>train.py --batch-size {batch_per_rank} --epochs 20 --seed {seed}</code>" in page
    assert all(f'<th scope="row" class="text">train-program-{workers}' in page for workers in (1, 2))
    assert str(tmp_path) not in page
    assert "Nothing to be done" in run(ROOT, "snakemake", "-n", *flags).stdout
    assert sorted(path.name for path in (tmp_path / "project").iterdir()) == ["models.py", "train.py"]
    (tmp_path / "project/models.py").write_text("EDGE = 2\n")
    again = run(ROOT, "snakemake", "-n", *flags).stdout
    assert "measure_program            2" in again
    assert "project/models.py" in again


def test_a_script_that_is_not_there_ends_the_run_before_any_job(run: Run, tmp_path: Path, flags: list[str]) -> None:
    (tmp_path / "project/train.py").unlink()
    done = run(ROOT, "snakemake", "-n", *flags, check=False)
    assert done.returncode == 1
    assert "error: training.program.command: found no file project/train.py; expected a script in" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_a_script_does_not_hear_of_is_named(run: Run, flags: list[str]) -> None:
    done = run(ROOT, "snakemake", "-n", *flags, "--config", "images={'folder': '/data/mine'}")
    assert "passed over, since training.program reads and trains by itself: images.folder\n" in done.stderr


def test_the_network_of_a_script_is_its_own(run: Run, flags: list[str]) -> None:
    done = run(ROOT, "snakemake", "-n", "model", *flags, check=False)
    assert done.returncode == 1
    assert "target model: found training.program, whose script keeps its own network" in done.stdout + done.stderr
