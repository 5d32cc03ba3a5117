"""A rank that trains, but for the launch that measures again: after its first step that one waits to be stopped."""

import sys
import time
from pathlib import Path
from typing import Literal

from scripts import cli
from scripts.training.launch.interruption import Interruption
from scripts.training.loop import fit, train_rank


class Waiting(Interruption):
    """Ends the first step when it has heard of the end, and not before."""

    def after(self, step: int) -> Literal["go on", "save", "leave"]:
        given_up = time.monotonic() + 300  # a test that failed tells it nothing any more
        beside("held").touch()
        while not self.warned and time.monotonic() < given_up:
            time.sleep(0.01)
        return super().after(step)


def beside(name: str) -> Path:
    """A file beside the record."""
    return Path(sys.argv[sys.argv.index("--record") + 1]).with_name(name)


if __name__ == "__main__":
    if beside("launched").exists():
        fit.Interruption = Waiting  # type: ignore[misc]
    beside("launched").touch()
    cli.run(train_rank.main)
