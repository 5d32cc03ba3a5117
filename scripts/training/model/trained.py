"""A trained network on disk, with all that its use needs: `model.pt`, which torch.load reads weights-only."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from scripts.atomic import replacing
from scripts.augment.pixels import centre
from scripts.errors import UserError
from scripts.training.device import on_this_machine
from scripts.training.model.build import build
from scripts.training.model.model_file import expected_file
from scripts.training.points import Device


@dataclass(frozen=True)
class TrainedNetwork:
    """What rule train_model gives."""

    model: str  # as `training.model`
    model_digest: str | None  # of the user's file that makes it
    classes: list[str]
    size: int  # edge of what it sees, pixels
    mean: list[float]  # of each channel, 0-255, that pixels are normalised by
    std: list[float]
    decode: dict[str, Any]  # how a file becomes pixels: `size` and `steps` of the study
    epoch: int  # whose end these weights are of, from 1: the best on validation, the earliest of equals
    valid_accuracy: float
    state_dict: dict[str, torch.Tensor]

    def write(self, path: Path) -> None:
        """Write it, whole or not at all."""
        with replacing(path) as temporary:
            torch.save(vars(self), temporary)

    @classmethod
    def read(cls, path: Path) -> "TrainedNetwork":
        """Raises UserError where the file holds no trained network."""
        try:
            return cls(**torch.load(path, map_location="cpu", weights_only=True))
        except Exception as error:  # torch raises whatever its unpickler meets
            raise UserError(f"{path} holds no trained network ({error}); run the target model again") from None

    def network(self, device: torch.device, file: Path | None = None) -> torch.nn.Module:
        """The network, ready to be used; `file` as build() takes it.

        Raises:
            UserError: the file is not the one that it was trained with.
        """
        file = expected_file(file, self.model_digest, f"{self.model} was trained with; run the target model again")
        network = build(self.model, len(self.classes), None, file)
        network.load_state_dict(self.state_dict)
        return network.to(device, memory_format=torch.channels_last).eval()  # type: ignore[no-any-return, call-overload]

    def normalised(self, pixels: np.ndarray, device: torch.device) -> torch.Tensor:
        """The centres of uint8 (n, edge, edge, 3), as `decode` makes them, as float32 (n, 3, size, size)."""
        images = centre(torch.from_numpy(pixels), self.size).to(device).permute(0, 3, 1, 2)
        mean, std = (torch.tensor(found, device=device).view(1, 3, 1, 1) for found in (self.mean, self.std))
        return images.sub(mean).div_(std.clamp(min=1.0))


def device_of(asked: Device) -> torch.device:
    """The device that one process computes on."""
    return torch.device(on_this_machine(asked))
