"""A training whose launches are disturbed: real processes burn the cores, real signals end it."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from helping import ROOT, Command
from neighbours import Neighbours, all_end, read_until, wait_until

from scripts import record
from scripts.noise import noisy

SMALL = {"point": {"model": "tiny_cnn"}, "epochs": 2}


@pytest.fixture
def neighbours(tmp_path: Path) -> Iterator[Neighbours]:
    found = Neighbours(tmp_path)
    yield found
    found.leave()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Of the record, where it lies in a study."""
    return tmp_path / "t" / "training" / "records" / "tiny_cnn-serial-1" / "b1.json"


def start(command: list[str], neighbours: Neighbours, again: int, *more: str) -> "subprocess.Popen[str]":
    words = [*command, "--again", str(again), *more]
    return subprocess.Popen(words, cwd=ROOT, env=neighbours.environment, stderr=subprocess.PIPE, text=True)


def test_a_training_that_was_disturbed_begins_anew_and_its_last_launch_counts(
    train_command: Command, path: Path, neighbours: Neighbours
) -> None:
    neighbours.burn()
    job = start(train_command(path, "serial", 1, **SMALL), neighbours, 3)
    read_until(job, "set aside")
    neighbours.leave()
    said = job.communicate()[1]
    assert job.returncode == 0, said
    found = record.read(path)
    [aside] = found.set_aside
    assert aside.reason.startswith("disturbed: other processes used ")
    assert (noisy(found), found.resumed, found.attempt) == ([], False, 1)
    assert found.quality is not None
    assert len(found.quality.epochs) == 2
    ranks = path.with_name("ranks")
    assert path.with_suffix(".usage.csv").read_text() == (ranks / "again" / "1" / "usage-0.csv").read_text()
    assert (ranks / "rank-0.log").exists()  # of what was set aside
    assert not [*path.parent.glob(".*"), *path.parent.glob("*.launch")]  # no lease, no record of one launch


def test_a_training_that_is_disturbed_throughout_leaves_a_record_that_says_so(
    train_command: Command, path: Path, neighbours: Neighbours
) -> None:
    neighbours.burn()
    job = start(train_command(path, "serial", 1, **SMALL), neighbours, 1)
    said = job.communicate()[1]
    assert job.returncode == 0, said
    found = record.read(path)
    assert len(found.set_aside) == 1
    assert noisy(found)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_training_that_is_stopped_while_it_is_measured_again_leaves_no_process_and_keeps_what_it_has(
    number: signal.Signals, train_command: Command, path: Path, neighbours: Neighbours
) -> None:
    neighbours.environment["PYTHONPATH"] += os.pathsep + str(Path(__file__).parent)
    neighbours.burn()
    job = start(train_command(path, "serial", 1, **SMALL), neighbours, 3, "--program", "stopped_again")
    wait_until(path.with_name("held").exists, job)
    processes = psutil.Process(job.pid).children(recursive=True)
    job.send_signal(number)
    said = job.communicate()[1]
    assert all_end(processes)
    if number == signal.SIGTERM:
        assert job.returncode == 0, said
        found = record.read(path)
        assert noisy(found)
        assert (found.set_aside, found.resumed) == ([], False)
        assert not path.with_name("checkpoint").exists()  # or another training would go on from it
    else:
        assert not path.exists()
