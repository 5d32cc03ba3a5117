"""What breaks on clusters, broken on purpose.

After each fault the study can be finished, and what it learned is what it learns where nothing happens. A training
holds itself behind a checkpoint until its fault has come (in_runs/sitecustomize.py): none depends on who is faster.
"""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import torch
from slurm_cluster import ALONE, SNAKEMAKE, TWO_RANKS, Slurm, learned

from scripts import record
from scripts.slurm import daemons, local_cluster

pytestmark = pytest.mark.slurm

TWO_NODES = "results/small/training/records/tiny_cnn-ddp-2n2/b1.json"
LOADING = "results/small/loading/records/serial-1/b1.json"
RUN = (*SNAKEMAKE, ALONE)
WARNINGS = 3  # two before the last step, as many as there are attempts left; one after it
TABLE = ("python", "-m", "scripts.scaling.tables.tabulate_jobs", "--records", LOADING)
TABLE += ("--csv", "jobs.csv", "--parquet", "jobs.parquet")


@pytest.fixture(autouse=True)
def quiet_cluster(slurm: Slurm) -> Iterator[None]:
    """Every daemon runs and the queue is empty, before and after."""
    yield
    local_cluster.up(slurm.settings)
    slurm.cancel_all()


@dataclass(frozen=True)
class BadDay:
    """Three runs that met faults, all at once since faults take their time."""

    failed: Path  # a rule failed in it, and accounting was away
    failed_said: str
    failed_status: int
    two_nodes: Path  # a training on two nodes lost a node, and then was warned oftener than there are attempts
    dead_node: str
    one_node: Path  # a training was short of memory, ran out of time and was cancelled


@pytest.fixture(scope="module")
def bad_day(packed: Path, slurm: Slurm, tmp_path_factory: pytest.TempPathFactory) -> BadDay:
    """What the tests of one fault look at; attempts hold themselves until their fault comes."""
    folder = slurm.settings.folder

    def copy(of: Path, name: str) -> Path:
        return shutil.copytree(of, tmp_path_factory.mktemp(name) / "study", symlinks=True)

    accounting = psutil.Process(daemons.pid_of(folder, "slurmdbd"))
    accounting.terminate()
    accounting.wait(60)
    two_nodes = copy(packed, "two_nodes")
    # A folder of its own for the lock on the machine: the training must not wait for those that hold themselves.
    one_rank_a_node = ("--config", "training={workers_per_node: 1}")
    tmp = {"TMPDIR": str(two_nodes.parent)}
    first = slurm.start(two_nodes, *SNAKEMAKE, TWO_NODES, *one_rank_a_node, HOLD_ATTEMPTS="1 2 2 2", **tmp)

    failed = copy(packed, "failed")
    torch.save({}, failed / "weights.pt")
    done = slurm.run(failed, *RUN, LOADING, "--config", "training={weights: weights.pt}", "--retries", "0", check=False)
    slurm.run(failed, *TABLE)
    local_cluster.up(slurm.settings)

    one_node = copy(failed, "one_node")
    little = ("--set-resources", "train:mem_mb=700 if attempt == 1 else 4000", "train:slurm_extra='--exclusive'")
    tmp = {"TMPDIR": str(one_node.parent)}
    second = slurm.start(one_node, *RUN, LOADING, *little, "--retries", "3", HOLD_ATTEMPTS="1 2 3", **tmp)

    try:
        job_id = slurm.held(two_nodes, attempt=1).environ()["SLURM_JOB_ID"]
        node = slurm.run(two_nodes, "squeue", "--noheader", "--jobs", job_id, "--format", "%B").stdout.strip()
        # The daemon first: it would tell of the job's end.
        for one in [psutil.Process(daemons.pid_of(folder, f"slurmd-{node}")), *daemons.job_processes(folder, node)]:
            one.kill()
        limited = slurm.held(one_node, attempt=2).environ()["SLURM_JOB_ID"]
        slurm.run(one_node, "scontrol", "update", f"jobid={limited}", "timelimit=1")
        for _ in range(WARNINGS):
            warn(slurm, slurm.held(two_nodes, attempt=2))
        slurm.run(one_node, "scancel", slurm.held(one_node, attempt=3).environ()["SLURM_JOB_ID"])
        for run, where in ((first, two_nodes), (second, one_node)):
            assert run.wait(timeout=900) == 0, (where / "run.log").read_text()
    finally:
        first.kill()
        second.kill()
        local_cluster.up(slurm.settings)  # a dead node's jobs end once it is back
        slurm.cancel_all()
    return BadDay(failed, done.stderr, done.returncode, two_nodes, node, one_node)


