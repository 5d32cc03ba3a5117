"""The trained network, kept and used: features of packed images, classes of a folder's pictures."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from helping import LIMITS, ROOT, Command, Run

from scripts import record
from scripts.images.shards import Shards, read_split
from scripts.spec import canonical
from scripts.training.model.trained import TrainedNetwork

DECODE = {"size": 32, "steps": [{"resize": {}}]}


@pytest.fixture(scope="module")
def model(train_command: Command, run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    command = train_command(folder / "record.json", "ddp", 2, point={"model": "tiny_cnn", "global_batch": 8}, epochs=4)
    run(ROOT, *command, "--model", str(folder / "model.pt"), "--decode", json.dumps(DECODE))
    return folder / "model.pt"


def test_the_weights_of_the_best_epoch_are_kept(model: Path, study: Path) -> None:
    trained, found = TrainedNetwork.read(model), record.read(model.with_name("record.json"))
    accuracies = [epoch.valid_accuracy for epoch in found.quality.epochs]
    assert trained.epoch == 1 + accuracies.index(max(accuracies))
    valid, shards = read_split(study / "split.parquet", "valid"), Shards(study)
    pixels = np.stack([shards[place] for place in zip(valid.shards.tolist(), valid.rows.tolist(), strict=True)])
    with torch.inference_mode():
        network = trained.network(torch.device("cpu"))
        said = network(trained.normalised(pixels, torch.device("cpu"))).argmax(dim=1)
    assert float((said.numpy() == valid.labels).mean()) == pytest.approx(trained.valid_accuracy, abs=1e-6)
    assert sorted(path.name for path in model.parent.iterdir()) == [
        "model.pt",
        "ranks",
        "record.json",
        "record.usage.csv",
    ]


def test_features_are_what_the_last_layer_is_given(model: Path, study: Path, run: Run, tmp_path: Path) -> None:
    flags = ["--model", str(model), "--pixels", str(study / "0000.npy"), "--features", str(tmp_path / "features.npy")]
    command = [sys.executable, "-m", "scripts.training.use.extract_features", *flags]
    run(ROOT, *command, "--spec", canonical(device="cpu", batch=5))
    found, pixels = np.load(tmp_path / "features.npy"), np.load(study / "0000.npy")
    trained = TrainedNetwork.read(model)
    network = trained.network(torch.device("cpu"))
    with torch.inference_mode():
        expected = network(trained.normalised(pixels, torch.device("cpu")))
        assert network[-1](torch.from_numpy(found)).numpy() == pytest.approx(expected.numpy(), abs=1e-5)
    assert (found.shape, found.dtype) == ((36, 96), np.float32)


def test_each_file_of_a_folder_has_a_class_or_a_reason(model: Path, pictures: Path, run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    shutil.copytree(pictures, folder / "deep")
    (folder / "broken.jpg").write_bytes(b"no picture")
    parts = [tmp_path / f"{number}.csv" for number in range(3)]
    spec = canonical(parts=3, device="cpu", batch=7, limits=LIMITS, listed="")
    for number, part in enumerate(parts):
        flags = ["--model", str(model), "--folder", str(folder), "--part", str(number), "--predictions", str(part)]
        run(ROOT, sys.executable, "-m", "scripts.training.use.predict_part", *flags, "--spec", spec)
    joined = tmp_path / "predictions.csv"
    flags = ["--parts", *map(str, parts), "--predictions", str(joined)]
    run(ROOT, sys.executable, "-m", "scripts.training.use.join_predictions", *flags)
    table = pd.read_csv(joined, keep_default_na=False)
    assert table["path"].tolist() == sorted(str(path.relative_to(folder)) for path in folder.rglob("*.*"))
    broken = table[table["class"] == ""]
    assert broken["path"].tolist() == ["broken.jpg"]
    assert broken["reason"].str.len().min() > 0
    good = table[table["class"] != ""]
    assert set(good["class"]) <= set(TrainedNetwork.read(model).classes)
    assert good["probability"].astype(float).between(1 / 3, 1).all()
