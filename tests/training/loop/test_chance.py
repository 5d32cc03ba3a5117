"""Labels that mean nothing are learned no better than by chance: nothing of the test images reaches a training."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from helping import OPTIMIZER, pack_study
from scipy.stats import binomtest

from scripts.record import Quality, Record

EACH = 60  # images of a class
Train = Callable[..., Record]  # the fixture `train`


@pytest.fixture(scope="module")
def colours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A packed study of pictures in which one channel is stronger, its class; half of them are for the test."""
    folder, rng = tmp_path_factory.mktemp("colours"), np.random.default_rng(0)
    for channel, name in enumerate(("blue", "green", "red")):
        (folder / "raw" / name).mkdir(parents=True)
        for number in range(EACH):
            pixels = rng.integers(0, 200, (8, 8, 3), np.uint8)
            pixels[..., channel] += 55
            large = cv2.resize(pixels, (64, 64), interpolation=cv2.INTER_NEAREST)
            assert cv2.imwrite(str(folder / "raw" / name / f"{number}.jpg"), large)
    pack_study(folder, folder / "raw", {"train": 0.4, "valid": 0.1, "test": 0.5}, size=32)
    return folder


def learned(study: Path, train: Train) -> Quality:
    how = {"epochs": 20, "optimizer": OPTIMIZER | {"lr": 0.05}}
    found = train("serial", 1, study=study, point={"model": "tiny_cnn", "global_batch": 16}, **how)
    assert found.quality is not None
    return found.quality


def chance(*found: Quality) -> float:
    """How likely guessing among three classes is to do as well."""
    right = sum(counts[number] for one in found for number, counts in enumerate(one.confusion))
    return float(binomtest(right, len(found) * 3 * EACH // 2, 1 / 3, alternative="greater").pvalue)


def test_shuffled_labels_are_not_learned_and_true_ones_are(colours: Path, train: Train, tmp_path: Path) -> None:
    assert chance(learned(colours, train)) < 1e-9
    table, guesses = pd.read_parquet(colours / "split.parquet"), []
    for name in ("0000.npy", "stats.json"):
        (tmp_path / name).symlink_to(colours / name)
    for seed in range(2):
        shuffled = table.assign(**{"class": np.random.default_rng(seed).permutation(table["class"])})
        shuffled.to_parquet(tmp_path / "split.parquet")
        guesses.append(learned(tmp_path, train))
        assert guesses[-1].epochs[-1].loss < guesses[-1].epochs[0].loss  # it does try
    assert chance(*guesses) > 0.01
