"""On which device a study trains: decided once, when it begins, and written down, so that all its points compare.

`auto` is cuda where jobs run on the machine that Snakemake runs on, and it has a GPU. A cluster gives its GPUs to jobs
that ask for them, so there it is cpu, and cuda is asked for by name.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from importlib import metadata
from itertools import takewhile
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from scripts.atomic import write_text
from scripts.spec import Spec
from scripts.training.points import Device, TrainingPoint

Decided = Literal["cpu", "cuda"]


class Decision(Spec):
    """What a study trains on."""

    device: Decided
    gpus: int | None  # that its points may take; null: as many as a cluster has

    @classmethod
    def of(cls, asked: Device, here: bool, written: Path) -> "Decision":
        """What is asked for; what `auto` is, unless an earlier run has written it down.

        Args:
            here: whether jobs run on this machine.
            written: what `keep` writes.
        """
        if asked == "cpu":
            return cls(device="cpu", gpus=None)
        gpus = gpus_here() if here else None
        with suppress(OSError, ValidationError):
            before = cls.model_validate_json(written.read_text(encoding="utf-8"))
            if before.device == "cpu" and asked == "auto":
                return before
            if before.device == "cuda":  # another machine may have had more
                both = None if gpus is None or before.gpus is None else max(gpus, before.gpus)
                return cls(device="cuda", gpus=both)
        return cls(device="cuda" if asked == "cuda" or gpus else "cpu", gpus=gpus)

    def keep(self, written: Path) -> None:
        """Write it down, where it is not yet."""
        text = self.model_dump_json() + "\n"
        if not written.is_file() or written.read_text(encoding="utf-8") != text:
            write_text(written, text)

    def lacking(self, points: Iterable[TrainingPoint]) -> dict[str, str]:
        """The ids of points that cannot be trained on it, with the reason."""
        if self.device == "cpu" or self.gpus is None:
            return {}
        return {
            point.id: f"it takes a GPU for each of {point.workers} workers, and this machine has {self.gpus}"
            for point in points
            if point.workers > self.gpus
        }


def on_this_machine(asked: Device) -> Decided:
    """What a program takes that is started by hand."""
    return Decision.of(asked, here=True, written=Path(os.devnull)).device


def gpus_here() -> int:
    """GPUs of this machine that this process may use, by NVIDIA's driver; none for a torch that was built without."""
    import pynvml

    with suppress(metadata.PackageNotFoundError):
        if metadata.version("torch").endswith("+cpu"):
            return 0
    try:
        pynvml.nvmlInit()
        count = int(pynvml.nvmlDeviceGetCount())
    except pynvml.NVMLError:
        return 0
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        return count
    # CUDA itself looks no further than the first that is none.
    return min(count, len(list(takewhile(lambda one: one.strip() not in {"", "-1"}, visible.split(",")))))
