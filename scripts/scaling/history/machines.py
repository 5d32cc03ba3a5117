"""The same points on other machines, by node, by core and by price: side by side, not divided by each other.

What must agree is the work: all of the comparison key but the machine and the versions of packages, and where these
differ it is said.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from scripts.loading.points import backend_class
from scripts.record import VERSION
from scripts.scaling.comparing.keys import differing
from scripts.scaling.comparing.ratios import mean_rate
from scripts.scaling.history.history import Beside, Stage
from scripts.scaling.history.runs import Run
from scripts.scaling.tables.rows import LoadingRow, Row, TrainingRow

MACHINE = ("cpu_model", "gpu_model", "device")  # fields of a comparison key

Key = Mapping[str, Any]


def beside(runs: Sequence[Run]) -> tuple[list[Beside], list[str]]:
    """Points of this run's machine and of others, each machine's last; and why some are left out.

    Args:
        runs: in order of time, this one last. Where all are of one machine there is nothing to set side by side.
    """
    here = runs[-1]
    found: list[Beside] = []
    left_out: dict[tuple[str, str, str], list[str]] = {}
    for stage in dict.fromkeys(stage for stage, _ in here.rows):
        rows = {
            (machine_of(row), point): (run, row)
            for run in runs
            for (where, point), row in run.rows.items()
            if where == stage and row.blocks
        }
        if len({machine for machine, _ in rows}) < 2:
            continue
        side = []
        for (machine, point), (run, row) in rows.items():
            own, other = _own(here, stage, row), json.loads(row.key)
            if own is None:
                continue
            if unequal := differing(_work(own), _work(other)):
                left_out.setdefault((machine, run.name, ", ".join(unequal)), []).append(point)
            else:
                side.append(_beside(run, stage, row, ", ".join(differing(own, other))))
        if len({one.machine for one in side}) > 1:
            found += side
    said = [
        f"{machine} ({name}): {', '.join(points)} left out, since the work differs in {unequal}."
        for (machine, name, unequal), points in left_out.items()
    ]
    return found, said


def machine_of(row: Row) -> str:
    """What its launches ran on: the GPU where they trained on one, else the CPU."""
    key = json.loads(row.key)
    name = key.get("gpu_model") if key.get("device") == "cuda" else key.get("cpu_model")
    return str(name or "a machine without a name")


def _own(here: Run, stage: Stage, row: Row) -> Key | None:
    """The key of this run's row of a point, or of that point's baseline, whose work is the same."""
    mine = here.rows.get((stage, row.point)) or here.rows.get((stage, row.baseline))
    return json.loads(mine.key) if mine else None


def _work(key: Key) -> Key:
    return {name: value for name, value in key.items() if name not in MACHINE and not name.startswith(VERSION)}


def _beside(run: Run, stage: Stage, row: Row, differs: str) -> Beside:
    rate = mean_rate([*row.rates_by_block.values()], run.confidence)
    gpus = row.workers if isinstance(row, TrainingRow) and row.device == "cuda" else 0
    nodes, hours = _nodes(row), (row.core_hours or 0.0) / row.cores
    return Beside(
        run=run.name,
        machine=machine_of(row),
        stage=stage,
        point=row.point,
        nodes=nodes,
        cores=row.cores,
        gpus=gpus,
        images_per_second=rate.value,
        low=rate.low,
        high=rate.high,
        per_node=rate.value / nodes if nodes else None,
        per_core=rate.value / (gpus or row.cores),
        per_cost=rate.value * 3600 * hours / row.cost if row.cost else None,
        currency=row.currency or "",
        differs=differs,
    )


def _nodes(row: Row) -> int | None:
    """Loading stays on one node, but for the ways whose workers are jobs of their own."""
    if isinstance(row, TrainingRow):
        return row.nodes
    assert isinstance(row, LoadingRow), "there are no other tables"
    return None if backend_class(row.backend).needs == "sbatch" else 1
