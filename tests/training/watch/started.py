"""Start a script's ranks as torchrun does, each by the wrapper."""

import csv
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.training import watch

Watched = Callable[..., "Launch"]  # the fixture `watched`
HERE = Path(__file__).resolve().parent
WRAPPER = Path(watch.__file__).with_name("run_watched.py")


@dataclass(frozen=True)
class Launch:
    """What came of it: per rank what the script printed and said, its exit status, and what was seen."""

    printed: list[str]
    said: list[str]
    codes: list[int]
    seen: dict[int, dict[str, Any]]
    folder: Path

    def told(self, rank: int) -> dict[str, Any]:
        """The last line that a rank printed, which is JSON."""
        return dict(json.loads(self.printed[rank].splitlines()[-1]))


def read_ranks(folder: Path, kind: str = "rank") -> dict[int, dict[str, Any]]:
    """All that each rank wrote, by rank; its steps are in `columns`, a list each."""
    found = {}
    for path in folder.glob(f"{kind}-*.json"):
        report = json.loads(path.read_text(encoding="utf-8"))
        with path.with_suffix(".csv").open(encoding="utf-8", newline="") as file:
            names, *rows = csv.reader(file)
        kinds = [int if name == "images" else float for name in names]
        values = [[kind(text) if text else None for kind, text in zip(kinds, row, strict=True)] for row in rows]
        columns = {name: [row[number] for row in values] for number, name in enumerate(names)}
        found[int(report["rank"])] = report | {"columns": columns}
    return dict(sorted(found.items()))


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def command(folder: Path, *words: str, options: dict[str, Any] | None = None) -> list[str]:
    """The wrapper with `words`: a script of examples/ or elsewhere, or `-m` and a module, and arguments."""
    script = words[0] if words[0] == "-m" else str(HERE / "examples" / words[0])
    wrapper = [sys.executable, str(WRAPPER), "--out", str(folder), "--options", json.dumps(options or {}), "--"]
    return [*wrapper, script, *words[1:]]


def surroundings(rank: int = 0, ranks: int = 1, port: int = 0) -> dict[str, str]:
    """The environment that torchrun gives a rank."""
    found = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONSAFEPATH")}
    found |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(ranks), "LOCAL_WORLD_SIZE": str(ranks)}
    found |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    return found | {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}


def start(
    folder: Path,
    *words: str,
    ranks: int = 1,
    options: dict[str, Any] | None = None,
    cwd: Path | None = None,
    seconds: float = 60,
) -> Launch:
    """Start the ranks of a script and wait for their end, at most `seconds`."""
    port = free_port()
    processes = [
        subprocess.Popen(
            command(folder, *words, options=options),
            env=surroundings(rank, ranks, port),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=cwd,
        )
        for rank in range(ranks)
    ]
    try:
        outputs = [process.communicate(timeout=seconds) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    return Launch(
        [printed for printed, _ in outputs],
        [said for _, said in outputs],
        [process.returncode for process in processes],
        read_ranks(folder),
        folder,
    )