def warn(slurm: Slurm, rank: psutil.Process) -> None:
    """Have Slurm send a training SIGTERM, as sbatch's --signal does, and let it go on once it has come."""
    slurm.run(Path(rank.cwd()), "scancel", "--signal=TERM", rank.environ()["SLURM_JOB_ID"])

    def has_come() -> bool:
        pending = re.findall(r"^\w{3}Pnd:\s*(\w+)$", Path(f"/proc/{rank.pid}/status").read_text(), re.MULTILINE)
        return any(int(mask, 16) >> (signal.SIGTERM - 1) & 1 for mask in pending)

    slurm.wait_until(has_come)
    rank.resume()


def slow_squeue(folder: Path) -> Path:
    """A squeue that takes its time, in a folder for the PATH: the file that is there while it does."""
    folder.mkdir()
    looks = folder / "looks"
    script = f'#!/bin/sh\ntouch {looks}; sleep 3; {shutil.which("squeue")} "$@"; rm {looks}\n'
    (folder / "squeue").write_text(script)
    (folder / "squeue").chmod(0o755)
    return looks


def check_clean(folder: Path) -> None:
    """Nothing half-written, no lease and no checkpoint is left behind."""
    results = folder / "results"
    assert [str(path) for name in ("*.tmp", "*.lease", "*.pt") for path in results.rglob(name)] == []


def test_a_training_on_two_nodes_outlives_a_dead_node_and_more_time_limits_than_attempts(
    bad_day: BadDay, study: Path, slurm: Slurm
) -> None:
    folder = bad_day.two_nodes
    found = record.read(folder / TWO_NODES)
    assert (found.attempt, found.resumed, len(found.environment.nodes)) == (2, True, 2)
    assert bad_day.dead_node not in found.environment.nodes
    warned = list((folder / "logs/small/training/train_tiny_cnn-ddp-2n2_b1").glob("attempt2-until-step-*"))
    assert len(warned) == WARNINGS - 1  # whoever hears it with all steps done goes on to the end
    for logs in warned:
        for rank in range(2):
            assert f"rank {rank}: SIGTERM heard; saving after step" in (logs / f"rank-{rank}.log").read_text()
    # However many nodes its ranks are on.
    assert learned(folder / TWO_NODES) == learned(study / TWO_RANKS)
    check_clean(folder)
    slurm.wait_until(lambda: slurm.states(folder) == ["NODE_FAIL", "COMPLETED"])
    [[before], [limit]] = slurm.jobs(folder, "Timelimit")
    assert limit == before


def test_a_training_outlives_want_of_memory_a_time_limit_and_a_cancellation(
    bad_day: BadDay, study: Path, slurm: Slurm
) -> None:
    folder = bad_day.one_node
    found = record.read(folder / ALONE)
    assert (found.attempt, found.resumed) == (4, True)
    assert learned(folder / ALONE) == learned(study / ALONE)
    check_clean(folder)
    slurm.wait_until(lambda: slurm.states(folder) == ["FAILED", "TIMEOUT", "CANCELLED", "COMPLETED"])
    assert found.environment.job_id == slurm.jobs(folder, "JobIDRaw")[-1][0]


def test_a_rule_that_fails_leaves_the_others_alone(bad_day: BadDay, slurm: Slurm) -> None:
    assert bad_day.failed_status == 1
    assert "training.weights: weights.pt does not hold the weights of tiny_cnn" in bad_day.failed_said
    assert record.read(bad_day.failed / LOADING).validity.ok
    assert not (bad_day.failed / ALONE).exists()
    check_clean(bad_day.failed)
    # The next run in a copy of that folder wanted both, too.
    assert slurm.jobs(bad_day.one_node, "Comment") == 4 * [["rule_train_wildcards_small_tiny_cnn-serial-1_1"]]


def test_accounting_that_is_away_for_a_while_stops_nothing(bad_day: BadDay, slurm: Slurm) -> None:
    table = bad_day.failed / "jobs.csv"
    assert ",no accounting: " in table.read_text()

    def is_told() -> bool:
        slurm.run(bad_day.failed, *TABLE)
        return ",complete,COMPLETED," in table.read_text()

    slurm.wait_until(is_told)


