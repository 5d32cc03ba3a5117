"""Dask workers that are jobs of a real cluster."""

import json
import re
import shlex
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from distributed import Client
from helping import LIMITS, ROOT
from slurm_cluster import Slurm

from scripts import machine, record
from scripts.errors import UserError
from scripts.images import pack_shard
from scripts.images.decode import DecodeSpec
from scripts.images.source import entries, shard_of
from scripts.slurm import dask_cluster as dask_cluster_module
from scripts.slurm.dask_cluster import dask_cluster

pytestmark = pytest.mark.slurm

MEMORY_MB = 500
DECODE = {"size": 32, "steps": [{"resize": {}}]}


@pytest.fixture
def here(slurm: Slurm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which this process, and what it starts, is a user of the cluster."""
    for name, value in slurm.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setitem(slurm.env, "PYTHONPATH", str(ROOT))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def queued(slurm: Slurm) -> list[str]:
    """The Dask workers' jobs that have not ended."""
    names = slurm.run(ROOT, "squeue", "--noheader", "--format=%j").stdout.split()
    return [name for name in names if name.startswith("dask-")]


def wait_for_their_end(slurm: Slurm) -> None:
    slurm.wait_until(lambda: not queued(slurm))


@pytest.fixture
def two_nodes(slurm: Slurm) -> Iterator[None]:
    """Of the four nodes, two take jobs."""
    slurm.run(ROOT, "scontrol", "update", "nodename=n[3-4]", "state=drain", "reason=test")
    yield
    slurm.run(ROOT, "scontrol", "update", "nodename=n[3-4]", "state=resume")


def test_two_workers_on_two_nodes_pack_the_shards_of_pack_shard(slurm: Slurm, here: Path, pictures: Path) -> None:
    spec = pack_shard.PackSpec(decode=DecodeSpec.model_validate(DECODE), limits=LIMITS, shards=3)
    for shard in range(3):
        listed = [entry for entry in entries(pictures) if shard_of(entry.path, 3) == shard]
        files = [here / "alone" / f"{shard:04d}.{kind}" for kind in ("npy", "parquet")]
        pack_shard.write(pictures, shard, listed, spec, *files)
    # Two workers of one core would fit on one node.
    slurm.env["SBATCH_EXCLUSIVE"] = "exclusive"
    program = [sys.executable, "-m", "scripts.images.pack_shards_dask", "--folder", str(pictures), "--workers", "2"]
    program += ["--memory", str(MEMORY_MB)]

    try:
        done = slurm.run(here, *program, "--output", "dask", "--spec", spec.model_dump_json())
    finally:
        del slurm.env["SBATCH_EXCLUSIVE"]

    [nodes] = re.findall(r"2 Dask workers on (.*)", done.stderr)
    assert len(set(nodes.split(", "))) == 2
    assert len(list((here / "dask").iterdir())) == 6
    for path in (here / "alone").iterdir():
        assert (here / "dask" / path.name).read_bytes() == path.read_bytes(), path.name
    wait_for_their_end(slurm)


def test_a_loading_measured_inside_a_job_counts_the_workers_on_other_nodes(
    slurm: Slurm, here: Path, packed: Path
) -> None:
    study, written = packed / "results/small", here / "b1.json"
    slurm.run(
        packed,
        *(sys.executable, "-m", "scripts.loading.measuring.reference_digest", "--folder", str(study / "images/sample")),
        *(
            "--split",
            str(study / "images/split.parquet"),
            "--decoder",
            "scalecard",
            "--reference",
            str(here / "reference.json"),
        ),
        *("--spec", json.dumps({"decode": DECODE, "augment": None})),
    )
    point = {"source": "raw", "backend": "dask_jobqueue", "workers": 2, "chunk": 4}
    spec = {"study": "small", "seed": 0, "point": point, "decode": DECODE, "augment": None, "lock": "", "remote": None}
    spec |= {"passes": 100, "window_seconds": 0}
    command = [
        *(sys.executable, "-m", "scripts.loading.measuring.measure_loading", "--folder", str(study / "images/sample")),
        *("--split", str(study / "images/split.parquet"), "--reference", str(here / "reference.json")),
        *("--block", "1", "--attempt", "1"),
        *("--record", str(written), "--spec", json.dumps(spec)),
    ]
    (here / "job.sh").write_text(f"#!/bin/sh\n{shlex.join(command)}\n")
    busy = machine.busy_seconds()

    status = slurm.run_job(here, "--exclusive", "--ntasks=1", "--mem=1500", "--time=7", "job.sh")

    busy = machine.busy_seconds() - busy
    assert status == "0"
    found = record.read(written)
    assert found.validity.ok, found.validity.faults
    assert len(set(found.environment.nodes)) == 3  # it measures on one, they load on two
    wait_for_their_end(slurm)
    assert slurm.jobs(here, "Timelimit", "Partition") == [["00:07:00", "main"]] * 3
    # What Slurm counted of the measuring job is without the workers, whose imports alone take a second each.
    assert found.cpu_seconds > 1.5 + own_seconds(slurm, slurm.jobs(here, "JobIDRaw")[0][0])
    # What was foreign is not theirs: both together are no more than the machine did meanwhile.
    assert found.noise.foreign_cores * found.wall_seconds + found.cpu_seconds < busy


def own_seconds(slurm: Slurm, job_id: str) -> float:
    """CPU seconds of a short job's batch step, as Slurm counted them."""
    step = ("--jobs", f"{job_id}.batch", "--format=TotalCPU")
    minutes, seconds = slurm.run(ROOT, "sacct", "--noheader", *step).stdout.strip().split(":")
    return 60 * int(minutes) + float(seconds)


@pytest.mark.usefixtures("here")
def test_the_workers_end_when_the_block_raises(slurm: Slurm) -> None:
    with pytest.raises(AssertionError, match="2 jobs"), dask_cluster(2, MEMORY_MB):
        raise AssertionError(f"{len(queued(slurm))} jobs")
    wait_for_their_end(slurm)


@pytest.mark.usefixtures("two_nodes")
@pytest.mark.parametrize(("workers", "ending"), [(2, signal.SIGKILL), (3, signal.SIGTERM)], ids=["kill", "cancel"])
def test_the_workers_end_with_the_process(workers: int, ending: signal.Signals, slurm: Slurm, here: Path) -> None:
    """The third waits in the queue: there are two nodes."""
    (here / "client.py").write_text(
        "import time\nfrom scripts.slurm.dask_cluster import dask_cluster\n"
        f"with dask_cluster({workers}, {MEMORY_MB}, exclusive=True):\n    open('ready', 'w')\n    time.sleep(600)\n"
    )
    client = slurm.start(here, sys.executable, "client.py")
    running = ("squeue", "--noheader", "--states=running", "--format=%i")

    def are_there() -> bool:
        assert client.poll() is None, (here / "run.log").read_text()
        ready = (here / "ready").exists() if workers == 2 else len(slurm.run(ROOT, *running).stdout.split()) == 2
        return ready and len(queued(slurm)) == workers

    try:
        slurm.wait_until(are_there)
    finally:
        client.send_signal(ending)
        client.wait()
    wait_for_their_end(slurm)


@pytest.mark.usefixtures("here")
def test_workers_that_fit_on_no_node_are_refused_in_slurm_s_words(slurm: Slurm) -> None:
    with (
        pytest.raises(UserError, match=r"0 of 2 Dask workers came: sbatch: error: .*not available"),
        dask_cluster(2, 100_000_000),
    ):
        pass
    assert not queued(slurm)


@pytest.mark.usefixtures("here", "two_nodes")
def test_workers_that_do_not_come_in_time_leave_no_job_behind(slurm: Slurm, monkeypatch: pytest.MonkeyPatch) -> None:
    came = [0]
    ask_client = Client.nthreads

    def nthreads(self: Client) -> dict[str, int]:
        found = ask_client(self)
        came.append(len(found))
        return found

    # A clock that stands still until two workers are there: the third will not come.
    clock = SimpleNamespace(monotonic=lambda: 9.0 if came[-1] == 2 else 0.0, sleep=time.sleep)
    monkeypatch.setattr(Client, "nthreads", nthreads)
    monkeypatch.setattr(dask_cluster_module, "time", clock)
    with (
        pytest.raises(UserError, match=r"2 of 3 Dask workers came within 8 s; squeue says: .*PENDING \("),
        dask_cluster(3, MEMORY_MB, exclusive=True, seconds=8),
    ):
        pass
    wait_for_their_end(slurm)


@pytest.mark.usefixtures("here")
def test_a_worker_whose_job_ends_at_once_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with (
        pytest.raises(UserError, match=r"0 of 1 Dask workers came, and 1 of their jobs ended; logs/slurm/dask/dask-"),
        dask_cluster(1, MEMORY_MB, seconds=60),
    ):
        pass
