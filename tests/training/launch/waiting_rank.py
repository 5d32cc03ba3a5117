"""A rank that is caught in the middle of its training, however fast it is: with a checkpoint it waits to be stopped."""

import sys
import time
from pathlib import Path
from typing import Literal

from scripts import cli
from scripts.training.launch.generations import steps_of
from scripts.training.launch.interruption import Interruption
from scripts.training.loop import fit, train_rank


class Waiting(Interruption):
    """Ends a step after a checkpoint when it has heard of the end, and not before."""

    def after(self, step: int) -> Literal["go on", "save", "leave"]:
        checkpoint = Path(sys.argv[sys.argv.index("--checkpoint") + 1])
        given_up = time.monotonic() + 300  # a test that failed tells it nothing any more
        while steps_of(checkpoint, rank=0) and not self.warned and time.monotonic() < given_up:
            time.sleep(0.01)
        return super().after(step)


if __name__ == "__main__":
    fit.Interruption = Waiting  # type: ignore[misc]
    cli.run(train_rank.main)