def test_a_run_that_is_interrupted_and_then_killed_is_finished_by_the_third(
    checkout: Path, study: Path, slurm: Slurm
) -> None:
    looks = slow_squeue(checkout.with_name("bin"))
    run = slurm.start(checkout, *RUN, HOLD_ATTEMPTS="1", PATH=f"{looks.parent}:{os.environ['PATH']}")
    slurm.held(checkout, attempt=1)
    slurm.wait_until(looks.exists)
    run.send_signal(signal.SIGINT)  # Ctrl-C cancels the jobs, also while Snakemake looks at the queue
    assert run.wait(timeout=600) != 0
    slurm.wait_until(lambda: not slurm.queue())
    assert not (checkout / ALONE).exists()

    run = slurm.start(checkout, *RUN, HOLD_ATTEMPTS="1")
    job_id = slurm.held(checkout, attempt=1).environ()["SLURM_JOB_ID"]
    run.kill()  # its jobs outlive it, and are found again
    run.wait()
    slurm.run(checkout, "snakemake", "--unlock")
    again = slurm.run(checkout, *RUN, check=False)
    assert again.returncode == 1
    assert again.stderr.strip().splitlines()[-1] == (
        "error: 1 jobs of an earlier run are queued or running; see `make slurm-recover`"
    )
    recover = ("python", "-m", "scripts.slurm.recover")
    shown = slurm.run(checkout, *recover).stdout
    assert job_id in shown
    assert "RUNNING" in shown
    assert "train small_tiny_cnn-serial-1_1" in shown
    # A double that starts all the same finds the lease and leaves.
    double = slurm.run(checkout, *RUN, "--no-hooks", "--retries", "0", check=False)
    assert double.returncode == 1
    assert f"{ALONE} is being written by Slurm job {job_id} on n" in double.stderr
    slurm.run(checkout, *recover, "--cancel")
    assert "No job" in slurm.run(checkout, *recover).stdout
    assert not (checkout / ALONE).exists()

    slurm.run(checkout, *RUN)
    assert record.read(checkout / ALONE).resumed
    assert learned(checkout / ALONE) == learned(study / ALONE)
    check_clean(checkout)


def stop_controller(slurm: Slurm) -> None:
    controller = psutil.Process(daemons.pid_of(slurm.settings.folder, "slurmctld"))
    controller.terminate()
    controller.wait(60)


def test_a_controller_that_is_away_costs_no_attempt(checkout: Path, study: Path, slurm: Slurm) -> None:
    run = slurm.start(checkout, *RUN, "--retries", "0", HOLD_SUBMISSION="held", HOLD_ATTEMPTS="1")

    def says(words: str) -> None:
        slurm.wait_until(lambda: words in (checkout / "run.log").read_text())

    slurm.wait_until((checkout / "held").exists)
    stop_controller(slurm)
    (checkout / "held").unlink()
    says("The Slurm controller does not answer; waiting for it to submit jobs.")
    local_cluster.up(slurm.settings)
    rank = slurm.held(checkout, attempt=1)
    stop_controller(slurm)
    says("The Slurm controller does not answer; waiting for it to say how jobs stand.")
    rank.resume()
    slurm.wait_until((checkout / ALONE).exists)
    local_cluster.up(slurm.settings)
    assert run.wait(timeout=600) == 0, (checkout / "run.log").read_text()
    assert not record.read(checkout / ALONE).resumed
    assert learned(checkout / ALONE) == learned(study / ALONE)
    slurm.wait_until(lambda: slurm.states(checkout) == ["COMPLETED"])


def test_a_full_disk_leaves_no_half_of_a_file(checkout: Path, study: Path, slurm: Slurm) -> None:
    shown = slurm.run(checkout, *RUN, "--dry-run", "--printshellcmds").stdout
    [command] = re.findall(r"(python -m scripts\.training\.launch\.train .*)$", shown, re.MULTILINE)
    # The rule's own job, without Snakemake, which would tidy up behind it.
    (checkout / "job.sh").write_text(f"#!/bin/sh\nexport PYTHONPATH={checkout}\n{command}\n")
    job = ("--exclusive", "--ntasks=1", "--mem=4000", "--time=10", "job.sh")
    log = checkout / "logs/small/training/train_tiny_cnn-serial-1_b1.log"
    log.parent.mkdir(parents=True)

    results = checkout / "results/small/training"
    facts = [*(results / "facts").iterdir()]
    kept = {path.relative_to(results): path.read_bytes() for path in facts}
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(results)]
    if subprocess.run(mount, check=False).returncode:
        pytest.skip("a small tmpfs cannot be mounted; expected root on Linux")
    try:
        for name, content in kept.items():  # the mount hides them
            (results / name).parent.mkdir(exist_ok=True)
            (results / name).write_bytes(content)
        # No checkpoint fits, and the training goes on; the record fits.
        assert slurm.run_job(checkout, *job) == "0"
        assert "no checkpoint after step" in log.read_text()
        assert learned(checkout / ALONE) == learned(study / ALONE)
        # Nothing fits.
        for output in (checkout / ALONE).parent.iterdir():
            output.unlink()
        fill = ["dd", "if=/dev/zero", f"of={results / 'filler'}", "bs=4096"]
        assert "No space left" in subprocess.run(fill, capture_output=True, text=True, check=False).stderr
        assert slurm.run_job(checkout, *job) == "1"
        assert re.search(r"^\(may pass\) error: .*No space left on device", log.read_text(), re.MULTILINE)
        assert not (checkout / ALONE).exists()
        check_clean(checkout)
    finally:
        subprocess.run(["umount", str(results)], check=True)
