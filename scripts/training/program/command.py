"""A program's command and variables for one launch, its placeholders filled in."""

import os
from collections.abc import Mapping
from pathlib import Path

from scripts import SET_ASIDE
from scripts.registry import ROOT
from scripts.training.program.placeholders import filled
from scripts.training.program.spec import ProgramSpec


def placeholders(spec: ProgramSpec, block: int, seed: int, out: Path) -> dict[str, object]:
    """What each placeholder of a command stands for in one launch.

    Args:
        seed: of the block, below 2**31, as scripts take it.
        out: folder of the launch.
    """
    point = spec.point
    return {
        "workers": point.workers,
        "threads": point.threads,
        "loader_workers": point.loader_workers,
        "batch_per_rank": point.share,
        "global_batch": point.global_batch,
        "precision": point.precision,
        "seed": seed,
        "block": block,
        "out": out,
    }


def surroundings(spec: ProgramSpec, values: Mapping[str, object]) -> dict[str, str]:
    """The environment of a program: this process's without what scalecard has set for its own, the point's threads, and
    what the config names.
    """
    found = {name: value for name, value in os.environ.items() if not name.startswith(SET_ASIDE)}
    paths = [path for path in found.pop("PYTHONPATH", "").split(os.pathsep) if path not in {"", str(ROOT)}]
    found.pop("PYTHONSAFEPATH", None)
    threads = str(spec.point.threads)
    found |= {"OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads}
    found |= {"PYTHONPATH": os.pathsep.join(paths)} if paths else {}
    if spec.events.pattern is not None:
        found["PYTHONUNBUFFERED"] = "1"  # a line's time is when it is printed
    return found | {name: filled(value, values) for name, value in spec.environment.items()}
