"""Real launches: torchrun, gloo, ResNet-18, packed pictures."""

import math
import re
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import evicted_rank
import numpy as np
import pandas as pd
import pytest
import torch
from helping import OPTIMIZER, ROOT, Command, Run
from sklearn.metrics import precision_recall_fscore_support

from scripts import page_cache, record
from scripts.errors import UserError
from scripts.record import Record
from scripts.scaling.comparing.faults import faults
from scripts.scaling.tables.analysis import loss_distance
from scripts.training.model.build import build

Train = Callable[..., Record]  # the fixture `train`


@pytest.fixture(scope="module")
def runs(train: Train) -> dict[str, Record]:
    return {"serial-1": train("serial", 1), "ddp-1": train("ddp", 1), "ddp-2": train("ddp", 2)}


def test_one_ddp_worker_learns_bit_for_bit_what_serial_learns(runs: dict[str, Record]) -> None:
    serial, ddp = runs["serial-1"].quality, runs["ddp-1"].quality
    assert [epoch.loss for epoch in ddp.epochs] == [epoch.loss for epoch in serial.epochs]
    assert ddp.confusion == serial.confusion


def test_the_key_holds_the_versions_of_what_trains_and_a_launch_is_told_from_every_other(
    runs: dict[str, Record],
) -> None:
    versions = {name: one for name, one in runs["ddp-2"].key.items() if name.startswith("version of ")}
    packages = ("torch", "torchvision", "numpy")
    assert versions == {f"version of {name}": metadata.version(name) for name in packages}
    assert len({one.launch for one in runs.values()}) == 3
    assert all(len(one.launch.started) == len("2026-01-31T12:00:00.000+00:00") for one in runs.values())


def test_two_workers_follow_the_same_loss_curve(runs: dict[str, Record]) -> None:
    # Not bit for bit: BatchNorm normalises by 4 images a rank where serial has 8.
    distance = loss_distance(runs["ddp-2"], runs["serial-1"])
    assert 0 < distance < 0.25


def test_every_run_evaluates_each_image_once(runs: dict[str, Record], study: Path) -> None:
    images = (pd.read_parquet(study / "split.parquet")["split"] == "test").sum()
    for one in runs.values():
        assert np.sum(one.quality.confusion) == images
        assert one.validity.ok


def test_the_scores_are_those_of_the_confusion_matrix(runs: dict[str, Record]) -> None:
    for one in runs.values():
        confusion = np.array(one.quality.confusion)
        true = np.repeat(np.repeat(np.arange(3), 3), confusion.ravel())
        predicted = np.repeat(np.tile(np.arange(3), 3), confusion.ravel())
        expected = precision_recall_fscore_support(true, predicted, average="macro", zero_division=0, labels=[0, 1, 2])
        assert (one.quality.precision, one.quality.recall, one.quality.f1) == pytest.approx(expected[:3], abs=1e-6)
        each = precision_recall_fscore_support(true, predicted, average=None, zero_division=0, labels=[0, 1, 2])
        found = [(scores.precision, scores.recall, scores.f1, scores.images) for scores in one.quality.per_class]
        assert pytest.approx(np.array(each), abs=1e-6) == np.array(found).T
        assert one.quality.test_accuracy == pytest.approx(np.trace(confusion) / confusion.sum(), abs=1e-6)


def test_phases_add_up_and_the_rate_leaves_warm_up_out(runs: dict[str, Record]) -> None:
    for name, one in runs.items():
        assert sum(one.phases.values()) == pytest.approx(one.wall_seconds, rel=0.02)
        assert one.phases["warmup"] > 0
        steady = sum(one.phases[name] for name in ("data", "to_device", "forward_backward", "optimizer"))
        # Of each epoch the slowest rank's, and the phases are those of the rank that was slowest over all epochs.
        assert steady <= one.seconds * 1.02
        assert one.seconds <= steady * (1.02 if name.endswith("1") else 2.02)
        assert one.quality.steps_per_epoch == 3
        assert one.images == (2 * 3 - 1) * 8
        assert one.images_per_second == pytest.approx(one.images / one.seconds)
        assert one.environment.threads["OMP_NUM_THREADS"] == "1"


def test_the_key_tells_runs_that_may_be_divided(runs: dict[str, Record]) -> None:
    assert runs["serial-1"].key == runs["ddp-2"].key
    assert runs["serial-1"].key["batch_policy"] == "strong: global batch 8"
    assert (runs["serial-1"].cores, runs["ddp-2"].cores) == (1, 2)


def test_a_target_that_was_reached_has_its_training_seconds(runs: dict[str, Record]) -> None:
    quality = runs["serial-1"].quality
    assert quality.seconds_to_target == quality.epochs[0].seconds


