"""What an augmentation step is.

To add a step, add a file to scripts/augment/steps/ with a class `Step` of a kind below: its fields are its settings.

Pixels are computed in whole numbers alone, so that every device, number of threads and way to divide a batch gives the
same ones. torch is imported inside methods, since the Snakefile checks settings while it builds the DAG.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    import numpy as np
    import torch

STEPS = "scripts.augment.steps"  # the package of the steps, one module each


class AugmentStep(BaseModel, ABC):
    """A step and its settings, checked; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @property
    @abstractmethod
    def numbers(self) -> int:
        """Random numbers that it takes for an image."""

    def edge(self, edge: int) -> int:
        """The edge of images after the step, pixels.

        Raises:
            ValueError: it cannot make its images of such.
        """
        return edge


class ImageStep(AugmentStep):
    """A step on each image by itself."""

    @abstractmethod
    def __call__(self, images: torch.Tensor, drawn: np.ndarray) -> torch.Tensor:
        """The images after the step; `images` itself may be changed.

        Args:
            images: uint8 (n, edge, edge, 3), RGB, contiguous, on any device.
            drawn: the random numbers of each image, float64 (n, numbers) of [0, 1).
        """


class MixStep(AugmentStep):
    """A step that puts something of another image into each, and of its label into the label."""

    @abstractmethod
    def mix(self, images: torch.Tensor, partners: torch.Tensor, drawn: np.ndarray) -> torch.Tensor:
        """As ImageStep; `partners` are like `images`, and are left as they are."""

    @abstractmethod
    def own_share(self, drawn: np.ndarray, edge: int) -> np.ndarray:
        """What stays of each image's own, float64 (n,) of [0, 1]; the same numbers and edge as `mix` is given."""


def in_order(limits: tuple[float, ...]) -> tuple[float, ...]:
    """Checks that the least of two limits stands first."""
    if limits[0] > limits[1]:
        raise ValueError("expected the least first")
    return limits
