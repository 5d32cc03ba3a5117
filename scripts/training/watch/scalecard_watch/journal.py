"""What a process writes of itself: a line a step, appended, and a head of facts, replaced; both about once a second.

So a kill or a hang loses at most the last second (on CUDA, whose losses are read later, some seconds), and a step costs
the same at the start and after a day.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any, Optional

from .phases import NAMES

COLUMNS = ("end", "images", "loss", *NAMES)
MOST_LINES = 200_000

# One step: seconds since the start at its end, images, seconds of each phase.
Row = tuple[float, Optional[int], list[float]]


def line(row: Row, loss: float | None) -> str:
    end, images, spent = row
    seen = ("" if images is None else str(images), "" if loss is None else repr(loss))
    return ",".join((f"{end:.9f}", *seen, *(f"{seconds:.9f}" for seconds in spent))) + "\n"


class Journal:
    """The two files of a process in `folder`: `<name>.json` and `<name>.csv`."""

    def __init__(self, folder: str, name: str) -> None:
        self.folder = folder
        self.name = name
        self.start_again()

    def path(self, ending: str) -> str:
        return os.path.join(self.folder, self.name + ending)

    def start_again(self) -> None:
        """No step has been written."""
        self.lines = 0
        with open(self.path(".csv"), "w", encoding="utf-8") as file:
            file.write(",".join(COLUMNS) + "\n")

    def rename(self, name: str) -> None:
        """Both files take another name."""
        for ending in (".json", ".csv"):
            before = self.path(ending)
            if os.path.exists(before):
                os.replace(before, os.path.join(self.folder, name + ending))
        self.name = name

    def add(self, lines: Sequence[str]) -> None:
        """Append steps; beyond MOST_LINES they are left out."""
        lines = lines[: max(0, MOST_LINES - self.lines)]
        if lines:
            self.lines += len(lines)
            with open(self.path(".csv"), "a", encoding="utf-8") as file:
                file.write("".join(lines))

    def writer(self) -> int | None:
        """The process that the head on the disk is of; None where there is none."""
        try:
            with open(self.path(".json"), encoding="utf-8") as file:
                return int(json.load(file)["pid"])
        except FileNotFoundError:
            return None

    def write_head(self, head: dict[str, Any]) -> None:
        temporary = self.path(f".{os.getpid()}.tmp")
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump(head, file)
        os.replace(temporary, self.path(".json"))
