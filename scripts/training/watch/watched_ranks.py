"""Read what the watched ranks of a launch wrote (scalecard_watch/, scalecard_probe.py)."""

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