def test_images_are_in_memory_as_a_training_begins_and_looked_at_as_it_ends(
    runs: dict[str, Record],
    train_command: Command,
    study: Path,
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert {one.environment.page_cache for one in runs.values()} == {"warm"}
    monkeypatch.setenv("PYTHONPATH", str(Path(evicted_rank.__file__).parent))
    page_cache.evict([study / "0000.npy"])
    assert page_cache.resident_share([study / "0000.npy"]) < 0.1
    command = train_command(tmp_path / "b1.json", "ddp", 2, point={"model": "tiny_cnn"})
    said = run(ROOT, *command, "--program", "evicted_rank").stderr
    assert said.count("begins with 1.00 in memory") == 2
    assert record.read(tmp_path / "b1.json").environment.page_cache == "50% of the images in memory"


def test_training_starts_from_given_weights(train: Train, runs: dict[str, Record], tmp_path: Path) -> None:
    torch.manual_seed(7)
    torch.save(build("resnet18", 1000, None).state_dict(), tmp_path / "weights.pt")
    found = train("serial", 1, weights=tmp_path / "weights.pt")
    assert found.key["weights"] is not None
    assert found.quality.epochs[0].loss != runs["serial-1"].quality.epochs[0].loss


def test_given_weights_fill_all_but_the_last_layer(tmp_path: Path) -> None:
    torch.manual_seed(7)
    given = build("resnet18", 1000, None).state_dict()
    torch.save(given, tmp_path / "weights.pt")
    own = build("resnet18", 5, tmp_path / "weights.pt").state_dict()
    same = {name for name in given if own[name].shape == given[name].shape and bool((own[name] == given[name]).all())}
    assert set(given) - same == {"fc.weight", "fc.bias"}


def test_weights_of_another_model_or_no_weights_are_refused(tmp_path: Path) -> None:
    torch.save(build("resnet18", 5, None).state_dict(), tmp_path / "weights.pt")
    with pytest.raises(UserError, match="does not hold the weights of resnet50"):
        build("resnet50", 5, tmp_path / "weights.pt")
    (tmp_path / "text.pt").write_text("no weights")
    with pytest.raises(UserError, match="is no state_dict file"):
        build("resnet18", 5, tmp_path / "text.pt")


DIVERGED = r"training loss: expected a number, found (nan|inf) at step 2 \(epoch 1\); a smaller training.optimizer.lr"
DIVERGES = {"optimizer": OPTIMIZER | {"lr": 1e30}, "epochs": 3}


@pytest.mark.parametrize(
    ("workers", "changes"),
    [
        (1, {"loader_workers": 1}),
        (2, {"scaling": "strong"}),
        (2, {"scaling": "weak", "global_batch": 12}),
    ],
    ids=["serial", "strong", "weak"],
)
@pytest.mark.parametrize("checkpoint_seconds", [300, 0], ids=["epoch", "checkpoint"])
def test_a_training_that_diverges_ends_with_a_record_that_counts_for_nothing_and_says_what_may_help(
    train: Train, workers: int, changes: dict[str, object], checkpoint_seconds: int
) -> None:
    point = {"model": "tiny_cnn"} | changes
    strategy = "serial" if workers == 1 else "ddp"
    found = train(strategy, workers, point=point, checkpoint_seconds=checkpoint_seconds, **DIVERGES)
    assert [math.isfinite(epoch.loss) for epoch in found.quality.epochs] == [False]
    assert (found.images, found.validity.ok) == (0, False)
    (reason,) = faults(found)
    assert re.match(DIVERGED, reason)


def test_of_a_training_that_diverges_no_network_is_kept(train_command: Command, run: Run, tmp_path: Path) -> None:
    path, model = tmp_path / "record.json", tmp_path / "model.pt"
    command = train_command(path, "serial", 1, point={"model": "tiny_cnn"}, **DIVERGES)
    done = run(ROOT, *command, "--model", str(model), "--decode", "{}", check=False)
    assert done.returncode == 1
    assert re.search(f"error: {DIVERGED}", done.stderr)
    assert not path.exists()
    assert not model.exists()


def test_event_files_hold_each_epoch(train_command: Command, run: Run, tmp_path: Path) -> None:
    board = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    command = train_command(tmp_path / "b1.json", "ddp", 2, point={"model": "tiny_cnn"})
    run(ROOT, *command, "--tensorboard", str(tmp_path / "board"))
    found = record.read(tmp_path / "b1.json").quality.epochs
    events = board.EventAccumulator(str(tmp_path / "board")).Reload()
    for name in ("loss", "valid_accuracy", "seconds"):
        shown = [(event.step, event.value) for event in events.Scalars(name)]
        assert shown == [(number, pytest.approx(getattr(epoch, name))) for number, epoch in enumerate(found, start=1)]
