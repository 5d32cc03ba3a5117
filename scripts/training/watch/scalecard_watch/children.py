"""Processes that a script has left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import Any

GRACE_SECONDS = 2.0
# They end by themselves once the process that they serve has.
SERVANTS = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")


def descendants() -> dict[int, str]:
    """Names by process id of all that this process has started, directly or not, and that lives; Linux only."""
    parents: dict[int, tuple[int, str]] = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        before, _, after = _read(f"/proc/{pid}/stat").rpartition(")")
        state, parent = (after.split() or ("Z", 0))[:2]
        if state != "Z":  # it has ended
            parents[int(pid)] = int(parent), before.partition("(")[2]
    found, last = {}, {os.getpid()}
    while last:
        last = {pid for pid, (parent, _) in parents.items() if parent in last}
        found.update({pid: parents[pid][1] for pid in last})
    return found


def end_left() -> list[dict[str, Any]]:
    """End what the script has left behind; which it was."""
    left = {pid: _command(pid) or name for pid, name in descendants().items()}
    left = {pid: name for pid, name in left.items() if not any(servant in name for servant in SERVANTS)}
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in left.keys() & descendants().keys():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        until = time.monotonic() + GRACE_SECONDS
        while left.keys() & descendants().keys() and time.monotonic() < until:
            time.sleep(0.02)
    for pid in left:
        with contextlib.suppress(ChildProcessError):  # it is another's child
            os.waitpid(pid, os.WNOHANG)
    return [{"pid": pid, "name": name} for pid, name in left.items()]


def _command(pid: int) -> str:
    return _read(f"/proc/{pid}/cmdline").replace("\0", " ").strip()[:200]


def _read(path: str) -> str:
    """What stands in a file of /proc; nothing where the process has ended."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
