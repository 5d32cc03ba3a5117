"""The cluster on one machine: the one of all tests where it is only asked, else one in a folder of the test's own."""

import logging
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from helping import ROOT, Run
from slurm_cluster import PORT, Slurm

from scripts.errors import UserError
from scripts.slurm import local_cluster
from scripts.slurm.daemons import APT, ask, conf_path, job_processes, pid_of
from scripts.slurm.local_cluster import Settings, down, up

pytestmark = pytest.mark.slurm

OWN_PORT = PORT + 100
PROGRAM = ("-m", "scripts.slurm.local_cluster")


@pytest.fixture
def cluster(slurm: Slurm) -> Settings:
    """The cluster of all tests, which has accounting and GPUs, with an empty queue."""
    slurm.cancel_all()
    return slurm.settings


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path for a cluster that the test starts itself; stopped and removed."""
    folder = Path(tempfile.mkdtemp(prefix="sc-"))
    yield folder
    down(folder)
    shutil.rmtree(folder)


def eventually(holds: Callable[[], bool]) -> bool:
    """Wait for what must come, however long this machine takes."""
    end = time.monotonic() + 300
    while not holds() and time.monotonic() < end:
        time.sleep(0.1)
    return holds()


def pids(settings: Settings) -> dict[str, int | None]:
    return {name: pid_of(settings.folder, name) for name in settings.daemons}


def processes_of(folder: Path) -> list[str]:
    """All that a cluster in `folder` could have left: whatever has the folder in its command or its environment."""
    found = []
    for process in psutil.process_iter():
        try:
            words = [*process.cmdline(), *process.environ().values()]
            if process.status() != psutil.STATUS_ZOMBIE and any(str(folder) in word for word in words):
                found.append(process.name())
        except psutil.Error:
            continue
    return found


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_command_runs_on_all_nodes_and_accounting_knows_it(cluster: Settings) -> None:
    command = ("srun", "--nodes=4", "--ntasks=4", "--job-name=hello", "printenv", "SLURMD_NODENAME")
    done = ask(cluster.folder, *command, seconds=60)
    assert sorted(done.stdout.split()) == ["n1", "n2", "n3", "n4"]

    sacct = ("sacct", "--noheader", "--allocations", "--parsable2", "--name=hello", "--format=State,AllocNodes")
    # Accounting hears of a job's end a moment after its user.
    assert eventually(lambda: ask(cluster.folder, *sacct).stdout == "COMPLETED|4\n")


def test_up_again_changes_nothing(cluster: Settings) -> None:
    before, written = pids(cluster), conf_path(cluster.folder).stat().st_mtime_ns
    up(cluster)
    assert pids(cluster) == before
    assert None not in before.values()
    assert conf_path(cluster.folder).stat().st_mtime_ns == written


def test_up_without_options_keeps_the_cluster_that_runs(cluster: Settings, run: Run) -> None:
    done = run(ROOT, "python", *PROGRAM, "up", "--folder", str(cluster.folder))
    assert done.stdout == f"export SLURM_CONF={cluster.folder}/slurm.conf\n"


def test_up_with_other_options_is_refused_while_a_cluster_runs(cluster: Settings) -> None:
    with pytest.raises(UserError, match="has nodes 4, not 3 and gpus 2, not 0: run `down` first"):
        up(cluster.model_copy(update={"nodes": 3, "gpus": 0}))


def test_a_killed_node_is_started_again_and_nothing_else_is(cluster: Settings) -> None:
    before = pids(cluster)
    psutil.Process(before["slurmd-n3"]).kill()
    assert eventually(lambda: pid_of(cluster.folder, "slurmd-n3") is None)
    up(cluster)
    after = pids(cluster)
    assert after.pop("slurmd-n3") not in {None, before.pop("slurmd-n3")}
    assert after == before


def test_gpus_are_granted_and_no_more_than_there_are(cluster: Settings) -> None:
    granted = ask(cluster.folder, "srun", "--gres=gpu:2", "printenv", "SLURM_GPUS_ON_NODE", seconds=60)
    assert granted.stdout == "2\n"
    refused = ask(cluster.folder, "srun", "--gres=gpu:3", "true", seconds=60)
    assert "Requested node configuration is not available" in refused.stderr


def test_the_memory_of_a_job_is_recorded(cluster: Settings, slurm: Slurm, tmp_path: Path) -> None:
    # Looked at each second, so that short jobs have one too.
    assert "JobAcctGatherFrequency  = task=1\n" in ask(cluster.folder, "scontrol", "show", "config").stdout
    code = (
        "import pathlib, time\nheld = b'x' * 200_000_000\nwhile not pathlib.Path('seen').exists():\n    time.sleep(0.1)"
    )
    (tmp_path / "big.py").write_text(code)
    submit = ("sbatch", "--parsable", "--mem=500", "--wrap", "python3 big.py")
    job_id = slurm.run(tmp_path, *submit).stdout.strip()
    slurm.wait_until(lambda: slurm.peak_bytes(f"{job_id}.batch") > 190e6)
    (tmp_path / "seen").touch()
    sacct = ("sacct", "--noheader", "--parsable2", f"--jobs={job_id}.batch", "--units=M", "--format=MaxRSS,State")

    def told() -> str:
        return ask(cluster.folder, *sacct).stdout

    assert eventually(lambda: "COMPLETED" in told()), told()
    assert 190 < float(told().partition("M|")[0]) < 300


def test_status_shows_the_nodes(cluster: Settings, run: Run) -> None:
    shown = run(ROOT, "python", *PROGRAM, "status", "--folder", str(cluster.folder)).stdout
    assert [line.split()[0] for line in shown.splitlines()[1:5]] == ["n1", "n2", "n3", "n4"]


def test_a_path_with_a_space_holds_a_cluster_and_down_leaves_no_process_and_no_port(folder: Path) -> None:
    inside = folder / "my checkout"
    settings = Settings(folder=inside, port=OWN_PORT, nodes=2)
    try:
        up(settings)
        assert ask(inside, "srun", "printenv", "SLURM_CONF", seconds=60).stdout == f"{inside}/slurm.conf\n"
        ask(inside, "sbatch", f"--output={inside}/job", "--wrap", "echo done", seconds=60)
        assert eventually(lambda: (inside / "job").exists() and (inside / "job").read_text() == "done\n")

        stubborn = "trap '' TERM; sleep 1000 & sleep 1000"
        ask(inside, "sbatch", "--nodelist=n2", f"--output={inside}/stubborn", "--wrap", stubborn, seconds=60)
        assert eventually(lambda: len(job_processes(inside, "n2")) >= 3)
        assert len(processes_of(inside)) >= len(settings.daemons) + 3
        assert all(listens(port) for port in settings.ports.values())
    finally:
        down(inside)
    assert eventually(lambda: not processes_of(inside)), processes_of(inside)
    assert not any(listens(port) for port in settings.ports.values())


def test_down_ends_the_jobs_of_a_cluster_without_its_controller(folder: Path) -> None:
    up(Settings(folder=folder, port=OWN_PORT, nodes=1, accounting=False))
    ask(folder, "sbatch", f"--output={folder}/job", "--wrap", "sleep 1000", seconds=60)
    assert eventually(lambda: len(job_processes(folder, "n1")) >= 2)
    psutil.Process(pid_of(folder, "slurmctld")).kill()
    assert eventually(lambda: pid_of(folder, "slurmctld") is None)
    down(folder)
    assert eventually(lambda: not processes_of(folder)), processes_of(folder)


def test_variables_of_a_surrounding_job_do_not_matter(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_CONF", "/elsewhere/slurm.conf")
    monkeypatch.setenv("SLURM_NTASKS_PER_NODE", "7")
    up(Settings(folder=folder, port=OWN_PORT, nodes=1, accounting=False))
    environment = psutil.Process(pid_of(folder, "slurmd-n1")).environ()
    assert {name: value for name, value in environment.items() if name.startswith("SLURM")} == {
        "SLURM_CONF": f"{folder}/slurm.conf"
    }


def test_missing_programs_are_named_with_the_packages_that_hold_them(folder: Path) -> None:
    python = shutil.which("python") or "python"
    command = [python, *PROGRAM, "up", "--folder", str(folder)]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | {"PATH": ""}, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: munge, srun, scancel,")
    assert done.stderr.endswith(f"{APT}\n")


def test_a_port_in_use_is_named_with_its_key(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", OWN_PORT + 2)), pytest.raises(UserError) as caught:
        up(Settings(folder=folder, port=OWN_PORT))
    assert str(caught.value) == (
        f"--port {OWN_PORT} + 2: port {OWN_PORT + 2} of slurmd-n2: Address already in use; choose another --port"
    )


@pytest.mark.parametrize(
    ("name", "gpus", "message"),
    [
        ("x" * 80, 0, "too long for Unix sockets"),
        ("a,b", 0, "found ',', which slurm.conf cannot hold"),
        ("a b", 1, "found a space, which gres.conf cannot hold"),
    ],
)
def test_a_folder_that_cannot_hold_a_cluster_is_refused(folder: Path, name: str, gpus: int, message: str) -> None:
    with pytest.raises(UserError, match=message):
        up(Settings(folder=folder / name, port=OWN_PORT, gpus=gpus))
    assert not (folder / name).exists()


def test_a_daemon_that_does_not_start_shows_its_log(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = local_cluster.write_text
    monkeypatch.setattr(local_cluster, "write_text", lambda path, text: write(path, f"{text}\nNonsense=1"))
    with pytest.raises(UserError, match=r"(?s)slurmctld did not start; .*slurmctld\.log ends:.*Nonsense"):
        up(Settings(folder=folder, port=OWN_PORT, nodes=1, accounting=False))


def test_a_wrong_option_is_one_sentence(folder: Path, run: Run) -> None:
    done = run(ROOT, "python", *PROGRAM, "up", "--folder", str(folder), "--nodes", "0", check=False)
    assert done.stderr == "error: --nodes: found 0; input should be greater than or equal to 1\n"


def test_where_no_cluster_runs_status_and_down_say_so(folder: Path, run: Run, caplog: pytest.LogCaptureFixture) -> None:
    assert run(ROOT, "python", *PROGRAM, "status", "--folder", str(folder)).stdout == f"no cluster runs in {folder}\n"
    with caplog.at_level(logging.INFO):
        down(folder)
    assert caplog.messages == [f"no cluster runs in {folder}"]
