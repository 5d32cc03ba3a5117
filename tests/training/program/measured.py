"""A program measured as its rule measures it."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from helping import ROOT, run

from scripts import config, record
from scripts.training.program.spec import ProgramSpec

EXAMPLES = Path(__file__).parent / "examples"
WATCHED = Path(__file__).parent.parent / "watch" / "examples"
Measure = Callable[..., record.Record]


def spec_of(command: str, workers: int = 1, **settings: Any) -> ProgramSpec:
    """What a launch of `command`, a script of examples/, takes from a config.

    Args:
        settings: as of `training`, and of `training.program`.
    """
    named = config.Training.model_fields.keys()
    training = {"workers": [workers], "global_batch": 8} | {k: v for k, v in settings.items() if k in named}
    program = {"folder": str(EXAMPLES)} | {k: v for k, v in settings.items() if k not in named}
    study = config.read({"training": training | {"program": program | {"command": command}}})
    (point,) = study.training.points().values()
    assert study.training.program is not None
    given = study.training.program.of_a_launch | {"warmup_steps": study.training.warmup_steps, "seed": 0}
    return ProgramSpec.model_validate({"study": "t", "point": point.model_dump(), **given})


def measured(place: Path, command: str, workers: int = 1, check: bool = True, **settings: Any) -> Any:
    """The record of one launch of `command`, or what was said where it is none."""
    spec, path = spec_of(command, workers, **settings), place / "record.json"
    words = [sys.executable, "-m", "scripts.training.program.measure_program", "--launcher", "here", "--device", "cpu"]
    words += ["--python", sys.executable, "--folder", settings.get("folder", str(EXAMPLES))]
    words += ["--files", str(EXAMPLES / "train.py"), "--block", "1", "--attempt", "1", "--logs", str(place / "logs")]
    words += ["--record", str(path), "--usage", str(place / "usage.csv"), "--spec", spec.model_dump_json()]
    done = run(ROOT, *words, check=check)
    return record.Record.model_validate_json(path.read_bytes()) if check else done
