"""A packed study of pictures, and a training run on it as the workflow launches it."""

import sys
from pathlib import Path
from typing import Any

import pytest
from helping import OPTIMIZER, ROOT, Command, Run, Train, pack_study, stages_command, training_point

from scripts import record
from scripts.atomic import write_text
from scripts.spec import canonical
from scripts.training.model.describe_model import DescribeSpec, describe
from scripts.training.points import network_id

SIZE = 32


@pytest.fixture(scope="session")
def study(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 0000.npy, split.parquet and stats.json: 36 pictures, 28 of which train."""
    folder = tmp_path_factory.mktemp("study")
    pack_study(folder, pictures, {"train": 0.7, "valid": 0.15, "test": 0.15}, SIZE)
    return folder


def launch(study: Path, path: Path, strategy: str, workers: int, changes: dict[str, Any]) -> list[str]:
    """What training and profile share of their command, on the packed study or another; takes what it uses out of
    `changes`.
    """
    study = changes.pop("study", study)
    point = training_point(strategy, workers, **({"global_batch": 8} | dict(changes.pop("point", {}))))
    given = {name: changes.pop(name, None) for name in ("weights", "model_file", "costs")}
    spec = {
        "study": "t",
        "point": point,
        "size": SIZE,
        "packed_size": SIZE,
        "augment": [],
        "sampling": "shuffled",
        "loss": {"class_weights": None, "label_smoothing": 0.0},
        "epochs": 2,
        "warmup_steps": 1,
        "optimizer": OPTIMIZER,
        "model_digest": None,
        "weights_name": None,
        "target_accuracy": 0.0,
        "stop_at_target": False,
        "seed": 0,
        "lock": "",
    }
    facts = study / f"{network_id(point.model)}.json"
    if not facts.is_file():
        asked = DescribeSpec(model=point.model, model_digest=None, classes=3, size=SIZE, packages=[])
        write_text(facts, describe(asked, given["model_file"]).model_dump_json())
    flags = ["--shards", str(study), "--split", str(study / "split.parquet"), "--stats", str(study / "stats.json")]
    flags += ["--facts", str(facts)]
    if raw := changes.pop("raw", None):
        flags += ["--raw", str(raw), "--decode", canonical(size=SIZE, steps=[{"resize": {}}])]
    for name, file in given.items():
        flags += [f"--{name.replace('_', '-')}", *([str(file)] if file else [])]
    flags += ["--launcher", "here", "--logs", str(path.with_name("ranks")), "--record", str(path)]
    return [sys.executable, "-m", "scripts.training.launch.train", *flags, "--spec", canonical(**(spec | changes))]


@pytest.fixture(scope="session")
def train_command(study: Path) -> Command:
    """The command by which rule train launches a point that writes its record to a path."""

    def command(path: Path, strategy: str, workers: int, **changes: object) -> list[str]:
        seconds = changes.pop("checkpoint_seconds", 300)
        flags = ["--checkpoint", str(path.with_name("checkpoint")), "--usage", str(path.with_suffix(".usage.csv"))]
        flags += ["--checkpoint-seconds", *([] if seconds is None else [str(seconds)])]
        flags += ["--block", "1", "--attempt", str(changes.pop("attempt", 1))]
        return [*launch(study, path, strategy, workers, changes), *flags]

    return command


@pytest.fixture(scope="session")
def profile_command(study: Path) -> Command:
    """The command by which rule profile takes a point apart."""

    def command(path: Path, strategy: str, workers: int, **changes: object) -> list[str]:
        flags = ["--program", "scripts.training.loop.profile_rank", "--traces", str(path.with_name("traces"))]
        return [*launch(study, path, strategy, workers, changes), *flags, "--steps", "3"]

    return command


@pytest.fixture(scope="session")
def train(train_command: Command, run: Run, tmp_path_factory: pytest.TempPathFactory) -> Train:
    """Launch a point, as rule train does, and read its record."""

    def trained(strategy: str, workers: int, **changes: object) -> record.Record:
        path = tmp_path_factory.mktemp("record") / "b1.json"
        run(ROOT, *train_command(path, strategy, workers, **changes))
        return record.read(path)

    return trained


@pytest.fixture(scope="session")
def costs(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the pieces of ResNet-18 cost."""
    path = tmp_path_factory.mktemp("costs") / "resnet18.json"
    run(ROOT, *stages_command("resnet18", path))
    return path


@pytest.fixture(scope="session")
def tiny_costs(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the pieces of tiny_cnn cost."""
    path = tmp_path_factory.mktemp("costs") / "tiny_cnn.json"
    run(ROOT, *stages_command("tiny_cnn", path))
    return path
