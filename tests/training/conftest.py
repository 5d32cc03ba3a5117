"""A packed study of pictures, and a training run on it as the workflow launches it."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from helping import LIMITS, ROOT, Command, Run, Train, pack

from scripts import record
from scripts.images.channel_stats import channel_stats
from scripts.images.decode import Decoder, DecodeSpec
from scripts.images.shards import Shards, read_split
from scripts.images.source import entries
from scripts.images.split import assign_splits
from scripts.spec import canonical
from scripts.training.points import TrainingPoint

SIZE = 32


@pytest.fixture(scope="session")
def study(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 0000.npy, split.parquet and stats.json: 36 pictures, 28 of which train."""
    folder = tmp_path_factory.mktemp("study")
    decoder = Decoder(DecodeSpec(size=SIZE, steps=[{"resize": {}}]))
    pixels, table = pack(pictures, 0, entries(pictures), decoder, LIMITS)
    np.save(folder / "0000.npy", pixels)
    table["group"] = table["path"]
    table["split"] = assign_splits(table, {"train": 0.7, "valid": 0.15, "test": 0.15}, seed=0)
    table.to_parquet(folder / "split.parquet")
    stats = channel_stats(Shards(folder), read_split(folder / "split.parquet", "train"))
    (folder / "stats.json").write_text(json.dumps(stats))
    return folder


@pytest.fixture(scope="session")
def train_command(study: Path) -> Command:
    """The command by which rule train launches a point that writes its record to a path."""

    def command(path: Path, strategy: str, workers: int, **changes: object) -> list[str]:
        point = TrainingPoint(
            model="resnet18",
            strategy=strategy,
            device="cpu",
            precision="fp32",
            workers=workers,
            nodes=1,
            threads=1,
            scaling="strong",
            global_batch=8,
        )
        spec = {
            "study": "t",
            "point": point,
            "size": SIZE,
            "epochs": 2,
            "warmup_steps": 1,
            "optimizer": {"name": "sgd", "lr": 0.001, "momentum": 0.9, "schedule": "constant"},
            "target_accuracy": 0.0,
            "seed": 0,
            "lock": "",
        }
        weights, seconds = changes.pop("weights", None), changes.pop("checkpoint_seconds", 300)
        flags = ["--shards", str(study), "--split", str(study / "split.parquet"), "--stats", str(study / "stats.json")]
        flags += ["--weights", *([str(weights)] if weights else [])]
        flags += ["--checkpoint", str(path.with_suffix(".pt"))]
        flags += ["--checkpoint-seconds", *([] if seconds is None else [str(seconds)])]
        flags += ["--attempt", str(changes.pop("attempt", 1)), "--logs", str(path.with_name("ranks"))]
        flags += ["--launcher", "here", "--block", "1", "--record", str(path), "--spec", canonical(**(spec | changes))]
        return [sys.executable, "-m", "scripts.training.train", *flags]

    return command


@pytest.fixture(scope="session")
def train(train_command: Command, run: Run, tmp_path_factory: pytest.TempPathFactory) -> Train:
    """Launch a point, as rule train does, and read its record."""

    def launch(strategy: str, workers: int, **changes: object) -> record.Record:
        path = tmp_path_factory.mktemp("record") / "b1.json"
        run(ROOT, *train_command(path, strategy, workers, **changes))
        return record.read(path)

    return launch
