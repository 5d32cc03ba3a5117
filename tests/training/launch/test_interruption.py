"""Runs that are told to stop, and go on: real processes, real signals."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import torch
import waiting_rank
import warm
from helping import ROOT, Command, Run, Train, training_point

from scripts import record
from scripts.training.launch.generations import file_of, steps_of

EVERY_STEP = {"checkpoint_seconds": 0}


def start(command: list[str], folder: Path, fresh: bool = False) -> subprocess.Popen[str]:
    """Start a run that has its checkpoint in `folder` and does not go on before it is told to stop (waiting_rank.py);
    where its processes must be its own children, it is to be `fresh`.
    """
    words = [sys.executable if fresh else str(warm.interpreter()), *command[1:], "--program", "waiting_rank"]
    environment = os.environ | {"PYTHONPATH": str(Path(waiting_rank.__file__).parent)}
    process = subprocess.Popen(words, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
    while not steps_of(folder, rank=0):
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.02)
    return process


# DDP sums its gradients in another order once it has seen a backward: only where there are several buckets.
MANY_BUCKETS = training_point("ddp", 4).tuning.model_copy(update={"bucket_mb": 0.05})
ON_LOADER = training_point("ddp", 2).tuning.model_copy(update={"augment_on": "loader"})
AUGMENTED = {"augment": [{"random_resized_crop": {}}, {"mixup": {"alpha": 1.0}}], "sampling": "balanced"}
PIPE = {"stages": 2, "schedule": "1f1b", "microbatches": 2}


@pytest.mark.parametrize(
    ("strategy", "workers", "point", "settings"),
    [
        ("serial", 1, {}, {}),
        ("ddp", 4, {"model": "tiny_cnn", "tuning": MANY_BUCKETS}, {}),
        ("ddp", 2, {"model": "tiny_cnn", "precision": "fp16", "loader_workers": 1, "tuning": ON_LOADER}, AUGMENTED),
        ("fsdp", 2, {"model": "tiny_cnn"}, AUGMENTED),
        ("pipeline", 2, {"pipe": PIPE}, {}),
        ("hybrid", 4, {"pipe": PIPE, "model": "tiny_cnn"}, {}),
    ],
)
def test_a_run_stopped_by_sigterm_goes_on_to_the_same_bits(
    strategy: str,
    workers: int,
    point: dict[str, object],
    settings: dict[str, object],
    train: Train,
    train_command: Command,
    costs: Path,
    tiny_costs: Path,
    tmp_path: Path,
    run: Run,
) -> None:
    path = tmp_path / "b1.json"
    how: dict[str, object] = {"epochs": 3, "point": point} | settings
    if "pipe" in point:
        how |= {"costs": tiny_costs if "model" in point else costs}
    process = start(train_command(path, strategy, workers, **how, **EVERY_STEP), tmp_path / "checkpoint")
    process.send_signal(signal.SIGTERM)
    printed = process.communicate()[1]
    assert process.returncode == 75, printed
    assert "SIGTERM heard; saving after step" in printed
    assert not path.exists()
    stopped_at, before = steps_of(tmp_path / "checkpoint", rank=0)
    assert all(steps_of(tmp_path / "checkpoint", rank) == [stopped_at, before] for rank in range(workers))
    assert 1 <= before < stopped_at < 3 * how["epochs"]

    again = run(ROOT, *train_command(path, strategy, workers, attempt=2, **how))
    found, undisturbed = record.read(path), train(strategy, workers, **how)
    assert f"goes on after step {stopped_at}" in again.stderr
    assert (found.resumed, found.attempt, undisturbed.resumed) == (True, 2, False)
    assert learned(found) == learned(undisturbed)
    assert not (tmp_path / "checkpoint").exists()


def learned(one: record.Record) -> dict[str, object]:
    """All of a record's quality but the times."""
    assert one.quality is not None
    found = one.quality.model_dump(exclude={"seconds_to_target"})
    return found | {"epochs": [(epoch["loss"], epoch["valid_accuracy"]) for epoch in found["epochs"]]}


def test_a_run_that_hears_sigterm_when_its_last_step_is_done_is_finished(
    train_command: Command, tmp_path: Path
) -> None:
    path, small = tmp_path / "b1.json", {"point": {"model": "tiny_cnn"}, "epochs": 1}
    process = start(train_command(path, "ddp", 2, **EVERY_STEP, **small), tmp_path / "checkpoint")
    process.send_signal(signal.SIGTERM)  # two ranks save after the second of three steps, and hear it after the third
    printed = process.communicate()[1]
    assert process.returncode == 0, printed
    assert "SIGTERM heard" not in printed
    assert len(record.read(path).quality.epochs) == 1
    assert path.with_suffix(".usage.csv").exists()
    assert not (tmp_path / "checkpoint").exists()


