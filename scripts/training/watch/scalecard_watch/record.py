"""The record of a process: written about once a second, at the end, and where the script leaves by `os._exit`."""

from __future__ import annotations

import os
import sys
import threading
from time import gmtime, perf_counter, strftime, time
from typing import Any

from . import children
from .journal import Journal, line
from .phases import EVALUATION
from .watch import Watch

SCHEMA = 1
REFRESH_SECONDS = 1.0
LOCK_SECONDS = 5.0

leave = os._exit
current: Record | None = None


class Record:
    """What `watch` sees, in `folder`.

    `rank-<rank>` holds it; `launcher-<rank>` that of a process which makes no step itself and has started others.

    Args:
        rank: that the environment tells; None in a process that the script has started, whose record is written once
            it belongs to a process group, or has made a step.
        index: of such a process among those that were started together; None where it is not known.
    """

    def __init__(self, watch: Watch, folder: str, rank: int | None, index: int | None = None) -> None:
        self.watch, self.folder = watch, folder
        self.rank, self.index = rank, index
        now = time()
        self.started = strftime("%Y-%m-%dT%H:%M:%S", gmtime(now)) + f".{int(now % 1 * 1000):03d}+00:00"
        self.pid = os.getpid()
        self.spawned = self.processes = self.restarts = 0
        self.taken_over = False
        self.journal: Journal | None = None
        self.lock = threading.Lock()
        self.ending: dict[str, Any] = {
            "stopped": None,
            "exit": None,
            "exception": None,
            "forced": False,
            "children": [],
        }
        self.over = threading.Event()
        threading.Thread(target=self._refresh_often, daemon=True, name="scalecard").start()

    def _refresh_often(self) -> None:
        while not self.over.wait(REFRESH_SECONDS):
            self.write()

    def write(self) -> None:
        """Bring both files up to date; what hinders that is said, and is no error of the script."""
        if os.getpid() != self.pid or not self.lock.acquire(timeout=LOCK_SECONDS):
            return
        try:
            self._write()
        except Exception as error:
            print(
                f"scalecard: {self.folder}: {type(error).__name__}: {error}; nothing more is written", file=sys.stderr
            )
            self.over.set()
        finally:
            self.lock.release()

    def end(self, stopped: str | None, status: int | None, exception: str | None) -> None:
        """The script is over, and this is how."""
        self.over.set()
        if self.watch.steps.stopped is not None:
            stopped = self.watch.steps.stopped
        self.ending.update(stopped=stopped, exit=status, exception=exception)
        self.watch.phases.switch(self.watch.phases.now)
        try:
            self.watch.losses.resolve()
        except Exception as error:  # the device has failed
            self.ending["exception"] = exception or f"{type(error).__name__}: {error}".splitlines()[0]
        self.write()

    def _name(self) -> str | None:
        group = self.watch.process.distributed
        trains = bool(group or self.watch.steps.count)
        if self.watch.rank is not None:
            return f"rank-{self.watch.rank}"
        if self.rank is not None:
            launches = not trains and (self.processes or self.taken_over)
            return f"launcher-{self.rank}" if launches else f"rank-{self.rank}"
        if not trains:
            return None
        return f"rank-{group['rank'] if group else self.index or 0}"

    def _write(self) -> None:
        facts = self.watch.process.facts()
        if self.journal is not None and not self.watch.steps.count and self.journal.writer() != self.pid:
            self.taken_over, self.journal = True, None  # by a process that tells of its steps itself
        name = self._name()
        if name is None:
            return
        if self.journal is None:
            self.journal = Journal(self.folder, name)
        elif self.journal.name != name:
            self.journal.rename(name)
        steps = self.watch.steps
        if self.restarts != steps.restarts:
            self.restarts = steps.restarts
            self.journal.start_again()
        self._write_steps(self.journal)
        self.journal.write_head(self._head(self.journal, facts))

    def _write_steps(self, journal: Journal) -> None:
        rows, lines = self.watch.steps.rows, []
        while rows:
            row, loss = rows[0]
            if loss.pending and not self.over.is_set():
                break
            rows.popleft()
            lines.append(line(row, loss.value))
        journal.add(lines)

    def _head(self, journal: Journal, facts: dict[str, Any]) -> dict[str, Any]:
        watch = self.watch
        group = facts["distributed"] or {}
        loaders = watch.loaders
        evaluation = {name: loaders.total(f"evaluation_{name}") for name in ("batches", "images")}
        return {
            "schema": SCHEMA,
            "rank": int(journal.name.rsplit("-", 1)[1]),
            "world_size": group.get("world_size", int(os.environ.get("WORLD_SIZE", "1"))),
            "local_rank": int(os.environ.get("LOCAL_RANK", "0")) if self.rank is not None else self.index,
            "started": self.started,
            "began": watch.steps.began,
            "seconds": perf_counter() - watch.steps.began,
            **facts,
            **watch.steps.facts(),
            "written_steps": journal.lines,
            "loaders": loaders.facts(),
            "evaluation": {**evaluation, "seconds": watch.steps.seconds(EVALUATION)},
            "spawned": self.spawned,
            "processes": self.processes,
            **self.ending,
        }


def begin(record: Record) -> None:
    """`record` is this process's from now on, also where the script calls os._exit."""
    global current  # noqa: PLW0603
    current = record

    def leave_recorded(status: int) -> None:
        if current is not None and current.pid == os.getpid():
            if current.rank is not None:
                current.ending["children"] = children.end_left()
            if current.ending["stopped"] is None:
                current.end("script", status, None)
        leave(status)

    os._exit = leave_recorded  # type: ignore[assignment]
