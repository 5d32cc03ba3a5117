"""The network: a classifier with as many outputs as the study has classes."""

from pathlib import Path
from typing import Any

import torch
import torchvision

from scripts.errors import UserError
from scripts.training.model_names import OWN
from scripts.training.tiny_cnn import tiny_cnn


def build(name: str, classes: int, weights: Path | str | None) -> torch.nn.Module:
    """The model, initialised from torch's seed, from a file of a state_dict (read weights-only), or by the name of
    torchvision's weights, which are downloaded where torch has not cached them.

    Layers of given weights whose shape differs in the first dimension alone, which is the classifier's last layer, keep
    their fresh values.

    Raises:
        UserError: no such weights, or not those of this model.
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
        given = _given(name, weights)
        if more:
            given = {key: value for key, value in given.items() if not key.lower().startswith("aux")}
        last = [key for key in own if key in given and own[key].shape != given[key].shape]
        if set(given) != set(own) or any(own[key].shape[1:] != given[key].shape[1:] for key in last):
            raise UserError(f"training.weights: {weights} does not hold the weights of {name}")
        model.load_state_dict(given | {key: own[key] for key in last})
    return model


def _given(name: str, weights: Path | str) -> dict[str, torch.Tensor]:
    if isinstance(weights, str):
        try:
            return dict(torchvision.models.get_model_weights(name)[weights].get_state_dict(progress=False))
        except (KeyError, ValueError):
            known = [] if name == OWN else [one.name for one in torchvision.models.get_model_weights(name)]
            raise UserError(
                f"training.weights: found {weights}; expected of {name} one of {', '.join(known) or 'null'}, or a file"
            ) from None
        except OSError as error:  # no network
            raise UserError(f"training.weights: {weights} of {name} cannot be downloaded: {error}") from None
    try:
        return dict(torch.load(weights, map_location="cpu", weights_only=True))
    except Exception as error:  # torch raises whatever its unpickler meets
        raise UserError(f"training.weights: {weights} is no state_dict file ({error})") from None
