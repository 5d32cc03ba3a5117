"""One process, no process group: the baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.training import strategy

if TYPE_CHECKING:
    import torch


class Strategy(strategy.Strategy):
    parallel = False

    def wrap(self, model: torch.nn.Module, device: torch.device) -> torch.nn.Module:
        return model
