"""A network that a function of the user's makes."""

import re
import sys
from pathlib import Path

import pytest
import torch
from helping import ROOT, Command, Run, Train

from scripts import record
from scripts.errors import UserError
from scripts.spec import canonical
from scripts.training.model.build import build
from scripts.training.model.describe_model import DescribeSpec, describe
from scripts.training.model.model_file import expected_file
from scripts.training.model.trained import TrainedNetwork
from scripts.user_function import file_digest

NN = "from torch import nn\n"
MODULE = NN + "class build(nn.Module):\n    def __init__(self, classes):\n        super().__init__()\n"
TIMM = "from torch import nn\ndef create_model(name, pretrained, num_classes):\n"
TIMM += "    assert (name, pretrained) == ('resnet10t', False)\n    return nn.Linear(3, num_classes)\n"
UNKNOWN = "def create_model(*_, **__):\n    raise RuntimeError('Unknown model (resnet10t)')\n"
MINE = """
from torch import nn

from blocks import block


def build(classes):
    return nn.Sequential(block(3, 16), block(16, 32), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, classes))
"""
BLOCKS = """
from torch import nn


def block(given, made):
    return nn.Sequential(nn.Conv2d(given, made, 3, 2, 1, bias=False), nn.GroupNorm(4, made), nn.ReLU())
"""
NAME = "my_models.py:build"


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that makes a network, with another beside it that it imports."""
    folder = tmp_path_factory.mktemp("mine")
    (folder / "blocks.py").write_text(BLOCKS)
    (folder / "my_models.py").write_text(MINE)
    return folder / "my_models.py"


def described(text: str, folder: Path) -> object:
    file = folder / "my_models.py"
    file.write_text(text)
    return describe(DescribeSpec(model=NAME, model_digest=None, classes=3, size=32, packages=[]), file)


def test_it_is_given_the_number_of_classes_and_begins_with_torchs_seed(mine: Path) -> None:
    torch.manual_seed(0)
    one = build(NAME, 7, None, mine)
    torch.manual_seed(0)
    other = build(NAME, 7, None, mine)
    assert one(torch.zeros(2, 3, 32, 32)).shape == (2, 7)
    assert all(map(torch.equal, one.state_dict().values(), other.state_dict().values()))


def test_it_takes_weights_of_other_classes(mine: Path, tmp_path: Path) -> None:
    given = build(NAME, 7, None, mine).state_dict()
    torch.save(given, tmp_path / "weights.pt")
    found = build(NAME, 3, tmp_path / "weights.pt", mine).state_dict()
    assert torch.equal(found["0.0.weight"], given["0.0.weight"])
    assert found["4.weight"].shape == (3, 32)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def build(classes):\n    return classes / 0\n", "line 2: ZeroDivisionError: division by zero"),
        ("import no_such_package\ndef build(classes): ...\n", "line 1: ModuleNotFoundError: No module named 'no_su"),
        ("def build():\n    return 1\n", "TypeError: build() takes 0 positional arguments but 1 was given"),
        ("def build(classes):\n    return [classes]\n", f"{NAME} gives a list; expected a torch.nn.Module for 3 cl"),
        (
            NN + "def build(classes):\n    return nn.Sequential(nn.Flatten(), nn.Linear(3072, 10))\n",
            f"{NAME} gives [2, 10] for 2 images; expected [2, 3], a number for each class",
        ),
        (
            MODULE + "    def forward(self, images):\n        return images, images\n",
            f"{NAME} gives a tuple for 2 images; expected [2, 3]",
        ),
        (
            MODULE + "    def forward(self, images):\n        raise KeyError('x')\n",
            f"training.model: {NAME} cannot take square images of three channels (KeyError: 'x')",
        ),
    ],
)
def test_a_function_that_makes_no_classifier_is_told_in_one_line(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=re.escape(message)) as told:
        described(text, tmp_path)
    assert str(told.value).startswith("training.model: ")
    assert "\n" not in str(told.value)


def test_another_content_than_was_planned_with_is_refused(mine: Path, tmp_path: Path) -> None:
    assert expected_file(mine, file_digest(mine), "it was planned with") == mine
    assert expected_file(None, None, "it was planned with") is None
    with pytest.raises(UserError, match=r"has the digest [0-9a-f]{12}, not 0{12} of the one that it was planned with"):
        expected_file(mine, "0" * 12, "it was planned with")
    with pytest.raises(UserError, match=r"found no file .*gone\.py; expected the one that it was planned with"):
        expected_file(tmp_path / "gone.py", "0" * 12, "it was planned with")


def test_it_is_trained_on_any_number_of_workers_and_used_and_its_digest_stands_in_the_key(
    mine: Path, train: Train, train_command: Command, run: Run, study: Path, tmp_path: Path
) -> None:
    point = {"model": NAME}
    settings = {"model_digest": file_digest(mine), "model_file": mine, "point": point}
    serial = train("serial", 1, **settings)
    assert (serial.point_id, serial.key["model"]) == ("my_models_build-serial-1", NAME)
    assert serial.key["model_digest"] == file_digest(mine)
    command = train_command(tmp_path / "record.json", "ddp", 2, **settings)
    run(ROOT, *command, "--model", str(tmp_path / "model.pt"), "--decode", '{"size": 32, "steps": [{"resize": {}}]}')
    ddp = record.read(tmp_path / "record.json")
    losses = [[epoch.loss for epoch in one.quality.epochs] for one in (serial, ddp) if one.quality]
    assert losses[0] == pytest.approx(losses[1], rel=2e-4)
    assert ddp.key == serial.key

    features = ["--model", str(tmp_path / "model.pt"), "--pixels", str(study / "0000.npy")]
    features += ["--features", str(tmp_path / "features.npy"), "--spec", canonical(device="cpu", batch=5)]
    program = [sys.executable, "-m", "scripts.training.use.extract_features", *features]
    run(ROOT, *program, "--model-file", str(mine))
    assert TrainedNetwork.read(tmp_path / "model.pt").model_digest == file_digest(mine)
    refused = run(ROOT, *program, check=False)
    assert refused.returncode == 1
    assert "found no file None; expected the one that my_models.py:build was trained with" in refused.stderr


def test_a_launch_with_another_file_than_was_planned_with_is_refused(
    mine: Path, train_command: Command, run: Run, tmp_path: Path
) -> None:
    settings = {"model_digest": "0" * 12, "model_file": mine, "point": {"model": NAME}}
    done = run(ROOT, *train_command(tmp_path / "b1.json", "serial", 1, **settings), check=False)
    assert done.returncode == 1
    assert "of the one that the run was planned with; run it again" in done.stderr


def test_a_network_of_timm_is_made_by_timm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "timm.py").write_text(TIMM)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "timm", raising=False)
    assert build("timm:resnet10t", 7, None).out_features == 7
    monkeypatch.delitem(sys.modules, "timm")
    (tmp_path / "timm.py").write_text(UNKNOWN)
    with pytest.raises(UserError, match=r"training\.model: timm:resnet10t: Unknown model"):
        build("timm:resnet10t", 7, None)
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(UserError, match="timm:resnet10t needs the package timm: pip install timm"):
        build("timm:resnet10t", 7, None)
