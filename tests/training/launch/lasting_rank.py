"""A rank whose training lasts three seconds at least, however fast it is."""

import time
from typing import Literal

from scripts import cli
from scripts.training.launch.interruption import Interruption
from scripts.training.loop import fit, train_rank


class Lasting(Interruption):
    """Rests behind the first step."""

    def after(self, step: int) -> Literal["go on", "save", "leave"]:
        if step == 1:
            time.sleep(3)
        return super().after(step)


if __name__ == "__main__":
    fit.Interruption = Lasting  # type: ignore[misc]
    cli.run(train_rank.main)
