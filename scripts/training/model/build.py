"""The network: a classifier with as many outputs as the study has classes."""

from pathlib import Path
from typing import Any

import torch
import torchvision

from scripts.errors import UserError
from scripts.training.model.model_file import build_of_file
from scripts.training.model.model_names import OWN, TIMM
from scripts.training.model.tiny_cnn import tiny_cnn


def build(name: str, classes: int, weights: Path | None, file: Path | None = None) -> torch.nn.Module:
    """The model, initialised from torch's seed, or from a file of a state_dict (read weights-only).

    `file` holds the function of the user's that makes it, where it is none of torchvision's, timm's or our own.

    Layers of given weights whose shape differs in the first dimension alone, which is the classifier's last layer, keep
    their fresh values.

    Raises:
        UserError: the file holds no weights, or not those of this model; it cannot be made.
    """
    # Some of torchvision's networks return a second, auxiliary output in training unless told not to.
    more: dict[str, Any] = {"aux_logits": False} if name in {"googlenet", "inception_v3"} else {}
    if more:
        more["init_weights"] = True
    model = _fresh(name, classes, file, more)
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


def _fresh(name: str, classes: int, file: Path | None, more: dict[str, Any]) -> torch.nn.Module:
    if name == OWN:
        return tiny_cnn(classes)
    if file is not None:
        return build_of_file(name, file, classes)
    if name.startswith(TIMM):
        try:
            import timm
        except ImportError:
            raise UserError(f"training.model: {name} needs the package timm: pip install timm") from None
        try:
            found: torch.nn.Module = timm.create_model(name.removeprefix(TIMM), pretrained=False, num_classes=classes)
        except (RuntimeError, ValueError) as error:
            raise UserError(f"training.model: {name}: {error}") from None
        return found
    model: torch.nn.Module = torchvision.models.get_model(name, weights=None, num_classes=classes, **more)
    return model


def _given(weights: Path) -> dict[str, torch.Tensor]:
    try:
        return dict(torch.load(weights, map_location="cpu", weights_only=True))
    except Exception as error:  # torch raises whatever its unpickler meets
        raise UserError(f"training.weights: {weights} is no state_dict file ({error})") from None
