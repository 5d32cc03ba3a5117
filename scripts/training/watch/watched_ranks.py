"""Read what the watched ranks of a launch wrote (scalecard_watch/, scalecard_probe.py).

`rank-<rank>.json` is about the process (a probe that is not watched gives only some of these):

| field | what it says |
| --- | --- |
| schema, rank, world_size, local_rank, host, pid | who wrote it; ranks are the process group's where there is one |
| started, began, seconds | start (ISO, UTC), the same by perf_counter, and seconds since then |
| python, torch, packages | versions of what is imported |
| device, gpu, threads | of the first optimizer's parameters; torch's at its first step |
| distributed | rank, backend, world_size of the process group; null: there was none |
| source | who tells of steps: `hooks`, `probe`; null: nobody has |
| steps, images, skipped_steps | counts; what a scaler skips is a step too |
| optimizers | steps of each class of optimizer |
| startup, tail | seconds until the training begins (steps.py), and from its last step to the script's end |
| warmup_steps, steady | seconds and steps behind the warm-up, without evaluations |
| edges | steps, from 0, at whose ends the clock is exact on CUDA too |
| loaders | of each kind of DataLoader: processes, batches and images that trained, and of evaluations |
| evaluation | the sum of these, and its seconds |
| stopped | `script`: by itself, `enough`: by us, `signal`: interrupted; null: it goes on, or was killed |
| caught, forced | steps made after `enough`; whether it had to be ended as it hung after that |
| exit, exception | exit status; one line of what it ended with |
| spawned, processes | how many it started by torch.multiprocessing.spawn, and by multiprocessing in all |
| children | process id and command of what it left behind, which was ended |
| cwd_changed | whether it went to another folder |
| written_steps | lines of the table, at most 200,000 |

`rank-<rank>.csv` has a line a step: `end` (seconds since the start), `images`, `loss` (each may be empty), and the
seconds of each phase (phases.py) since the end of the step before, or since the training began.
"""

import csv
import json
from pathlib import Path
from typing import Any

COUNTS = ("images",)


def read_ranks(folder: Path, kind: str = "rank") -> dict[int, dict[str, Any]]:
    """The record of each rank, by rank; its steps are in `columns`, a list each, None where a value is not known.

    A process that was killed or hangs has `stopped` None, and its steps until about a second before.

    Args:
        kind: `launcher` for processes that made no step but started others which may have.
    """
    found = {}
    for path in sorted(folder.glob(f"{kind}-*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        found[int(record["rank"])] = record | {"columns": _columns(path.with_suffix(".csv"))}
    return dict(sorted(found.items()))


def _columns(path: Path) -> dict[str, list[Any]]:
    with path.open(encoding="utf-8", newline="") as file:
        names, *rows = csv.reader(file)
    whole = [row for row in rows if len(row) == len(names)]  # the last line may have been cut short
    return {name: [_value(name, row[number]) for row in whole] for number, name in enumerate(names)}


def _value(name: str, text: str) -> float | int | None:
    if not text:
        return None
    return int(text) if name in COUNTS else float(text)
