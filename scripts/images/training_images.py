"""Which images train: one file that stands for them, so that what depends on them alone is stale with them alone.

`split.parquet` changes with every image. What measures loading reads the training images and no other, so it takes this
file as its input, and of `split.parquet` the time does not count. That is right where the split will give the training
images that it gave before, which has to be known before the first job: where nothing is different, and where so little
is that it can be worked out (scripts/images/foreseen.py). Else the time of `split.parquet` counts.

The file is as old as the split that first gave these images.
"""

import hashlib
import json
import os
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from scripts.atomic import write_text
from scripts.spec import Spec


class Asked(Spec):
    """What a run makes a split of, each as a digest."""

    how: str  # settings and code
    entries: str  # which files, of which class, split and group


class State(Spec):
    """`training.json`: what is remembered from start to start."""

    split: tuple[int, int] | None = None  # modification time (ns) and bytes of the split that was looked at last
    made_of: Asked | None = None  # what it was made of; None: not known
    asked: Asked | None = None  # of the last run that was no dry run


class Row(NamedTuple):
    """A training image, as whoever loads it finds it."""

    path: str
    sha256: str
    shard: int
    row: int


def text_of(rows: Iterable[Row]) -> str:
    """A line for each training image, in order of path."""
    return "".join(f"{row.sha256}  {row.shard:04d}/{row.row}  {row.path}\n" for row in sorted(rows))


class TrainingImages:
    """The file, and what is remembered of it.

    Args:
        folder: where both lie: `training`, `training.json`.
        images: the folder of the packed images, of `split.parquet` and of what that is made of.
    """

    def __init__(self, folder: Path, images: Path) -> None:
        self.file, self._known = folder / "training", folder / "training.json"
        self.images, self.split = images, images / "split.parquet"
        self._state = State()
        with suppress(OSError, ValueError):  # absent, or of another version
            self._state = State.model_validate_json(self._known.read_text(encoding="utf-8"))

    def stay(self, asked: Asked, differing: Collection[str], foresee: Callable[[], str | None], is_run: bool) -> bool:
        """Whether a run leaves the training images as they are; brings the file up to date with the split of now.

        Args:
            asked: what this run makes a split of.
            differing: paths of raw files with another content than was packed.
            foresee: the text of the file that a run will leave; None where that cannot be told.
            is_run: no dry run.
        """
        before, found = self._state, self._stamp()
        made_of = before.made_of if found == before.split else before.asked
        text = self._refreshed(found, as_before=found == before.split)
        now = State(split=found, made_of=made_of, asked=asked if is_run else before.asked)
        if now != before:
            write_text(self._known, now.model_dump_json(), lasting=False)
        if found is None or made_of is None or made_of.how != asked.how or not self._is_whole():
            return False
        if made_of.entries == asked.entries and not differing:
            return True
        training = {line.split("  ", 2)[-1] for line in text.splitlines()}
        return training.isdisjoint(differing) and foresee() == text

    def _stamp(self) -> tuple[int, int] | None:
        try:
            there = self.split.stat()
        except OSError:
            return None
        return there.st_mtime_ns, there.st_size

    def _refreshed(self, found: tuple[int, int] | None, as_before: bool) -> str:
        """The text of the file, which is written where that has changed."""
        there = self.file.read_text(encoding="utf-8") if self.file.exists() else None
        if as_before and there is not None:
            return there
        text, time = ("", 0) if found is None else (text_of(read_training(self.split)), found[0])
        if there != text:
            write_text(self.file, text, lasting=False)
            os.utime(self.file, ns=(time, time))
        return text

    def _is_whole(self) -> bool:
        """Whether the split was made of the index, and that of the shards, which are there."""
        index, shards = self.images / "index.parquet", list((self.images / "shards").glob("*.parquet"))
        try:
            newest = max(path.stat().st_mtime_ns for path in shards)
            return newest <= index.stat().st_mtime_ns <= self.split.stat().st_mtime_ns
        except (OSError, ValueError):
            return False


def read_training(split: Path) -> list[Row]:
    """The training images of `split.parquet`; none where it cannot be read, which whoever needs it will tell."""
    import pyarrow.parquet as pq  # heavy, and needed only where the split has changed

    try:
        table = pq.read_table(split, columns=["path", "sha256", "shard", "row", "split"])
    except (OSError, ValueError, KeyError):
        return []
    columns = [table[name].to_pylist() for name in (*Row._fields, "split")]
    return [Row(*values) for *values, side in zip(*columns, strict=True) if side == "train"]


def digest(*texts: str) -> str:
    """16 hex digits of several texts."""
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()[:16]
