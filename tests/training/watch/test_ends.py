"""How a watched script ends: when enough is seen, by itself, or as it should not."""

import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest
from started import Watched, command, read_ranks, surroundings

STEPS = {"stop_after": {"steps": 20, "warmup_steps": 3}}


def test_a_script_that_catches_what_ends_it_is_ended_on_both_ranks(watched: Watched) -> None:
    launch = watched("plain_ddp.py", "--epochs", "100000", "--catch", ranks=2, options=STEPS)
    assert launch.codes == [0, 0]
    assert len({seen["steps"] for seen in launch.seen.values()}) == 1
    assert {(seen["stopped"], seen["caught"]) for seen in launch.seen.values()} == {("enough", 3)}


def test_a_script_alone_ends_with_its_very_step(watched: Watched) -> None:
    launch = watched("misbehaving.py", "catches_its_end", options=STEPS)
    assert launch.printed == ["Enough\n"]
    seen = launch.seen[0]
    assert (launch.codes, seen["steps"], seen["stopped"], seen["steady"]["steps"]) == ([0], 23, "enough", 20)


@pytest.mark.parametrize(
    ("way", "code", "steps", "exception"),
    [
        ("makes_no_step", 0, 0, None),
        ("leaves_early", 1, 0, "SystemExit: no data to train on"),
        ("fails", 1, 2, "RuntimeError: the loss is not finite"),
        ("leaves_at_once", 0, 3, None),
    ],
)
def test_a_script_that_ends_badly_ends_as_it_would_and_is_seen(
    watched: Watched, way: str, code: int, steps: int, exception: str | None
) -> None:
    launch = watched("misbehaving.py", way)
    seen = launch.seen[0]
    assert launch.codes == [code]
    assert (seen["exit"], seen["steps"], seen["exception"], seen["stopped"]) == (code, steps, exception, "script")
    assert len(seen["columns"]["end"]) == steps
    assert "scalecard" not in launch.said[0]  # a traceback is the script's alone


def test_a_script_that_goes_to_another_folder_is_written_where_it_was_told(watched: Watched, tmp_path: Path) -> None:
    launch = watched("misbehaving.py", "goes_elsewhere", cwd=tmp_path)
    assert (launch.seen[0]["cwd_changed"], launch.seen[0]["steps"]) == (True, 2)


def test_a_process_that_is_left_behind_is_ended_and_named(watched: Watched) -> None:
    launch = watched("misbehaving.py", "leaves_a_child")
    [left] = launch.seen[0]["children"]
    assert left["pid"] == int(launch.printed[0])
    assert "time.sleep(600)" in left["name"]
    assert not psutil.pid_exists(left["pid"])


def test_of_a_script_that_hangs_all_steps_are_written_and_where_it_hung(tmp_path: Path) -> None:
    words = command(tmp_path / "seen", "misbehaving.py", "hangs")
    process = subprocess.Popen(words, env=surroundings(), stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "hangs\n"
        until = time.monotonic() + 60
        while not (seen := read_ranks(tmp_path / "seen")) or seen[0]["steps"] < 3:
            assert time.monotonic() < until
            time.sleep(0.1)
        process.terminate()
        assert process.wait(timeout=60) == -signal.SIGTERM
    finally:
        process.kill()
        process.communicate()
    assert (seen[0]["stopped"], len(seen[0]["columns"]["end"])) == (None, 3)
    assert "in hangs" in (tmp_path / "seen" / "stack-0.txt").read_text()
