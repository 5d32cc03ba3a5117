"""The network: a classifier with as many outputs as the study has classes."""

from pathlib import Path
from typing import Any

import torch
import torchvision

from scripts.errors import UserError
from scripts.training.model.model_names import OWN
from scripts.training.model.tiny_cnn import tiny_cnn


def build(name: str, classes: int, weights: Path | None) -> torch.nn.Module:
    """The model, initialised from torch's seed, or from a file of a state_dict (read weights-only).

    Layers of given weights whose shape differs in the first dimension alone, which is the classifier's last layer, keep
    their fresh values.

    Raises:
        UserError: the file holds no weights, or not those of this model.
    """
    # Some of torchvision's networks return a second, auxiliary output in training unless told not to.
    more: dict[str, Any] = {"aux_logits": False} if name in {"googlenet", "inception_v3"} else {}
    if more:
        more["init_weights"] = True
    model: torch.nn.Module = (
        tiny_cnn(classes)
        if name == OWN
        else torchvision.models.get_model(name, weights=None, num_classes=classes, **more)
    )
    if weights is not None:
        own = model.state_dict()
        given = _given(weights)
        if more:
            given = {key: value for key, value in given.items() if not key.lower().startswith("aux")}
        last = [key for key in own if key in given and own[key].shape != given[key].shape]
        if set(given) != set(own) or any(own[key].shape[1:] != given[key].shape[1:] for key in last):
            raise UserError(f"training.weights: {weights} does not hold the weights of {name}")
        model.load_state_dict(given | {key: own[key] for key in last})
    return model


def _given(weights: Path) -> dict[str, torch.Tensor]:
    try:
        return dict(torch.load(weights, map_location="cpu", weights_only=True))
    except Exception as error:  # torch raises whatever its unpickler meets
        raise UserError(f"training.weights: {weights} is no state_dict file ({error})") from None
