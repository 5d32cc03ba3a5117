"""The demo study, drawn and trained as `make demo` does: the network learns it, and colour alone does not tell it."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helping import ROOT, Run
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from scripts.images.shards import Shards, Split, read_split


@pytest.fixture(scope="module")
def demo(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of one training run of the demo study, and of all that it needs."""
    folder = tmp_path_factory.mktemp("demo")
    target = "results/demo/training/records/resnet18-serial-1/b1.json"
    words = ("--profile", "local", "--directory", str(folder), "--config", "measuring={'again': 0}", "--", target)
    run(ROOT, "snakemake", *words)
    return folder / "results" / "demo"


def mean_colours(demo: Path, images: Split) -> np.ndarray:
    shards = Shards(demo / "images" / "shards")
    return np.array([shards[place].mean(axis=(0, 1)) for place in zip(images.shards, images.rows, strict=True)])


def test_the_network_passes_ninety_percent_on_the_test_split(demo: Path) -> None:
    record = json.loads((demo / "training/records/resnet18-serial-1/b1.json").read_text())
    assert record["validity"]["ok"]
    assert np.sum(record["quality"]["confusion"]) == 30
    assert record["quality"]["test_accuracy"] > 0.9


def test_mean_colour_tells_less_than_forty_percent(demo: Path) -> None:
    split = demo / "images" / "split.parquet"
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    train, test = read_split(split, "train"), read_split(split, "test")
    colours = mean_colours(demo, train)
    assert cross_val_score(model, colours, train.labels, cv=5).mean() < 0.4
    assert model.fit(colours, train.labels).score(mean_colours(demo, test), test.labels) < 0.4


def test_every_class_has_its_share_of_every_split(demo: Path) -> None:
    counts = pd.read_parquet(demo / "images" / "split.parquet").groupby(["class", "split"]).size().unstack()
    assert (counts[["train", "valid", "test"]] == [48, 6, 6]).all().all()
