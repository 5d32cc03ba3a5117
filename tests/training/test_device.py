"""The device of a study is decided once, and points that need more GPUs than there are cannot be trained."""

from pathlib import Path

import pynvml
import pytest
from helping import training_point

from scripts.training.device import Decision, gpus_here


@pytest.fixture(autouse=True)
def driver(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine of two GPUs."""
    monkeypatch.setattr(pynvml, "nvmlInit", lambda: None)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetCount", lambda: 2)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


@pytest.mark.parametrize(("visible", "count"), [("0", 1), ("", 0), ("-1", 0), ("0,1,2", 2), ("1,-1,0", 1)])
def test_gpus_are_those_that_a_process_may_use(visible: str, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert gpus_here() == 2
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert gpus_here() == count


def test_auto_is_decided_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = tmp_path / "training" / "device.json"
    first = Decision.of("auto", True, written)
    assert first == Decision(device="cuda", gpus=2)
    first.keep(written)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    assert Decision.of("auto", True, written) == first
    assert Decision.of("cpu", True, written).device == "cpu"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    Decision.of("auto", True, tmp_path / "other").keep(written)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    assert Decision.of("auto", True, written).device == "cpu"
    assert Decision.of("cuda", True, written) == first


def test_on_a_cluster_gpus_are_asked_for_by_name(tmp_path: Path) -> None:
    assert Decision.of("auto", False, tmp_path / "device.json").device == "cpu"
    asked = Decision.of("cuda", False, tmp_path / "device.json")
    assert asked == Decision(device="cuda", gpus=None)
    assert asked.lacking([training_point("ddp", 8)]) == {}


def test_a_point_without_gpus_enough_is_left_out() -> None:
    points = [training_point("serial", 1), training_point("ddp", 2)]
    reason = "it takes a GPU for each of 2 workers, and this machine has 1"
    assert Decision(device="cuda", gpus=1).lacking(points) == {"resnet18-ddp-2": reason}
    assert Decision(device="cpu", gpus=None).lacking(points) == {}
