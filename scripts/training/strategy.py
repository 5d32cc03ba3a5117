"""What a training strategy is: how one model is spread over ranks. All share the loop of train_rank.py."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    import torch


class Strategy(ABC):
    """One way to train; torch is imported in its methods, since the Snakefile imports strategies too."""

    parallel: ClassVar[bool]  # whether it runs on more than one rank; then a process group exists

    @abstractmethod
    def wrap(self, model: torch.nn.Module, device: torch.device) -> torch.nn.Module:
        """`model`, which is on `device`, made ready for forward, backward and step."""
