"""A rank that says how many images it evaluates at once."""

from typing import Any

import torch

from scripts import cli
from scripts.training.loop import train_rank
from scripts.training.loop.batches import Batches

batch = Batches.batch


def noting_batch(self: Batches, chosen: Any) -> tuple[torch.Tensor, torch.Tensor]:
    if not torch.is_grad_enabled():
        cli.log.info("evaluates %d images", len(chosen))
    return batch(self, chosen)


if __name__ == "__main__":
    Batches.batch = noting_batch  # type: ignore[method-assign]
    cli.run(train_rank.main)
