"""What is seen of trainings by the libraries that people train with, whose loops are not theirs to edit?

Mechanism: each script of frameworks/ is launched by the wrapper (scripts/training/watch/) at one and two ranks, in an
environment that has its library, first to its end, then to be ended when enough is seen. What the script has counted in
its own callbacks is compared with what was seen: steps, images, evaluated images, losses. A `-` says that the library
does not tell.

Prints a row for each library and number of ranks, and the versions.

    python -m venv libraries && libraries/bin/pip install torch torchvision lightning transformers accelerate timm
    python -m benchmarks.watch_frameworks --python libraries/bin/python --timm pytorch-image-models/train.py
"""

import json
import os
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from scripts import cli
from scripts.training.watch import watched_ranks

FOLDER = Path(__file__).with_name("frameworks")
WRAPPER = Path(watched_ranks.__file__).with_name("run_watched.py")
SCRIPTS = ("lightning_trainer.py", "hugging_face_trainer.py", "accelerate_loop.py", "timm_train.py")
ENOUGH = {"stop_after": {"steps": 6, "warmup_steps": 2}}
SECONDS = 300


def launch(
    python: str, script: str, ranks: int, options: dict[str, Any], *arguments: str
) -> tuple[list[Any], Any, Any]:
    """What each rank told, what was seen of it, and how the ranks ended."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        words = [python, str(WRAPPER), "--out", folder, "--options", json.dumps(options), "--", script, *arguments]
        common = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        common |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1"}
        common |= {"WORLD_SIZE": str(ranks), "LOCAL_WORLD_SIZE": str(ranks), "HF_HUB_OFFLINE": "1"}
        common |= {"TORCHELASTIC_RUN_ID": "none", "GLOO_SOCKET_IFNAME": "lo", "CUDA_VISIBLE_DEVICES": ""}
        processes = [
            subprocess.Popen(
                words,
                cwd=FOLDER,
                env=common | {"RANK": str(rank), "LOCAL_RANK": str(rank), "GROUP_RANK": "0"},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for rank in range(ranks)
        ]
        try:
            outputs = [process.communicate(timeout=SECONDS) for process in processes]
        finally:
            for process in processes:
                process.kill()
        lines = [[line for line in printed.splitlines() if line.startswith('{"rank"')] for printed, _ in outputs]
        if not all(lines):
            print(*(said[-2000:] for _, said in outputs), sep="\n")
        told = [json.loads(found[-1]) if found else {} for found in lines]
        return told, watched_ranks.read_ranks(Path(folder)), [process.returncode for process in processes]


def compared(told: dict[str, Any], seen: dict[str, Any]) -> list[str]:
    """Cells: what was seen, and where the script tells otherwise, that."""
    pairs = {
        "steps": (told.get("steps"), seen["steps"]),
        "images": (told.get("images"), seen["images"]),
        "evaluated": (told.get("evaluated"), seen["evaluation"]["images"]),
    }
    cells = [f"{there}" if here in (None, there) else f"{there}, told {here}" for here, there in pairs.values()]
    losses = [loss for loss in seen["columns"]["loss"] if loss is not None]
    each = len(told.get("losses", [])) // max(1, len(losses))
    means = [sum(told["losses"][i : i + each]) / each for i in range(0, len(told["losses"]), each)] if each else []
    near = len(means) == len(losses) and all(abs(a - b) < 1e-5 for a, b in zip(means, losses, strict=True))
    return [*cells, f"{len(losses)} equal" if near else f"{losses[:2]}, told {means[:2]}"]


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--python", required=True, help="interpreter of an environment with the libraries")
    parser.add_argument("--script", action="append", help="of frameworks/; left out: all")
    args = parser.parse_args()
    table = Table("script", "ranks", "ended", "steps", "images", "evaluated", "losses", "phases %", "ended by us")
    for script in args.script or SCRIPTS:
        for ranks in (1, 2):
            told, seen, codes = launch(args.python, script, ranks, {})
            _, enough, stopped = launch(args.python, script, ranks, ENOUGH, "--epochs", "1000")
            ends = [(one["steps"], one["stopped"], one["caught"]) for one in enough.values()]
            for rank, one in seen.items():
                columns = one["columns"]
                whole = sum(columns["end"][-1:]) - (one["startup"] or 0)
                shares = [round(100 * sum(columns[name]) / whole) for name in list(columns)[3:]] if whole else []
                cells = compared(told[rank], one)
                table.add_row(script, f"{rank} of {ranks}", f"{codes[rank]}", *cells, f"{shares}", f"{ends} {stopped}")
    console = Console(width=220, highlight=False)
    console.print(table)


if __name__ == "__main__":
    cli.run(main)
