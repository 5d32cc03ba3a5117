"""Pictures to work on and checkouts to run in."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import warm

from scripts import record
from scripts.config import Study
from scripts.images import pack_shard
from scripts.images.channel_stats import channel_stats
from scripts.images.decode import Decoder, DecodeSpec
from scripts.images.header import Limits
from scripts.images.shards import Shards, read_split
from scripts.images.source import Entry, entries
from scripts.images.split import assign_splits
from scripts.spec import canonical
from scripts.training.points import TrainingPoint

ROOT = Path(__file__).resolve().parent.parent
STUDY = Study()  # with all its defaults
LIMITS = Limits.model_validate(STUDY.images.limits.model_dump())
# As `training.optimizer`.
OPTIMIZER = {
    "name": "sgd",
    "lr": 0.001,
    "momentum": 0.9,
    "weight_decay": 0.0,
    "schedule": "constant",
    "lr_warmup_steps": 0,
    "lr_rule": "none",
}
# Of scripts/calibration.py: real work, a tenth as long.
BRIEF = {"WINDOW_SECONDS": 0.0, "LEAST_RUNS": 3, "WAKING_SECONDS": 0.0}
Train = Callable[..., record.Record]  # the fixture `train` of training/
Command = Callable[..., list[str]]  # the fixture `train_command` of training/
Run = Callable[..., "subprocess.CompletedProcess[str]"]  # the fixture `run`


def run(folder: Path, *command: str, check: bool = True, fresh: bool = False) -> "subprocess.CompletedProcess[str]":
    """Run a program of this repository in a folder, as a user would, and keep what it prints.

    Where it must be told by its process, or is to prove what it imports, it is to be `fresh`: in an interpreter of its
    own, as all that it starts; else a process that has imported the libraries becomes it (warm/).
    """
    tools = [str(Path(sys.executable).parent), os.environ["PATH"]]
    words = list(command)
    if not fresh:
        tools.insert(0, str(warm.interpreter().parent))
        if words[0] == "snakemake":
            words[:1] = ["python", "-m", "snakemake"]
        elif words[0] == sys.executable:
            words[0] = str(warm.interpreter())
    environment = os.environ | {"PATH": os.pathsep.join(tools)}
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=600)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


KILLED = """
import os, signal, sys
import {library}

if {program!r} in sys.orig_argv:
    called, left = {library}.{function}, iter(range({calls}))

    def counted(*given, **named):
        if next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)
        return called(*given, **named)

    {library}.{function} = counted
"""


def killed_at_work(folder: Path, program: str, function: str, calls: int) -> str:
    """A PYTHONPATH with which fresh interpreters of a program are killed when they call a function once too often."""
    library, _, name = function.rpartition(".")
    (folder / "first").mkdir()
    text = KILLED.format(library=library, program=program, function=name, calls=calls)
    (folder / "first" / "sitecustomize.py").write_text(text)  # which an interpreter runs before its program
    return str(folder / "first")


def training_point(strategy: str, workers: int, **changes: object) -> TrainingPoint:
    """A point of ResNet-18 on the CPU with the config's defaults, but for `changes`."""
    fields = {
        "model": "resnet18",
        "strategy": strategy,
        "device": "cpu",
        "precision": "fp32",
        "workers": workers,
        "nodes": 1,
        "threads": 1,
        "loader_workers": 0,
        "scaling": "strong",
        "global_batch": 32,
        "lr_factor": 1.0,
        "micro_batch": None,
        "pipe": None,
        "variant": "",
        "tuning": STUDY.training.tuning.model_dump(),
    }
    return TrainingPoint.model_validate(fields | changes)


def stages_command(model: str, path: Path, most: int = 2) -> list[str]:
    """The command by which rule measure_stages writes the costs of a network."""
    spec = canonical(
        model=model,
        model_digest=None,
        classes=3,
        size=32,
        batch=4,
        threads=1,
        device="cpu",
        channels_last=True,
        lock="",
    )
    flags = ["--most-stages", str(most), "--output", str(path), "--spec", spec]
    return [sys.executable, "-m", "scripts.training.model.measure_stages", *flags]


def write_jpeg(path: Path, seed: int, size: int = 96) -> None:
    """A JPEG with structure at several scales, so that two of them have different pixels at any size."""
    rng = np.random.default_rng(seed)
    coarse = cv2.resize(rng.integers(0, 256, (6, 6, 3), np.uint8), (size, size), interpolation=cv2.INTER_CUBIC)
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), coarse)


def pack(
    folder: Path, shard: int, listed: list[Entry], decoder: Decoder, limits: Limits
) -> tuple[np.ndarray, pd.DataFrame]:
    """The pixels of a shard and its table."""
    pixels: list[np.ndarray] = []
    table = pack_shard.pack(folder, shard, listed, decoder, limits, keep=pixels.append)
    size = decoder.spec.size
    return np.reshape(pixels, (-1, size, size, 3)).astype(np.uint8), table


def pack_study(folder: Path, pictures: Path, fractions: dict[str, float], size: int) -> None:
    """What a training reads of pictures: 0000.npy, split.parquet and stats.json."""
    decoder = Decoder(DecodeSpec(size=size, steps=[{"resize": {}}]))
    pixels, table = pack(pictures, 0, entries(pictures), decoder, LIMITS)
    np.save(folder / "0000.npy", pixels)
    table["group"] = table["path"]
    table["split"] = assign_splits(table, fractions, seed=0)
    table.to_parquet(folder / "split.parquet")
    stats = channel_stats(Shards(folder), read_split(folder / "split.parquet", "train"))
    (folder / "stats.json").write_text(json.dumps(stats))


def copy_checkout(folder: Path) -> Path:
    """What a clone holds and a run needs."""
    for name in ("scripts", "workflow", "config", "profiles", "envs"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Snakefile", "requirements.lock"):
        shutil.copy2(ROOT / name, folder / name)
    for name in ("local", "slurm"):
        (folder / name).symlink_to(f"profiles/{name}")
    return folder
