"""Tell scalecard of each step of a training: copy this file beside a script, or import it where scalecard runs it.

    from scalecard_probe import probe
    ...
    probe.step(images, loss=loss)  # at the end of each step: how many images it trained on; a number, or none

It needs nothing but Python and does nothing where SCALECARD_EVENTS, a folder, is not in the environment.
"""

from __future__ import annotations

import atexit
import json
import os
import sys
import time

COLUMNS = ("end", "images", "loss", "data", "forward_backward", "optimizer", "evaluation", "other")
# What only a watch sees (scripts/training/watch/__init__.py).
NOT_SEEN: dict[str, object] = {
    **dict.fromkeys(("torch", "device", "gpu", "threads", "distributed", "exit", "exception")),
    **dict.fromkeys(("skipped_steps", "caught", "spawned", "processes"), 0),
    **dict.fromkeys(("cwd_changed", "forced"), False),
    **{"packages": {}, "optimizers": {}, "edges": [], "loaders": [], "children": []},
    "steady": {"seconds": 0.0, "steps": 0, "relative_width": None},
    "evaluation": {"batches": 0, "images": 0, "seconds": 0.0},
}
REFRESH_SECONDS = 1.0


class Probe:
    """What this process tells; in a process that scalecard watches, the watch is told."""

    def __init__(self) -> None:
        self.folder = os.environ.get("SCALECARD_EVENTS", "")
        self.began = self.last = self.written = time.perf_counter()
        self.began_at = time.time()
        self.steps = self.images = self.rank = 0
        self.lines: list[str] = []
        self.pid = -1

    def step(self, images: int, loss: float | None = None, rank: int | None = None) -> None:
        """A step has ended.

        Args:
            images: that it trained on, in this process.
            loss: its mean over them, a number; None where it is not known.
            rank: of this process, from 0; by default RANK of the environment.
        """
        if not self.folder:
            return
        watch = getattr(sys.modules.get("scalecard_watch.watch"), "current", None)
        if watch is not None:
            watch.probes_step(images, loss, rank)
            return
        if self.pid != os.getpid():
            self._begin(rank)
        now = time.perf_counter()
        said = "" if loss is None else repr(float(loss))
        self.lines.append(f"{now - self.began:.9f},{images},{said},0,0,0,0,{now - self.last:.9f}\n")
        self.last = now
        self.steps += 1
        self.images += images
        if now - self.written >= REFRESH_SECONDS:
            self._write(None)

    def _begin(self, rank: int | None) -> None:
        self.rank = int(os.environ.get("RANK", "0")) if rank is None else rank
        self.pid = os.getpid()
        self.steps = self.images = 0
        self.lines = []
        os.makedirs(self.folder, exist_ok=True)
        with open(self._path(".csv"), "w", encoding="utf-8") as file:
            file.write(",".join(COLUMNS) + "\n")
        atexit.register(self._write, "script")

    def _path(self, ending: str) -> str:
        return os.path.join(self.folder, f"rank-{self.rank}{ending}")

    def _write(self, stopped: str | None) -> None:
        if os.getpid() != self.pid:
            return
        self.written = time.perf_counter()
        with open(self._path(".csv"), "a", encoding="utf-8") as file:
            file.write("".join(self.lines))
        self.lines = []
        started = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(self.began_at))
        head = {
            "schema": 1,
            "rank": self.rank,
            "world_size": int(os.environ.get("WORLD_SIZE", "1")),
            "local_rank": int(os.environ.get("LOCAL_RANK", "0")),
            "host": os.uname().nodename,
            "pid": self.pid,
            "started": f"{started}.{int(self.began_at % 1 * 1000):03d}+00:00",
            "began": self.began,
            "seconds": self.written - self.began,
            "python": sys.version.split()[0],
            "source": "probe",
            "steps": self.steps,
            "written_steps": self.steps,
            "images": self.images,
            "startup": 0.0,
            "warmup_steps": 0,
            "tail": self.written - self.last,
            "stopped": stopped,
            **NOT_SEEN,
        }
        temporary = self._path(f".{self.pid}.tmp")
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump(head, file)
        os.replace(temporary, self._path(".json"))


probe = Probe()
