"""Which raw files are as they were when they were packed: one file that stands for all of a shard.

Twenty-five thousand inputs cost each start of Snakemake seconds, and a file that was only touched, copied or moved is
no other picture. So each file's times, size and place on the disk are remembered (`index.json`); where they differ
from what they were, and only there, its content is read and compared with what the shard's table says was packed.

What stands for a shard has a line for each file: a mark, then the path. The mark is empty, or the sha256 of a content
that has come since the file was first seen.
"""

import hashlib
import json
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from scripts.atomic import write_text


class Look(NamedTuple):
    """What was found of one file."""

    place: list[int]  # times of content and of status (ns), size, inode; empty: it could not be looked at
    mark: str
    packed: str  # the mark that it had when it was packed


NEVER = Look([], "", "")


class SeenFiles:
    """The raw files of a study.

    Args:
        folder: where what stands for shards lies, beside the index.
        root: the raw files' own folder.
        tables: where packed shards leave their tables, `<shard>.parquet`.
    """

    def __init__(self, folder: Path, root: Path, tables: Path) -> None:
        self.folder, self.root, self.tables = folder, root, tables
        self.changed = self.told = False
        self.differing: set[str] = set()  # paths, of those that were looked at, with another content than was packed
        self.looks: dict[str, Look] = {}
        try:
            found = json.loads((folder / "index.json").read_text(encoding="utf-8"))
            self.looks = {path: Look(*values) for path, values in found.items()}
        except (OSError, ValueError, TypeError, AttributeError):  # absent, or of another version: all is seen anew
            pass

    def stand_in(self, shard: str, paths: Iterable[str]) -> Path:
        """The file that stands for `paths` (relative to the root), written only when the content of one has changed.

        Where there was none, it is as old as the newest of them.
        """
        lines, newest = [], 0
        packed: dict[str, str] | None = None
        for path in paths:
            place, look = self._place(path), self.looks.get(path, NEVER)
            newest = max([newest, *place[:1]])
            if look.place != place or look.mark != look.packed:
                if packed is None:
                    packed = packed_digests(self.tables / f"{shard}.parquet")
                look = self._look(path, place, look, packed.get(path))
                if look != self.looks.get(path):
                    self.looks[path], self.changed = look, True
            if look.mark != look.packed:
                self.differing.add(path)
            lines.append(f"{look.mark}  {_shown(path)}\n")
        return _written(self.folder / shard, "".join(lines), newest)

    def save(self) -> None:
        """Remember what was found, for the next start."""
        if self.changed:
            write_text(self.folder / "index.json", json.dumps(self.looks), lasting=False)
            self.changed = False

    def _place(self, path: str) -> list[int]:
        try:
            found = os.stat(self.root / path)  # noqa: PTH116 - there may be tens of thousands
        except OSError:
            return []
        return [found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino]

    def _look(self, path: str, place: list[int], before: Look, packed: str | None) -> Look:
        """What a file is now: where it was packed and is not as it was, its content tells."""
        mark, then = before.mark, before.packed
        if mark == packed:  # it has been packed since
            then = mark
        if place != before.place and packed is not None:
            if not self.told:  # of a whole data set that was copied it takes a while
                print("Comparing raw images whose time or place has changed with what was packed.", file=sys.stderr)
                self.told = True
            content = _sha256(self.root / path)
            mark = then if content == packed else content
        return Look(place, mark, then)


def by_time(stand_in: Path, root: Path, paths: Iterable[str]) -> Path:
    """As `SeenFiles.stand_in`, of files in `root` that no shard is packed of: told apart by their time and size."""
    lines, newest = [], 0
    for path in paths:
        try:
            there = os.stat(root / path)  # noqa: PTH116 - as above
            told, newest = f"{there.st_mtime_ns} {there.st_size}", max(newest, there.st_mtime_ns)
        except OSError:
            told = "unreadable"
        lines.append(f"{told}  {_shown(path)}\n")
    return _written(stand_in, "".join(lines), newest)


def by_content(stand_in: Path, path: Path) -> Path:
    """As `by_time`, of one small file from which much follows: told by its content."""
    newest = path.stat().st_mtime_ns if path.exists() else 0
    return _written(stand_in, f"{_sha256(path)}  {_shown(str(path))}\n", newest)


def _shown(path: str) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _written(stand_in: Path, text: str, newest: int) -> Path:
    """`stand_in`, written where its text is another; where there was none, as old as `newest` (ns)."""
    if not stand_in.is_file():
        write_text(stand_in, text, lasting=False)
        newest = min(newest, time.time_ns())  # a picture may be dated next year
        os.utime(stand_in, ns=(newest, newest))
    elif stand_in.read_text(encoding="utf-8") != text:
        write_text(stand_in, text, lasting=False)
    return stand_in


def packed_digests(table: Path) -> dict[str, str]:
    """The sha256 of each file that a shard was packed of, by its path; empty where there is no table."""
    if not table.is_file():
        return {}
    import pyarrow.parquet as pq  # heavy, and needed only where a file has changed

    try:
        columns = pq.read_table(table, columns=["path", "sha256"]).to_pydict()
    except (OSError, ValueError):  # a table that cannot be read is made anew
        return {}
    return {path: digest or "" for path, digest in zip(columns["path"], columns["sha256"], strict=True)}


def _sha256(path: Path) -> str:
    """Of a file's content; empty where it cannot be read, as a shard's table has it."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
