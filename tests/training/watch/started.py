"""Start a script's ranks as torchrun does, each by the wrapper."""

import json
import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.training.watch import watched_ranks

HERE = Path(__file__).resolve().parent
WRAPPER = Path(watched_ranks.__file__).with_name("run_watched.py")


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


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def start(
    folder: Path,
    *command: str,
    ranks: int = 1,
    options: dict[str, Any] | None = None,
    python: str = sys.executable,
    cwd: Path | None = None,
    seconds: float = 120,
) -> Launch:
    """Start `command` (a script of examples/, or `-m` and a module) and wait for its end."""
    words = list(command)
    if words[0] != "-m" and not Path(words[0]).is_absolute():
        words[0] = str(HERE / "examples" / words[0])
    common = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONSAFEPATH")}
    common |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port()), "WORLD_SIZE": str(ranks)}
    common |= {"LOCAL_WORLD_SIZE": str(ranks), "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    started = [
        subprocess.Popen(
            [python, str(WRAPPER), "--out", str(folder), "--options", json.dumps(options or {}), "--", *words],
            env=common | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=cwd,
        )
        for rank in range(ranks)
    ]
    try:
        outputs = [process.communicate(timeout=seconds) for process in started]
    finally:
        for process in started:
            process.kill()
            process.wait()
    return Launch(
        [printed for printed, _ in outputs],
        [said for _, said in outputs],
        [process.returncode for process in started],
        watched_ranks.read_ranks(folder),
        folder,
    )
