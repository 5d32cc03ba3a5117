"""The network: a torchvision classifier with as many outputs as the study has classes."""

from pathlib import Path

import torch
import torchvision

from scripts.errors import UserError


def build(name: str, classes: int, weights: Path | None) -> torch.nn.Module:
    """The model, initialised from torch's seed or from a file of a state_dict (read weights-only).

    Layers of the file whose shape differs in the first dimension alone, which is the classifier's last layer, keep
    their fresh values.

    Raises:
        UserError: the file is no state_dict, or not one of this model.
    """
    model: torch.nn.Module = torchvision.models.get_model(name, weights=None, num_classes=classes)
    if weights is not None:
        own = model.state_dict()
        try:
            given = dict(torch.load(weights, map_location="cpu", weights_only=True))
        except Exception as error:  # torch raises whatever its unpickler meets
            raise UserError(f"training.weights: {weights} is no state_dict file ({error})") from None
        last = [key for key in own if key in given and own[key].shape != given[key].shape]
        if set(given) != set(own) or any(own[key].shape[1:] != given[key].shape[1:] for key in last):
            raise UserError(f"training.weights: {weights} does not hold the weights of {name}")
        model.load_state_dict(given | {key: own[key] for key in last})
    return model
