import importlib.util

import pytest
import torchvision

from scripts.training.model.model_names import known_model, model_names


def test_the_names_are_torchvisions_classifiers_and_our_own() -> None:
    expected = torchvision.models.list_models(module=torchvision.models)
    assert model_names() == sorted([*expected, "tiny_cnn"])


def test_another_name_is_refused() -> None:
    with pytest.raises(ValueError, match="'resnet19' is no classifier of torchvision"):
        known_model("resnet19")


def test_where_torchvision_is_not_installed_a_name_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert known_model("resnet19") == "resnet19"
