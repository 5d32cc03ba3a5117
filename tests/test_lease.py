"""Leases between real processes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helping import ROOT

from scripts.errors import UserError
from scripts.lease import Holder, is_locked, lease, lease_of

HOLD = """
import sys, time
from pathlib import Path
from scripts.lease import lease
with lease(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


# As a container has: processes of its own numbers, and a /proc that shows no others.
CONTAINER = ("unshare", "--user", "--map-root-user", "--pid", "--mount-proc", "--fork", "--kill-child")


def hold(output: Path, *where: str) -> "subprocess.Popen[str]":
    """Another process that holds the lease on `output`."""
    command = [*where, sys.executable, "-c", HOLD, str(output)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_lease_is_given_back_also_after_a_failure(tmp_path: Path) -> None:
    output = tmp_path / "deep" / "b1.json"
    with lease(output):
        assert lease_of(output).exists()
    with pytest.raises(ZeroDivisionError), lease(output):
        _ = 1 / 0
    with lease(output):
        pass
    assert list(output.parent.iterdir()) == []


def test_a_second_job_leaves_at_once_and_says_who_is_there(tmp_path: Path) -> None:
    output = tmp_path / "b1.json"
    other = hold(output)
    message = rf"b1\.json is being written by process {other.pid} on .*slurm-recover"
    with pytest.raises(UserError, match=message), lease(output):
        pytest.fail("entered")
    assert lease_of(output).exists()
    assert list(tmp_path.glob("*.tmp")) == []
    other.kill()
    other.wait()


def test_the_lease_of_a_killed_job_is_taken_over(tmp_path: Path) -> None:
    output = tmp_path / "b1.json"
    other = hold(output)
    other.kill()
    os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)  # dead, and a zombie that nobody has collected yet
    with lease(output):
        assert Holder.model_validate_json(lease_of(output).read_text()).pid != other.pid
    other.wait()
    assert list(tmp_path.iterdir()) == []


def test_a_holder_in_a_container_is_believed_as_long_as_it_lives(tmp_path: Path) -> None:
    if shutil.which(CONTAINER[0]) is None or subprocess.run([*CONTAINER, "true"], check=False).returncode:
        pytest.skip("no namespaces of processes can be made here")
    output = tmp_path / "b1.json"
    other = hold(output, *CONTAINER)
    assert Holder.model_validate_json(lease_of(output).read_text()).pid == 1
    with pytest.raises(UserError, match="process 1 on "), lease(output):
        pytest.fail("entered")
    other.kill()
    other.communicate()
    with lease(output):
        assert Holder.model_validate_json(lease_of(output).read_text()).pid == os.getpid()
    assert list(tmp_path.iterdir()) == []


def test_a_holder_of_an_earlier_boot_of_this_machine_is_dead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = tmp_path / "b1.json"
    (tmp_path / "machine-id").write_text("here")
    monkeypatch.setattr("scripts.lease.MACHINE_ID", tmp_path / "machine-id")
    earlier = Holder.this_process().model_copy(update={"boot_id": "earlier"})
    lease_of(output).write_text(earlier.model_dump_json())
    with lease(output):
        pass
    for change in ({"machine_id": "another"}, {"host": "another"}):
        lease_of(output).write_text(earlier.model_copy(update=change).model_dump_json())
        with pytest.raises(UserError, match="is being written"), lease(output):
            pytest.fail("entered")


def test_a_program_that_runs_itself_again_keeps_its_lease_and_its_lock(tmp_path: Path) -> None:
    output = tmp_path / "b1.json"
    lease_of(output).write_text(Holder.this_process().model_dump_json())
    with lease(output):
        assert is_locked(lease_of(output))
    assert list(tmp_path.iterdir()) == []


def test_a_holder_on_another_machine_is_believed(tmp_path: Path) -> None:
    output = tmp_path / "b1.json"
    other = Holder.this_process().model_copy(update={"boot_id": "another", "host": "far"})
    lease_of(output).write_text(other.model_dump_json())
    with pytest.raises(UserError, match="on far"), lease(output):
        pytest.fail("entered")


def test_a_process_number_that_came_again_holds_nothing(tmp_path: Path) -> None:
    output = tmp_path / "b1.json"
    lease_of(output).write_text(Holder.this_process().model_copy(update={"started": 1.0}).model_dump_json())
    with lease(output):
        pass


def test_a_file_that_is_no_lease_is_named(tmp_path: Path) -> None:
    output = tmp_path / "b1.json"
    lease_of(output).write_text("{}")
    with pytest.raises(UserError, match=r"\.b1\.json\.lease: cannot be read as a lease"), lease(output):
        pytest.fail("entered")
