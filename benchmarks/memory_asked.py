"""Is what a training is given on Slurm what it holds?

Mechanism: each cell is a training on random pixels, launched as rule train launches it, with two epochs and a
checkpoint between them. While it runs, the greatest resident memory (VmHWM of /proc) of each of its processes is looked
at; their sum is what it held, pages that processes share counted in each, as Slurm's jobacct_gather/linux counts them.
To it come the two processes of Snakemake that a job runs in. What is asked:
scripts/training/model/memory.py.

    make bench        or        python -m benchmarks.memory_asked --output docs/memory.md
"""

import json
import subprocess
import sys
import tempfile
import time
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
import numpy as np
import pandas as pd
import psutil
import torch

from scripts import cli
from scripts.atomic import write_text
from scripts.config.training import Training
from scripts.errors import UserError
from scripts.registry import ROOT
from scripts.spec import canonical
from scripts.training.model.describe_model import DescribeSpec, describe
from scripts.training.model.measure_stages import StagesSpec, measure
from scripts.training.model.memory import SNAKEMAKE, node_megabytes
from scripts.training.model.model_facts import ModelFacts
from scripts.training.points import TrainingPoint
from scripts.training.spec import TrainSpec

SIZE, CLASSES = 128, 3
MODELS = ("tiny_cnn", "resnet18", "resnet50", "vgg11", "mobilenet_v3_small")
BATCHES, LOADERS = (8, 32, 64), (0, 2)
# Beside the grid: what else changes what is held. Keys of `training`, with a strategy and a worker count.
OTHERS: dict[str, dict[str, Any]] = {
    "ddp, 2 ranks": {"strategies": ["ddp"], "workers": [2]},
    "ddp, 2 ranks, 1 loader each": {"strategies": ["ddp"], "workers": [2], "loader_workers": 1},
    "ddp, 2 ranks, micro_batch 4": {"strategies": ["ddp"], "workers": [2], "micro_batch": 4},
    "fsdp, 2 ranks": {"strategies": ["fsdp"], "workers": [2]},
    "pipeline, 2 stages, 1f1b": {"strategies": ["pipeline"], "workers": [2]},
    "pipeline, 2 stages, gpipe": {"strategies": ["pipeline"], "workers": [2], "pipeline": {"schedules": ["gpipe"]}},
    "bf16": {"precision": "bf16"},
    "allocator glibc": {"tuning": {"allocator": "glibc"}},
    "adamw": {"optimizer": {"name": "adamw"}},
}
OTHER_MODELS, OTHER_BATCH = ("resnet50", "vgg11"), 16


class Cell(NamedTuple):
    """A training, what it was seen to hold and what is asked for it, in MB."""

    point: TrainingPoint
    batch: int
    held: float
    asked: int

    @property
    def ratio(self) -> float:
        return self.asked / self.held


def write_images(folder: Path, train: int) -> int:
    """Packed images of random pixels; how many there are."""
    sides = ["train"] * train + ["valid"] * 16 + ["test"] * 16
    pixels = np.random.default_rng(0).integers(0, 256, (len(sides), SIZE, SIZE, 3), np.uint8)
    folder.mkdir(parents=True)
    np.save(folder / "0000.npy", pixels)
    names = [f"{i:04d}" for i in range(len(sides))]
    table = {"path": names, "shard": 0, "row": range(len(sides)), "group": names, "sha256": names, "pixels": names}
    labels = [f"class {i % CLASSES}" for i in range(len(sides))]
    pd.DataFrame(table | {"class": labels, "split": sides}).to_parquet(folder / "split.parquet")
    write_text(folder / "stats.json", json.dumps({"mean": [127.5] * 3, "std": [73.9] * 3}))
    return len(sides)


def training(model: str, batch: int, **changes: Any) -> TrainSpec:
    """The spec of a cell: the config's defaults, but for `changes` of `training`."""
    given = {"model": model, "global_batch": batch, "device": "cpu", "strategies": ["serial"], "workers": [1]} | changes
    settings = Training.model_validate(given)
    (point,) = settings.points().values()
    return TrainSpec.model_validate(
        {
            "study": "memory",
            "point": point.model_dump(),
            "size": SIZE,
            "packed_size": SIZE,
            "augment": [],
            "sampling": "shuffled",
            "loss": {"class_weights": None, "label_smoothing": 0.0},
            "epochs": 2,
            "warmup_steps": 1,
            "optimizer": settings.optimizer.model_dump(),
            "model_digest": None,
            "weights_name": None,
            "target_accuracy": 1.0,
            "stop_at_target": False,
            "seed": 0,
            "lock": "",
        }
    )


