"""Torchvision's weights, by a cache of torch's in place of the network."""

import re
import sys
from pathlib import Path

import pytest
import torch
import torchvision
from helping import ROOT, Run

from scripts.errors import UserError
from scripts.spec import canonical
from scripts.training.model.build import build
from scripts.training.model.fetch_weights import WeightsSpec, fetch

WEIGHTS = torchvision.models.ResNet18_Weights.IMAGENET1K_V1


def test_weights_come_from_torchs_cache_where_it_has_them(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached = tmp_path / "hub" / "checkpoints" / WEIGHTS.url.rpartition("/")[2]
    cached.parent.mkdir(parents=True)
    given = build("resnet18", 1000, None).state_dict()
    torch.save(given, cached)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    spec = canonical(model="resnet18", weights=WEIGHTS.name, packages=[])
    flags = ["--output", str(tmp_path / "weights.pt"), "--spec", spec]
    run(ROOT, sys.executable, "-m", "scripts.training.model.fetch_weights", *flags)
    found = build("resnet18", 5, tmp_path / "weights.pt").state_dict()
    assert torch.equal(found["conv1.weight"], given["conv1.weight"])


@pytest.mark.parametrize(
    ("model", "name", "message"),
    [
        ("resnet18", "IMAGENET1K_V9", "found IMAGENET1K_V9; expected of resnet18 one of IMAGENET1K_V1, or a file"),
        ("tiny_cnn", "IMAGENET1K_V1", "expected of tiny_cnn one of null, or a file"),
        ("resnet18", "IMAGENET1K_V1", "IMAGENET1K_V1 of resnet18 cannot be fetched from https://.*: no network"),
    ],
)
def test_weights_that_cannot_be_had_are_named(
    model: str, name: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr("torch.hub.load_state_dict_from_url", fail)
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", fail)
    with pytest.raises(UserError, match=message):
        fetch(WeightsSpec(model=model, weights=name, packages=[]))


def test_a_study_fetches_its_weights_once_where_snakemake_runs(run: Run, tmp_path: Path) -> None:
    flags = ["--profile", "slurm", "--directory", str(tmp_path), "--config", "training={'weights': 'IMAGENET1K_V1'}"]
    planned = run(ROOT, "snakemake", "-n", "-p", *flags).stdout
    assert len(re.findall(r"^(?:local)?rule fetch_weights:", planned, re.MULTILINE)) == 1
    trainings = re.findall(r"python -m scripts\.training\.launch\.train .*", planned)
    assert trainings
    assert all("--weights results/demo/training/weights/resnet18.pt" in command for command in trainings)
