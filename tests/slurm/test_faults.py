"""What breaks on clusters, broken on purpose.

After each fault the study can be finished, and what it learned is what it learns where nothing happens.
"""

import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from slurm_cluster import SNAKEMAKE, Slurm

from scripts import record
from scripts.slurm import daemons, local_cluster

pytestmark = pytest.mark.slurm

RECORD = "results/small/training/records/resnet18-ddp-2/b1.json"
ON_TWO_NODES = "results/small/training/records/resnet18-ddp-4n2/b1.json"
CHECKPOINT = "results/small/training/checkpoints/resnet18-{}_b1.pt"
LOADING = "results/small/loading/records/serial-1/b1.json"
RUN = (*SNAKEMAKE, RECORD)
# Long enough to be hit in the middle, with a checkpoint to go on from.
LONG = ("--config", "training={epochs: 12, checkpoint_seconds: 4}")


def learned(path: Path) -> tuple[object, ...]:
    """All that a training learned: no time."""
    found = record.read(path).quality
    assert found is not None
    losses = [(epoch.loss, epoch.valid_accuracy) for epoch in found.epochs]
    return losses, found.test_accuracy, found.precision, found.recall, found.f1, found.confusion


@pytest.fixture(scope="module")
def undisturbed(packed: Path, slurm: Slurm, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The record of the same training on this machine, without a cluster; that of four workers is there too."""
    folder = shutil.copytree(packed, tmp_path_factory.mktemp("undisturbed") / "study", symlinks=True)
    slurm.run(folder, "snakemake", RECORD, ON_TWO_NODES, "--profile", "local", "--configfile", "small.yaml", *LONG)
    return folder / RECORD


@pytest.fixture(autouse=True)
def quiet_cluster(slurm: Slurm) -> Iterator[None]:
    """Every daemon runs and the queue is empty, before and after."""
    yield
    local_cluster.up(slurm.settings)
    slurm.cancel_all()


def running_job(slurm: Slurm, folder: Path, name: str = "ddp-2") -> str:
    """Wait until the training runs and has a checkpoint; the id of its job."""
    slurm.wait_until((folder / CHECKPOINT.format(name)).exists)
    job_id, *_ = slurm.run(folder, "squeue", "--noheader", "--format", "%i").stdout.split()
    return job_id


def freeze(slurm: Slurm) -> None:
    """Stop the ranks that train, so that their job does not come to its end by itself."""
    for one in daemons.job_processes(slurm.settings.folder):
        if "scripts.training.train_rank" in one.cmdline():
            one.suspend()


def check_clean(folder: Path) -> None:
    """Nothing half-written, no lease and no checkpoint is left behind."""
    results = folder / "results"
    assert [str(path) for name in ("*.tmp", "*.lease", "*.pt") for path in results.rglob(name)] == []


def test_a_cancelled_job_goes_on_in_its_next_attempt(checkout: Path, undisturbed: Path, slurm: Slurm) -> None:
    last = slurm.last_job()
    process = slurm.start(checkout, *RUN, *LONG)
    slurm.run(checkout, "scancel", running_job(slurm, checkout))
    assert process.wait(timeout=600) == 0
    found = record.read(checkout / RECORD)
    assert (found.attempt, found.resumed) == (2, True)
    assert learned(checkout / RECORD) == learned(undisturbed)
    check_clean(checkout)
    slurm.wait_until(lambda: slurm.states(since=last) == ["CANCELLED", "COMPLETED"])


def test_the_warning_before_a_time_limit_saves_and_leaves_on_two_nodes(
    checkout: Path, undisturbed: Path, slurm: Slurm
) -> None:
    last = slurm.last_job()
    path = checkout / ON_TWO_NODES
    process = slurm.start(checkout, *SNAKEMAKE, ON_TWO_NODES, *LONG)
    slurm.run(
        checkout, "scancel", "--signal=TERM", running_job(slurm, checkout, "ddp-4n2")
    )  # as sbatch's --signal does
    assert process.wait(timeout=600) == 0
    found = record.read(path)
    assert (found.attempt, found.resumed, len(found.environment.nodes)) == (2, True, 2)
    for rank in range(4):
        log = checkout / f"logs/small/training/train_resnet18-ddp-4n2_b1/attempt1/rank-{rank}.log"
        assert f"rank {rank}: SIGTERM heard; saving after step" in log.read_text()
    slurm.wait_until(lambda: slurm.states(since=last) == ["FAILED", "COMPLETED"])
    assert learned(path) == learned(undisturbed.parent.parent / "resnet18-ddp-4n2" / "b1.json")
    check_clean(checkout)


def test_a_job_killed_by_its_time_limit_goes_on(checkout: Path, undisturbed: Path, slurm: Slurm) -> None:
    last = slurm.last_job()
    limits = ("--set-resources", "train:runtime=1 if attempt == 1 else 10", "train:slurm_extra='--exclusive'")
    process = slurm.start(checkout, *RUN, *limits, *LONG)
    job_id = running_job(slurm, checkout)
    freeze(slurm)
    slurm.wait_until(lambda: slurm.states(since=last)[0] == "TIMEOUT", seconds=200)
    assert process.wait(timeout=600) == 0
    found = record.read(checkout / RECORD)
    assert (found.attempt, found.resumed) == (2, True)
    assert found.environment.job_id != job_id
    assert learned(checkout / RECORD) == learned(undisturbed)
    check_clean(checkout)


def test_a_node_that_dies_in_the_middle_of_a_training(checkout: Path, undisturbed: Path, slurm: Slurm) -> None:
    last, folder = slurm.last_job(), slurm.settings.folder
    process = slurm.start(checkout, *RUN, *LONG)
    job_id = running_job(slurm, checkout)
    node = slurm.run(checkout, "squeue", "--noheader", "--jobs", job_id, "--format", "%N").stdout.strip()
    for one in [*daemons.job_processes(folder, node), psutil.Process(daemons.pid_of(folder, f"slurmd-{node}"))]:
        one.kill()
    assert process.wait(timeout=600) == 0
    found = record.read(checkout / RECORD)
    assert (found.attempt, found.resumed) == (2, True)
    assert found.environment.nodes != [node]
    assert learned(checkout / RECORD) == learned(undisturbed)
    check_clean(checkout)
    slurm.wait_until(lambda: slurm.states(since=last) == ["NODE_FAIL", "COMPLETED"])


def test_jobs_outlive_a_killed_snakemake_and_are_found_again(checkout: Path, undisturbed: Path, slurm: Slurm) -> None:
    process = slurm.start(checkout, *RUN, *LONG)
    job_id = running_job(slurm, checkout)
    freeze(slurm)
    process.kill()
    process.wait()
    slurm.run(checkout, "snakemake", "--unlock")

    again = slurm.run(checkout, *RUN, *LONG, check=False)
    assert again.returncode == 1
    assert again.stderr.strip().splitlines()[-1] == (
        "error: 1 jobs of an earlier run are queued or running; see `make slurm-recover`"
    )
    recover = ("python", "-m", "scripts.slurm.recover")
    shown = slurm.run(checkout, *recover).stdout
    assert job_id in shown
    assert "RUNNING" in shown
    assert "train small_resnet18-ddp-2_1" in shown
    # A double that starts all the same finds the lease and leaves.
    double = slurm.run(checkout, *RUN, *LONG, "--no-hooks", "--retries", "0", check=False)
    assert double.returncode == 1
    assert f"{RECORD} is being written by Slurm job {job_id} on n" in double.stderr

    slurm.run(checkout, *recover, "--cancel")
    assert "No job" in slurm.run(checkout, *recover).stdout
    assert not (checkout / RECORD).exists()
    slurm.run(checkout, *RUN, *LONG)
    assert learned(checkout / RECORD) == learned(undisturbed)
    check_clean(checkout)


def test_ctrl_c_cancels_the_jobs(checkout: Path, undisturbed: Path, slurm: Slurm) -> None:
    process = slurm.start(checkout, *RUN, *LONG)
    running_job(slurm, checkout)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=120) != 0
    slurm.wait_until(lambda: not slurm.run(checkout, "squeue", "--noheader").stdout, seconds=60)
    assert not (checkout / RECORD).exists()
    slurm.run(checkout, *RUN, *LONG)
    assert record.read(checkout / RECORD).resumed
    assert learned(checkout / RECORD) == learned(undisturbed)
    check_clean(checkout)


def test_accounting_that_is_away_for_a_while_stops_nothing(checkout: Path, slurm: Slurm) -> None:
    folder = slurm.settings.folder
    accounting = psutil.Process(daemons.pid_of(folder, "slurmdbd"))
    accounting.terminate()
    accounting.wait(30)
    slurm.run(checkout, *SNAKEMAKE, LOADING)
    table = ("python", "-m", "scripts.scaling.tabulate_jobs", "--records", LOADING)
    table += ("--csv", "jobs.csv", "--parquet", "jobs.parquet")
    slurm.run(checkout, *table)
    assert ",no accounting: " in (checkout / "jobs.csv").read_text()
    local_cluster.up(slurm.settings)

    def is_told() -> bool:
        slurm.run(checkout, *table)
        return ",complete,COMPLETED," in (checkout / "jobs.csv").read_text()

    slurm.wait_until(is_told)


def test_a_job_that_takes_more_memory_than_it_asked_for(checkout: Path, undisturbed: Path, slurm: Slurm) -> None:
    memory = ("--set-resources", "train:mem_mb=700 if attempt == 1 else 4000")
    slurm.run(checkout, *RUN, *LONG, *memory)
    found = record.read(checkout / RECORD)
    assert (found.attempt, found.resumed) == (2, False)
    assert learned(checkout / RECORD) == learned(undisturbed)
    check_clean(checkout)


def test_a_rule_that_fails_leaves_the_others_alone(checkout: Path, slurm: Slurm) -> None:
    diverges = ("--config", "training={optimizer: {lr: 1.0e+30}}")
    done = slurm.run(checkout, *SNAKEMAKE, RECORD, LOADING, *diverges, "--retries", "0", check=False)
    assert done.returncode == 1
    assert "a smaller training.optimizer.lr may help" in done.stderr
    assert record.read(checkout / LOADING).validity.ok
    assert not (checkout / RECORD).exists()
    check_clean(checkout)
    last = slurm.last_job()
    slurm.run(checkout, *SNAKEMAKE, RECORD, LOADING)
    assert slurm.jobs("Comment", since=last) == [["rule_train_wildcards_small_resnet18-ddp-2_1"]]


def test_a_full_disk_leaves_no_half_of_a_file(checkout: Path, undisturbed: Path, slurm: Slurm) -> None:
    results = checkout / "results/small/training"
    results.mkdir(parents=True, exist_ok=True)  # hides the facts of the model: they are found anew
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1M", "tmpfs", str(results)], check=False).returncode:
        pytest.skip("a small tmpfs cannot be mounted; expected root on Linux")
    try:
        # No checkpoint fits, and the training goes on; the record fits.
        slurm.run(checkout, *RUN, *LONG)
        assert "no checkpoint after step" in (checkout / "logs/small/training/train_resnet18-ddp-2_b1.log").read_text()
        assert learned(checkout / RECORD) == learned(undisturbed)
        # Nothing fits.
        for output in (checkout / RECORD).parent.iterdir():
            output.unlink()
        fill = ["dd", "if=/dev/zero", f"of={results / 'filler'}", "bs=4096"]
        assert "No space left" in subprocess.run(fill, capture_output=True, text=True, check=False).stderr
        done = slurm.run(checkout, *RUN, *LONG, "--retries", "0", check=False)
        assert done.returncode == 1
        assert re.search(r"^error: .*No space left on device", done.stderr, re.MULTILINE)
        assert not (checkout / RECORD).exists()
        check_clean(checkout)
    finally:
        subprocess.run(["umount", str(results)], check=True)
