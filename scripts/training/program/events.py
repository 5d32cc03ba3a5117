"""What a program says of its steps by itself: lines that it prints, or a file of JSON lines."""

import json
import math
import re
import time
from pathlib import Path
from typing import NamedTuple

from scripts.errors import UserError


class Event(NamedTuple):
    """One step, or the steps since the line before."""

    seconds: float  # when, of any clock
    images: float  # of all ranks, since the event before
    loss: float | None


class Printed:
    """The lines of rank 0 that a pattern finds, with the time at which each was read.

    Args:
        pattern: regular expression with the group `images` or `images_per_second`, and `loss`; None: nothing is found.
        began: what their seconds count from, of `time.monotonic`.
    """

    def __init__(self, out: Path, err: Path, pattern: str | None, began: float) -> None:
        self.found: list[Event] = []
        self._pattern = re.compile(pattern) if pattern else None
        self._began = began
        self._read = dict.fromkeys((out, err), 0)  # bytes

    def read(self) -> None:
        """Look at what was printed since the last time."""
        for path, before in self._read.items() if self._pattern else ():
            if not path.is_file():
                continue
            with path.open("rb") as file:
                file.seek(before)
                whole, end, _ = file.read().rpartition(b"\n")
            self._read[path] = before + len(whole + end)
            for line in whole.decode("utf-8", "replace").splitlines():
                self._take(line, time.monotonic() - self._began)

    def _take(self, line: str, now: float) -> None:
        assert self._pattern is not None
        if (found := self._pattern.search(line)) is None:
            return
        groups = found.groupdict()
        since = self.found[-1].seconds if self.found else 0.0
        rate = number(groups.get("images_per_second"))
        images = number(groups.get("images")) if rate is None else rate * (now - since)
        if images is not None:
            self.found.append(Event(now, images, number(groups.get("loss"))))


def number(text: str | None) -> float | None:
    """A number as programs print it, thousands apart or not; None where it is none."""
    try:
        value = float((text or "").replace(",", ""))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def of_file(path: Path) -> list[Event]:
    """The events of a file of JSON lines.

    Raises:
        UserError: there is no such file, or a line of it is no event; names file and line.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UserError(f"training.program.events.file: {path}: {error.strerror}") from None
    found = []
    for count, line in enumerate(lines, start=1):
        try:
            one = json.loads(line)
            event = Event(float(one["time"]), float(one["images"]), one.get("loss"))
        except (ValueError, KeyError, TypeError):
            expected = 'expected {"time": seconds, "images": of all ranks, "loss": optional}'
            raise UserError(f"training.program.events.file: {path}, line {count}: found {line!r}; {expected}") from None
        found.append(event)
    return found