def launch(spec: TrainSpec, images: Path, facts: Path, costs: Path | None) -> float:
    """MB that a training held, Snakemake's two processes counted in.

    Raises:
        UserError: it failed.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = [sys.executable, "-m", "scripts.training.launch.train", "--launcher", "here", "--device", "cpu"]
        command += ["--shards", str(images), "--split", str(images / "split.parquet")]
        command += ["--stats", str(images / "stats.json")]
        command += ["--facts", str(facts), "--costs", *([str(costs)] if costs else [])]
        command += ["--logs", str(folder / "ranks"), "--checkpoint", str(folder / "checkpoint")]
        command += ["--checkpoint-seconds", "--block", "1", "--attempt", "1", "--record", str(folder / "record.json")]
        command += ["--usage", str(folder / "usage.csv"), "--spec", canonical(**dict(spec))]
        with (folder / "log").open("w") as log, subprocess.Popen(command, cwd=ROOT, stderr=log) as process:
            held: dict[int, int] = {}
            while process.poll() is None:
                held |= peaks(process.pid)
                time.sleep(0.05)
        if process.returncode:
            raise UserError(f"{spec.point.id} failed:\n{(folder / 'log').read_text()}")
    return (SNAKEMAKE + sum(held.values())) / 1e6


def peaks(pid: int) -> dict[int, int]:
    """By process id: the greatest resident memory so far, in bytes, of a process and all that came from it."""
    found = {}
    try:
        root = psutil.Process(pid)
        tree = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return {}
    for process in tree:
        try:
            lines = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8").splitlines()
        except (FileNotFoundError, ProcessLookupError):
            continue
        for line in lines:
            if line.startswith("VmHWM"):  # one that has ended and is not waited for has none
                found[process.pid] = 1024 * int(line.split()[1])
    return found


def measured(folder: Path, model: str, batch: int, **changes: Any) -> Cell:
    """One cell; what cells share is kept in `folder`."""
    spec, images = training(model, batch, **changes), folder / f"images{batch}"
    count = 2 * batch + 32 if images.exists() else write_images(images, 2 * batch)
    facts, costs = folder / f"{model}.json", folder / f"{model}-costs.json"
    if not facts.exists():
        described = describe(DescribeSpec(model=model, model_digest=None, classes=CLASSES, size=SIZE, packages=[]))
        write_text(facts, described.model_dump_json())
    if spec.point.pipe and not costs.exists():
        how = {"batch": 4, "threads": 1, "device": "cpu", "channels_last": True, "lock": ""}
        found = measure(
            StagesSpec.model_validate({"model": model, "model_digest": None, "classes": CLASSES, "size": SIZE} | how)
        )
        write_text(costs, found.model_dump_json())
    held = launch(spec, images, facts, costs if spec.point.pipe else None)
    return Cell(spec.point, batch, held, node_megabytes(ModelFacts.read(facts), spec, count, cuda=False))


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--models", nargs="+", default=MODELS)
    parser.add_argument("--output", type=Path, help="Markdown to write; left out: standard output")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        grid = list(product(args.models, BATCHES, LOADERS))
        cells = {
            (model, batch, loaders): measured(folder, model, batch, loader_workers=loaders)
            for model, batch, loaders in cli.progress(grid, len(grid), "trainings")
        }
        more = list(product([model for model in OTHER_MODELS if model in args.models], OTHERS))
        others = {
            (model, name): measured(folder, model, OTHER_BATCH, **OTHERS[name])
            for model, name in cli.progress(more, len(more), "further trainings")
        }
    template = jinja2.Template((ROOT / "benchmarks" / "memory.md.jinja").read_text(), undefined=jinja2.StrictUndefined)
    text = template.render(
        cells=cells,
        others=others,
        models=args.models,
        batches=BATCHES,
        loaders=LOADERS,
        size=SIZE,
        other_batch=OTHER_BATCH,
        ratios=sorted(cell.ratio for cell in [*cells.values(), *others.values()]),
        torch=torch.__version__,
    )
    if args.output:
        write_text(args.output, text + "\n")
    else:
        print(text)


if __name__ == "__main__":
    cli.run(main)
