"""A loading job whose launches are disturbed: real processes burn the cores."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from helping import ROOT
from loading_study import DECODE, Packed
from neighbours import Neighbours, all_end, read_until, wait_until

from scripts import record
from scripts.loading.points import LoadingPoint
from scripts.noise import noisy
from scripts.spec import canonical

# In the process that measures again: the second pass begins when it is told to.
HELD = """
import sys, time
from pathlib import Path

if "--launch" in sys.orig_argv:
    from scripts.loading.measuring.passes import Sink

    def start_pass(sink):
        Path({held!r}).touch()
        time.sleep(1000)

    Sink.start_pass = start_pass
"""


@pytest.fixture
def neighbours(tmp_path: Path) -> Iterator[Neighbours]:
    found = Neighbours(tmp_path)
    yield found
    found.leave()


def record_in(folder: Path) -> Path:
    return folder / "t" / "loading" / "records" / "pool_map-2-5" / "b1.json"


def left_in(folder: Path) -> list[str]:
    """What a job has left: its record, or a lease, or the record of one launch."""
    return [path.name for path in record_in(folder).parent.iterdir()]


def start(packed: Packed, folder: Path, neighbours: Neighbours, again: int) -> "subprocess.Popen[str]":
    """The job that rule measure_loading starts, of a pool with two workers."""
    how = {"source": "raw", "start_method": "forkserver", "returns": "pickled"}
    point = LoadingPoint.model_validate({"backend": "pool_map", "workers": 2, "chunk": 5, **how})
    spec = {"study": "t", "seed": 0, "point": point, "decode": DECODE, "augment": None, "lock": "", "remote": None}
    spec |= {"passes": 1, "window_seconds": 0}
    (folder / "reference.json").write_text(json.dumps(packed.reference))
    flags = {"folder": packed.folder, "split": packed.split, "reference": folder / "reference.json", "block": 1}
    flags |= {"attempt": 1, "again": again, "record": record_in(folder), "spec": canonical(**spec)}
    words = [sys.executable, "-m", "scripts.loading.measuring.measure_loading"]
    words += [word for name, value in flags.items() for word in (f"--{name}", str(value))]
    return subprocess.Popen(words, cwd=ROOT, env=neighbours.environment, stderr=subprocess.PIPE, text=True)


def test_a_launch_that_was_disturbed_is_measured_again_in_another_process(
    packed: Packed, tmp_path: Path, neighbours: Neighbours
) -> None:
    neighbours.burn()
    job = start(packed, tmp_path, neighbours, again=3)
    read_until(job, "set aside")
    neighbours.leave()
    said = job.communicate()[1]
    assert job.returncode == 0, said
    found = record.read(record_in(tmp_path))
    [aside] = found.set_aside
    assert aside.reason.startswith("disturbed: other processes used ")
    assert aside.seconds > 0
    assert noisy(found) == []
    assert found.validity.ok
    assert found.attempt == 1
    assert found.environment.pid != job.pid
    assert left_in(tmp_path) == ["b1.json"]


def test_a_job_that_is_disturbed_throughout_leaves_a_record_that_says_so(
    packed: Packed, tmp_path: Path, neighbours: Neighbours
) -> None:
    neighbours.burn()
    job = start(packed, tmp_path, neighbours, again=2)
    said = job.communicate()[1]
    assert job.returncode == 0, said
    found = record.read(record_in(tmp_path))
    assert len(found.set_aside) == 2
    assert all(aside.reason.startswith("disturbed: ") for aside in found.set_aside)
    assert noisy(found)
    assert "the least disturbed one counts" in said


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_job_that_ends_while_it_measures_again_leaves_no_process(
    number: signal.Signals, packed: Packed, tmp_path: Path, neighbours: Neighbours
) -> None:
    held = tmp_path / "held"
    site = Path(neighbours.environment["PYTHONPATH"].split(os.pathsep)[0]) / "sitecustomize.py"
    site.write_text(site.read_text() + HELD.format(held=str(held)))
    neighbours.burn()
    job = start(packed, tmp_path, neighbours, again=3)
    wait_until(held.exists, job)
    processes = psutil.Process(job.pid).children(recursive=True)
    assert len(processes) > 3  # the launch, a server of forks and two workers
    job.send_signal(number)
    job.communicate()
    assert all_end(processes)
    if number == signal.SIGTERM:  # what it had measured counts
        assert job.returncode == 0
        assert noisy(record.read(record_in(tmp_path)))


def test_a_job_that_is_told_to_stop_before_it_has_measured_leaves_no_process_and_no_lease(
    packed: Packed, tmp_path: Path, neighbours: Neighbours
) -> None:
    held = tmp_path / "held"
    site = Path(neighbours.environment["PYTHONPATH"].split(os.pathsep)[0]) / "sitecustomize.py"
    site.write_text(site.read_text() + HELD.format(held=str(held)).replace('"--launch"', '"--again"'))
    job = start(packed, tmp_path, neighbours, again=3)
    wait_until(held.exists, job)
    processes = psutil.Process(job.pid).children(recursive=True)
    job.terminate()
    job.communicate()
    assert job.returncode != 0
    assert all_end(processes)
    assert left_in(tmp_path) == []
