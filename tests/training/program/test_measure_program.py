"""Real launches of real scripts: what is measured of them, and why one counts for nothing."""

import re
import statistics
from pathlib import Path

import pytest
from measured import WATCHED, Measure

from scripts import record


def faults(found: record.Record) -> dict[str, object]:
    return {fault.parameter: fault.actual for fault in found.validity.faults}


def test_two_ranks_of_a_script_are_measured_without_an_edit(measure: Measure, tmp_path: Path) -> None:
    found = measure("train.py --batch-size {batch_per_rank} --epochs 3", workers=2)
    assert found.validity.ok, faults(found)
    assert (found.point_id, found.cores, found.quality) == ("train-program-2", 2, None)
    assert found.images == 8 * (3 * 12 - 2)  # 12 steps an epoch, the first two of them warm-up
    assert found.seconds == pytest.approx(
        sum(found.phases[name] for name in ("data", "forward_backward", "optimizer", "other"))
    )
    assert found.phases["evaluation"] > 0
    assert found.watched is not None
    assert (found.watched.source, found.watched.steps, found.watched.stopped) == ("hooks", 36, "script")
    printed = [(tmp_path / f"logs/rank-{rank}.out").read_text() for rank in (0, 1)]
    losses = [[float(loss) for loss in re.findall(r"loss ([\d.]+)", text)] for text in printed]
    together = [statistics.fmean(pair) for pair in zip(*losses, strict=True)]
    assert found.watched.losses == pytest.approx(
        [statistics.fmean(together[first : first + 10]) for first in range(0, 36, 10)], abs=1e-4
    )
    assert found.key["command"] == "train.py --batch-size {batch_per_rank} --epochs 3"
    assert "version of torch" in found.key
    assert (tmp_path / "usage.csv").read_text().startswith("node,seconds,")


def test_a_launch_is_ended_once_it_is_measured(measure: Measure) -> None:
    found = measure("train.py --batch-size {batch_per_rank} --epochs 1000", workers=2, stop_after={"steps": 20})
    assert found.validity.ok, faults(found)
    assert found.watched is not None
    assert found.watched.stopped == "enough"
    assert 22 <= found.watched.steps <= 60
    assert found.images == 8 * (found.watched.steps - 2)


def test_ranks_that_idle_while_one_trains_are_found_out(measure: Measure) -> None:
    found = measure("train.py --batch-size {global_batch} --lonely", workers=2)
    assert faults(found)["ranks that train"] == 1


def test_a_script_that_makes_no_step_is_no_training(measure: Measure) -> None:
    found = measure("misbehaving.py makes_no_step", folder=str(WATCHED))
    assert str(faults(found)["optimizer steps"]).startswith("none: it imports no torch")


def test_arguments_that_a_script_needs_are_said_by_itself(measure: Measure) -> None:
    done = measure("train.py", check=False)
    assert done.returncode == 1
    assert "the following arguments are required: --batch-size" in done.stderr


def test_a_script_that_hangs_behind_its_last_step_is_ended_and_counts(measure: Measure) -> None:
    found = measure("train.py --batch-size {batch_per_rank} --hang 600", step_seconds=3)
    assert found.validity.ok, faults(found)
    assert found.watched is not None
    assert (found.watched.stopped, found.watched.steps) == ("hang", 24)


def test_a_script_that_never_begins_is_ended(measure: Measure) -> None:
    found = measure("train.py --batch-size {batch_per_rank} --epochs 0 --hang 600", join_seconds=6)
    assert faults(found)["optimizer steps"] == "none: no step within 6 s"


def test_a_script_that_starts_its_own_ranks_is_recognised_and_can_be_measured(measure: Measure) -> None:
    command, settings = "spawned.py --ranks {workers}", {"folder": str(WATCHED), "scaling": "weak", "global_batch": 6}
    found = measure(command, workers=2, launcher="none", **settings)
    assert found.validity.ok, faults(found)
    assert found.watched is not None
    assert found.watched.steps == 8
    assert found.images == 2 * 6 * (8 - 2)


def test_lines_that_a_script_prints_are_counted_where_hooks_see_nothing(measure: Measure) -> None:
    pattern = r"loss (?P<loss>[\d.]+), (?P<images>\d+) images"
    found = measure(
        "train.py --batch-size {batch_per_rank} --alone --epochs 4", events={"pattern": pattern}, warmup_steps=3
    )
    assert found.validity.ok, faults(found)
    assert found.watched is not None
    assert (found.watched.source, found.watched.steps) == ("events", 48)
    assert found.images == 8 * 45


def test_what_a_script_leaves_behind_is_ended(measure: Measure, tmp_path: Path) -> None:
    """A process in a session of its own, which no process group reaches, of a parent that has gone."""
    mark = tmp_path / "alive"
    script = tmp_path / "leaves.py"
    child = f"import os, time, pathlib; pathlib.Path({str(mark)!r}).write_text(str(os.getpid())); time.sleep(600)"
    script.write_text(
        "import subprocess, sys, os, time, pathlib\n"
        "from scalecard_probe import probe\n"
        "subprocess.Popen([sys.executable, '-c', 'import subprocess, sys; subprocess.Popen([sys.executable, \"-c\", '\n"
        f"    + repr({child!r}) + '], start_new_session=True)']).wait()\n"
        f"while not pathlib.Path({str(mark)!r}).exists() or not pathlib.Path({str(mark)!r}).read_text():\n"
        "    time.sleep(0.05)\n"
        "for number in range(9):\n"
        "    probe.step(8, loss=1.0)\n"
        "time.sleep(3)  # what is seen is written each second\n"
        "os.kill(os.getpid(), 9)\n"
    )
    found = measure("leaves.py", folder=str(tmp_path))
    assert "rank 0 ended with signal 9" in str(faults(found)["end of the script"])
    assert not Path(f"/proc/{mark.read_text()}").exists()
