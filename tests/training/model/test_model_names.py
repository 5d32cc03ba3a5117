import importlib.util
import re
from pathlib import Path

import pytest
import torchvision

from scripts.training.model import model_names as names
from scripts.training.model.model_names import file_of, known_model, model_names, shown_name
from scripts.training.points import network_id

MINE = "from torchvision.models import alexnet\nimport torch\n\ndef build(classes):\n    return 1\n\nAgain = build\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with files of the user's."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets/my_models.py").write_text(MINE)
    (tmp_path / "broken.py").write_text("def build(classes):\n    return (\n")
    return tmp_path


def test_the_names_are_torchvisions_classifiers_and_our_own() -> None:
    expected = torchvision.models.list_models(module=torchvision.models)
    assert model_names() == sorted([*expected, "tiny_cnn"])


def test_another_name_is_refused() -> None:
    with pytest.raises(ValueError, match="'resnet19' is no classifier of torchvision"):
        known_model("resnet19")


def test_where_torchvision_is_not_installed_a_name_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert known_model("resnet19") == "resnet19"
    assert known_model("timm:resnet10t") == "timm:resnet10t"


@pytest.mark.parametrize("function", ["build", "Again", "alexnet"])
def test_a_function_of_ones_own_is_found_from_the_working_directory(function: str, here: Path) -> None:
    assert known_model(f"nets/my_models.py:{function}") == f"nets/my_models.py:{function}"
    assert known_model(f"{here}/nets/my_models.py:{function}").startswith("/")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gone.py:build", "'gone.py:build': gone.py cannot be read in {here}: No such file or directory"),
        ("nets/my_models.py:make", "nets/my_models.py has no function 'make'; it has build"),
        ("nets/my_models.py:torch", "nets/my_models.py has no function 'torch'; it has build"),
        ("broken.py:build", "broken.py is no Python: line 2: '(' was never closed"),
    ],
)
def test_a_file_that_makes_no_network_is_refused_before_anything_runs(name: str, message: str, here: Path) -> None:
    with pytest.raises(ValueError, match=re.escape(message.format(here=here))):
        known_model(name)


def test_timm_s_networks_are_known_where_it_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    models = tmp_path / "timm" / "models"
    models.mkdir(parents=True)
    (tmp_path / "timm/__init__.py").touch()
    (models / "resnet.py").write_text("@register_model\ndef resnet10t(pretrained=False, **kwargs):\n    pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    names._offered.cache_clear()
    monkeypatch.delitem(importlib.sys.modules, "timm", raising=False)  # type: ignore[attr-defined]
    assert known_model("timm:resnet10t") == "timm:resnet10t"
    assert known_model("timm:resnet10t.c3_in1k") == "timm:resnet10t.c3_in1k"
    with pytest.raises(ValueError, match=r"'timm:resnet11t' is no network of the installed timm"):
        known_model("timm:resnet11t")
    names._offered.cache_clear()


def test_where_timm_is_not_installed_its_networks_are_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "timm" else found(name))
    with pytest.raises(ValueError, match=r"'timm:resnet10t' is of the package timm, .*: pip install timm"):
        known_model("timm:resnet10t")


@pytest.mark.parametrize(
    ("name", "shown", "short"),
    [
        ("resnext50_32x4d", "resnext50_32x4d", "resnext50_32x4d"),
        ("timm:resnet10t", "timm:resnet10t", "timm_resnet10t"),
        ("timm:vit_tiny_patch16_224.augreg_in21k", None, "timm_vit_tiny_patch16_224_augreg_in21k"),
        ("/home/me/My-Models.py:build", "My-Models.py:build", "my_models_build"),
    ],
)
def test_names_of_files_and_points_hold_no_folder_and_no_mark(name: str, shown: str | None, short: str) -> None:
    assert shown_name(name) == (shown or name)
    assert network_id(shown_name(name)) == short
    assert (file_of(name) is not None) == name.endswith(":build")
