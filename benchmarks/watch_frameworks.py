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
import re
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from scripts import cli
from scripts.training import watch
from scripts.training.program.watched import PHASES, Columns, RankReport, read_ranks

FOLDER = Path(__file__).with_name("frameworks")
WRAPPER = Path(watch.__file__).with_name("run_watched.py")
SCRIPTS = ("lightning_trainer.py", "hugging_face_trainer.py", "accelerate_loop.py")
TIMM = (
    "--model resnet18 --num-classes 3 --img-size 32 --batch-size 8 --warmup-epochs 0 --cooldown-epochs 0 "
    "--device cpu --workers 1 --log-interval 1 --no-prefetcher --data-dir {data} --output {out}"
)
TIMM_LINE = re.compile(r"^Train: .*? Loss: +(\S+) ", re.MULTILINE)
ENOUGH = {"stop_after": {"steps": 6, "warmup_steps": 2}}
SECONDS = 300


@dataclass(frozen=True)
class Launch:
    """By rank: what it counted itself, what was seen of it, and its exit status."""

    told: list[dict[str, Any]]
    seen: list[tuple[RankReport, Columns]]
    codes: list[int]


def pictures(folder: Path) -> None:
    """A folder of class folders for training and one for validation, of random pictures."""
    draw = np.random.default_rng(0)
    for split, count in (("train", 16), ("validation", 6)):
        for name in ("ash", "birch", "cedar"):
            (folder / split / name).mkdir(parents=True)
            for number in range(count):
                pixels = draw.integers(0, 255, (40, 40, 3), dtype=np.uint8)
                cv2.imwrite(str(folder / split / name / f"{number}.png"), pixels)


def counted(printed: str, said: str) -> dict[str, Any]:
    """What a script says of its rank: the line of frameworks/pictures.py, or the log of timm's."""
    lines = [line for line in printed.splitlines() if line.startswith('{"rank"')]
    if lines:
        return dict(json.loads(lines[-1]))
    losses = [float(loss) for loss in TIMM_LINE.findall(printed + said)]
    return {"steps": len(losses), "losses": losses} if losses else {}


def launch(python: str, script: list[str], ranks: int, options: dict[str, Any]) -> Launch:
    """Start the ranks of a script and wait for their end."""
    with tempfile.TemporaryDirectory() as folder:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        words = [python, str(WRAPPER), "--out", folder, "--options", json.dumps(options), "--", *script]
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
        codes = [process.returncode for process in processes]
        if any(codes):
            print(*(said[-2000:] for _, said in outputs), sep="\n")
        told = [counted(*output) for output in outputs]
        return Launch(told, read_ranks(Path(folder)), codes)


def cells(told: dict[str, Any], seen: RankReport, columns: Columns) -> list[str]:
    """What was seen: `=` where the script has counted the same, `?` where it does not tell, else its own count."""
    found = []
    numbers = (seen.steps, sum(columns.images), seen.evaluation["images"])
    for name, number in zip(("steps", "images", "evaluated"), numbers, strict=True):
        own = told.get(name)
        found.append(f"{number:g} " + ("?" if own is None else "=" if own == number else f"told {own}"))
    losses = [loss for loss in columns.loss if loss is not None]
    own = told.get("losses", [])
    each = len(own) // max(1, len(losses))
    means = [sum(own[i : i + each]) / each for i in range(0, len(own), each)] if each else []
    equal = len(means) == len(losses) and np.allclose(means, losses, rtol=1e-2 if "rank" not in told else 1e-6)
    return [*found, f"{len(losses)} " + ("?" if not own else "=" if equal else f"{losses[:2]} told {means[:2]}")]


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--python", required=True, help="interpreter of an environment with the libraries")
    parser.add_argument("--timm", type=Path, help="train.py of timm's repository, which its package does not ship")
    args = parser.parse_args()
    columns = ["steps", "images", "evaluated", "losses", "data/fwd+bwd/optimizer/evaluation/other"]
    table = Table("script", "rank", "ended", *columns, "ended by us (steps, how)")
    with tempfile.TemporaryDirectory() as temporary:
        pictures(Path(temporary) / "data")
        scripts = [[name] for name in SCRIPTS]
        if args.timm:
            words = TIMM.format(data=f"{temporary}/data", out=f"{temporary}/out").split()
            scripts.append([str(args.timm.resolve()), *words])
        for script in scripts:
            for ranks in (1, 2):
                whole = launch(args.python, [*script, "--epochs", "2"], ranks, {})
                cut = launch(args.python, [*script, "--epochs", "1000"], ranks, ENOUGH)
                ends = {(report.steps, report.stopped) for report, _ in cut.seen}
                for rank, (seen, steps) in enumerate(whole.seen):
                    spent = [sum(getattr(steps, name)) for name in PHASES]
                    shares = "/".join(f"{100 * seconds / max(sum(spent), 1e-9):.0f}" for seconds in spent) + " %"
                    said = cells(whole.told[rank], seen, steps)
                    row = (Path(script[0]).name, f"{rank} of {ranks}", f"{whole.codes[rank]}", *said, shares)
                    table.add_row(*row, f"{sorted(ends)} {cut.codes}")
    Console(width=200, highlight=False).print(table)


if __name__ == "__main__":
    cli.run(main)
