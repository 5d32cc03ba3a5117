"""One process, no process group: the baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.training import strategy

if TYPE_CHECKING:
    import torch


class Strategy(strategy.Strategy):
    parallel = False

    def wrap(self, network: torch.nn.Module) -> torch.nn.Module:
        return network
