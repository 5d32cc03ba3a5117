"""A study on GPUs: points that need more than there are are left out, and jobs ask for theirs."""

import json
import re
from pathlib import Path

import pytest
from helping import ROOT, Run

# A driver of one GPU, for all that Python starts.
ONE_GPU = """
import pynvml
pynvml.nvmlInit = lambda: None
pynvml.nvmlDeviceGetCount = lambda: 1
"""


def planned(run: Run, folder: Path, profile: str, training: str, *targets: str) -> str:
    flags = ["--profile", profile, "--directory", str(folder), "--config", f"training={training}"]
    done = run(ROOT, "snakemake", *targets, *flags, "-n", "-p", check=False, fresh=True)
    return done.stdout + done.stderr


@pytest.fixture
def one_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for a study, on a machine with one GPU."""
    (tmp_path / "driver").mkdir()
    (tmp_path / "driver" / "sitecustomize.py").write_text(ONE_GPU)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "driver"))
    return tmp_path


def test_a_study_on_one_gpu_measures_there_what_it_can(one_gpu: Path, run: Run) -> None:
    said = planned(run, one_gpu, "local", "{'workers': [1, 2]}", "--until", "train")
    assert "left out: resnet18-ddp-2: it takes a GPU for each of 2 workers, and this machine has 1" in said
    commands = re.findall(r"python -m scripts\.training\.launch\.train .*", said)
    assert len(commands) == 6
    assert all("--device cuda" in command for command in commands)
    assert '"device":"auto"' in commands[0]  # what was found on this machine makes nothing stale


def test_what_cannot_be_trained_there_ends_the_run(one_gpu: Path, run: Run) -> None:
    said = planned(run, one_gpu, "local", "{'device': 'cuda', 'predict': {'point': 'resnet18-ddp-2'}}", "all")
    assert "error: training.device: found cuda; resnet18-ddp-2 cannot be trained: it takes a GPU for each of 2" in said
    said = planned(run, one_gpu, "slurm", "{'tuning': {'sync_batchnorm': true}}", "all")
    assert "error: training.device: found auto, which is cpu here: tuning.sync_batchnorm is torch's" in said


@pytest.mark.parametrize(
    ("rule", "target"), [("measure_stages", "all"), ("extract_features", "features"), ("predict_part", "predict")]
)
def test_whatever_uses_a_gpu_asks_for_it(rule: str, target: str, one_gpu: Path, pictures: Path, run: Run) -> None:
    training = {"device": "cuda", "strategies": ["serial", "pipeline"], "predict": {"folder": str(pictures)}}
    said = planned(run, one_gpu, "slurm", json.dumps(training), target)
    resources = re.findall(rf"^rule {rule}:.*?^    resources: (.*?)$", said, re.MULTILINE | re.DOTALL)
    assert resources
    assert all("gres=gpu:1" in found for found in resources)
    assert "gres" not in "".join(re.findall(r"^rule split:.*?^    resources: (.*?)$", said, re.MULTILINE | re.DOTALL))
