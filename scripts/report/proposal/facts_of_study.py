"""What a proposal says in words: the problem that was measured, and how; of records, tables and the comparison key."""

import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from scripts import format as show
from scripts.images.cut import SPLITS
from scripts.record import Record
from scripts.report.proposal.series import Series
from scripts.report.words import facts
from scripts.scaling.tables.rows import TrainingRow

NAMED = ("torch", "torchvision", "numpy", "dask", "snakemake")  # software beside Python and the kernel
WAITING = ("data", "to_device")  # phases of a launch in which no network computes


def problem(series: Sequence[Series], split: Path | None, records: Sequence[Record]) -> list[tuple[str, str]]:
    """Name and value: network, data, batch, optimizer, input."""
    lines = [line for one in series for line in one.lines]
    if not lines:
        return []
    keys = [json.loads(line.row.key) for line in lines]
    key = keys[0]
    told = {
        "Network": ", ".join(dict.fromkeys(line.row.model for line in lines)),
        "Precision": ", ".join(dict.fromkeys(line.row.precision_of_numbers for line in lines)),
        "Images": _images(split, key.get("image_size")),
        "Batch": "; ".join(dict.fromkeys(_batch(one) for one in series)),
        "Epochs": _plain(key.get("epochs")),
        "Optimizer": _plain(key.get("optimizer")),
        "Weights": "pre-trained" if key.get("weights") else "from scratch" if "weights" in key else "",
        "Input and output": waiting(records, lines[-1].row),
    }
    return [(name, value) for name, value in told.items() if value]


def _images(split: Path | None, size: int | None) -> str:
    edge = f", {size} x {size} pixels" if size else ""
    if split is None:
        return edge.removeprefix(", ")
    good = pd.read_parquet(split, columns=["class", "split"])
    counts = good["split"].value_counts()
    parts = [f"{int(counts.get(name, 0)):,} {name}" for name in SPLITS]
    return f"{', '.join(parts)}, in {good['class'].nunique():,} classes{edge}"


def _batch(series: Series) -> str:
    batches = sorted({line.row.global_batch for line in series.lines})
    if series.scaling == "strong":
        return f"strong scaling: {show.counts(batches)} images a step at every count"
    return f"weak scaling: {show.counts(batches)} images a step, growing with the count"


def _plain(value: Any) -> str:
    """A setting in words, without what is off: `sgd, lr 0.025`."""
    if isinstance(value, dict):
        told = {name: one for name, one in value.items() if one not in (None, 0, "none")}
        first = [f"{told.pop('name')}"] if "name" in told else []
        return ", ".join(first + [f"{name} {_plain(one)}" for name, one in told.items()])
    if isinstance(value, float):
        return f"{value:g}"
    return "" if value is None else f"{value}"


def waiting(records: Sequence[Record], row: TrainingRow) -> str:
    """How long a training waited for its images, of how long in all; medians of its launches."""
    used = {int(block) for block in row.blocks_used.split()}
    mine = [one for one in records if one.point_id == row.point and one.block in used]
    mine = [one for one in mine if one.phases.keys() & {*WAITING}]
    if not mine:
        return ""
    waited = statistics.median(sum(one.phases.get(name, 0.0) for name in WAITING) for one in mine)
    whole = statistics.median(one.wall_seconds for one in mine)
    return (
        f"included: {row.point} waited {show.number(waited)} s for images, of a launch of {show.number(whole)} s "
        "(start, warm-up and evaluation in it)"
    )


def method(series: Sequence[Series], records: Sequence[Record]) -> list[tuple[str, str]]:
    """Name and value: repetition, intervals, validity, machine, software."""
    rows = [line.row for one in series for line in one.lines]
    if not rows:
        return []
    alone, all_of_them = show.percent(rows[0].confidence), show.percent(rows[0].confidence_of_all)
    n = show.counts([row.blocks for row in rows])
    told = {
        "Repetition": f"n = {n} launches of each count, each a fresh process; block by block (every count once), in "
        "shuffled order",
        "Intervals": f"seconds: geometric mean and {alone} Student t on logs; speedups: images/s, log rate = point + "
        f"block + noise, all of a table true at once at {all_of_them}, of rates as measured and levelled by "
        "calibrations",
        "What counts": "what learned as the baseline did (loss curves), on cores that were its own",
        "Set aside": _disturbed(rows),
    }
    return [*told.items(), *_machine(records)]


def _disturbed(rows: Sequence[TrainingRow]) -> str:
    count, noisy = sum(row.set_aside for row in rows), [row.point for row in rows if row.has("noisy")]
    said = f"{count or 'no'} launches were disturbed by other load and measured again"
    return said + (f"; disturbed, and counted all the same: {', '.join(noisy)}" if noisy else "")


def _machine(records: Sequence[Record]) -> list[tuple[str, str]]:
    if not records:
        return []
    known = dict(facts.environment(records))
    gpu = "" if known["GPU"] == facts.NONE else f", {known['GPU']}"
    packages = [part for part in known["Packages"].split(", ") if part.partition(" ")[0] in {"python", *NAMED}]
    return [
        (
            "Machine",
            f"{known['CPU']}, {known['Usable cores']} cores, {known['Memory']}{gpu}; launches: {known['Launches']}",
        ),
        ("Software", f"{', '.join(packages)}; Linux {known['Kernel']}"),
    ]
