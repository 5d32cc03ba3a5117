"""What the example trainings share: pictures, a network, and what each rank says at its end."""

import json
from typing import Any

import torch
from torch import nn
from torch.utils.data import Dataset

CLASSES = 5


class Pictures(Dataset[dict[str, torch.Tensor]]):
    """Random pictures with labels, as dictionaries."""

    def __init__(self, count: int) -> None:
        generator = torch.Generator().manual_seed(0)
        self.pixels = torch.rand(count, 3, 16, 16, generator=generator)
        self.labels = torch.randint(0, CLASSES, (count,), generator=generator)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        return {"pixel_values": self.pixels[index], "labels": self.labels[index]}


def network() -> nn.Module:
    """A small convolutional network."""
    torch.manual_seed(0)
    convolution = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(4))
    return nn.Sequential(convolution, nn.Flatten(), nn.Linear(8 * 4 * 4, CLASSES))


def say(rank: int, steps: int, images: int, evaluated: int, losses: list[float]) -> None:
    """Print what this rank has counted itself, as JSON on a line."""
    told: dict[str, Any] = {"rank": rank, "steps": steps, "images": images, "evaluated": evaluated, "losses": losses}
    print(json.dumps(told), flush=True)