def test_a_killed_run_goes_on_from_the_last_checkpoint_of_an_epoch(
    train: Train, train_command: Command, tmp_path: Path, run: Run
) -> None:
    path, small = tmp_path / "b1.json", {"point": {"model": "tiny_cnn"}, "epochs": 3}
    process = start(train_command(path, "serial", 1, checkpoint_seconds=None, **small), tmp_path / "checkpoint")
    subprocess.run(["pkill", "-KILL", "-f", str(path)], check=True)  # launcher, node and rank alike
    process.communicate()
    [step] = steps_of(tmp_path / "checkpoint", rank=0)
    assert step % 3 == 0  # 28 images, batches of 8

    run(ROOT, *train_command(path, "serial", 1, checkpoint_seconds=None, **small))
    assert record.read(path).resumed
    assert learned(record.read(path)) == learned(train("serial", 1, **small))


def interrupted(command: list[str], folder: Path) -> list[int]:
    """Start a run and tell it to stop behind its first checkpoint; the steps of its generations, newest first."""
    process = start(command, folder)
    process.send_signal(signal.SIGTERM)
    process.communicate()
    return steps_of(folder, rank=0)


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_where_one_rank_s_state_is_damaged_all_go_on_from_the_generation_before(
    train: Train, train_command: Command, tmp_path: Path, run: Run
) -> None:
    path, small = tmp_path / "b1.json", {"point": {"model": "tiny_cnn"}, "epochs": 3}
    newest, before = interrupted(train_command(path, "ddp", 2, **EVERY_STEP, **small), tmp_path / "checkpoint")
    damage(file_of(tmp_path / "checkpoint", newest, rank=1))
    done = run(ROOT, *train_command(path, "ddp", 2, **small))
    assert re.search(rf"step-{newest}\.rank-1\.pt: cannot be read \(.*checksum.*\); left aside", done.stderr)
    assert f"rank 0 goes on after step {before}" in done.stderr
    assert f"rank 1 goes on after step {before}" in done.stderr
    assert learned(record.read(path)) == learned(train("ddp", 2, **small))


def test_checkpoints_that_are_damaged_or_of_other_settings_are_left_aside(
    train_command: Command, tmp_path: Path, run: Run
) -> None:
    path, folder, small = tmp_path / "b1.json", tmp_path / "checkpoint", {"point": {"model": "tiny_cnn"}}
    steps = interrupted(train_command(path, "serial", 1, epochs=4, **EVERY_STEP, **small), folder)
    shutil.copytree(folder, tmp_path / "whole")
    for step in steps:
        damage(file_of(folder, step, rank=0))
    for epochs, reason in ((4, "cannot be read"), (2, "of a run with other data, settings or code; left aside")):
        (folder / ".step-9.rank-0.pt.elsewhere-7.tmp").touch()  # of a writer that was killed
        done = run(ROOT, *train_command(path, "serial", 1, epochs=epochs, **small))
        assert done.stderr.count(reason) == 2
        assert "no state that every rank can go on from; starting from the beginning" in done.stderr
        assert not record.read(path).resumed
        assert not folder.exists()
        shutil.copytree(tmp_path / "whole", folder)


def test_a_rank_that_fails_is_named_with_its_log(train_command: Command, tmp_path: Path, run: Run) -> None:
    weights, mistake = tmp_path / "weights.pt", "does not hold the weights of resnet18"
    torch.save({}, weights)
    done = run(ROOT, *train_command(tmp_path / "b1.json", "ddp", 2, weights=weights), check=False)
    assert done.returncode == 1
    assert re.search(rf"error: training\.weights: .* {mistake}", done.stderr)
    named = re.search(
        rf"error: rank ([01]) on localhost ended with 1; its log, .*rank-[01]\.log, ends:\n.*{mistake}", done.stderr
    )
    assert named  # the other may have been stopped before it could say as much
    assert mistake in (tmp_path / "ranks" / f"rank-{named[1]}.log").read_text()


def test_a_rank_that_is_killed_is_named_with_what_to_cut(train_command: Command, tmp_path: Path) -> None:
    path = tmp_path / "b1.json"
    point = {"model": "tiny_cnn"}
    command = train_command(path, "ddp", 2, epochs=4, **EVERY_STEP, point=point)
    process = start(command, tmp_path / "checkpoint", fresh=True)
    ranks = [one for one in psutil.Process(process.pid).children(recursive=True) if one.name().startswith("rank ")]
    assert sorted(one.name() for one in ranks) == ["rank 0", "rank 1"]
    ranks[0].kill()  # as the kernel does, where memory runs out
    printed = process.communicate()[1]
    assert process.returncode == 1
    assert re.search(
        r"error: rank [01] on localhost was killed by signal 9 \(if for want of memory: tiny_cnn at", printed
    )
    assert "training.micro_batch of 2 would make that 2" in printed
