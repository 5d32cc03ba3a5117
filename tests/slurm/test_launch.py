"""What is asked of Slurm for 1, 2, 4 and 8 workers, on CPU and on GPU, and what Slurm grants."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from helping import training_point
from slurm_cluster import PORT, SNAKEMAKE, Slurm

from scripts.errors import UserError
from scripts.slurm.allocation import Allocation, Node, interface_towards
from scripts.training.launch.train import command
from scripts.training.points import TrainingPoint


def point(workers: int, device: str, threads: int = 1) -> TrainingPoint:
    """Two ranks a node."""
    return training_point("ddp", workers, device=device, nodes=max(1, workers // 2), threads=threads)


@pytest.mark.parametrize("workers", [1, 2, 4, 8])
@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_one_srun_task_a_node_has_its_ranks_cores_and_gpus(workers: int, device: str) -> None:
    nodes, here = max(1, workers // 2), min(workers, 2)
    allocation = Allocation("7", tuple(Node(f"n{i}", f"10.0.0.{i}") for i in range(nodes)), 20007)
    found = command(allocation, point(workers, device, threads=3), ["--block", "1"])
    srun = f"srun --nodes={nodes} --ntasks={nodes} --ntasks-per-node=1 --cpus-per-task={3 * here}"
    srun += " --mem=0 --kill-on-bad-exit=1 --label"
    assert " ".join(found).startswith(srun + (f" --gres=gpu:{here} " if device == "cuda" else " "))
    # Not srun's environment: it would not take an allocator's library.
    assert found[found.index("env") + 1] == "OMP_NUM_THREADS=3"
    assert found[found.index("--port") + 1] == "20007"
    assert found[-2:] == ["--block", "1"]


def test_on_a_machine_of_ones_own_the_same_program_starts_without_srun() -> None:
    found = command(Allocation(None, (Node("localhost", "127.0.0.1"),), 5), point(4, "cpu"), [])
    assert found[:5] == ["env", "OMP_NUM_THREADS=1", "MKL_NUM_THREADS=1", sys.executable, "-m"]
    assert found[5] == "scripts.training.launch.launch_node"
    assert interface_towards("127.0.0.1") == "lo"


NAMES = ["ddp-1", "ddp-2", "ddp-4n2", "ddp-8n4"]
NODES = dict(zip(NAMES, [1, 1, 2, 4], strict=True))
RANKS_HERE = dict(zip(NAMES, [1, 2, 2, 2], strict=True))


# No `machine`: all four stand in the queue together.
TOGETHER = [word for word in SNAKEMAKE if word not in {"--resources", "machine=1000"}]


@pytest.fixture
def closed_partition(slurm: Slurm, tmp_path: Path) -> Iterator[None]:
    """The cluster takes jobs and starts none."""
    slurm.run(tmp_path, "scontrol", "update", "partition=main", "state=down")
    yield
    slurm.run(tmp_path, "scontrol", "update", "partition=main", "state=up")


def submit(slurm: Slurm, checkout: Path, device: str) -> "subprocess.Popen[str]":
    """Ask for trainings of 1, 2, 4 and 8 workers."""
    text = (checkout / "small.yaml").read_text().replace("workers: [2, 4]", f"device: {device}, workers: [1, 2, 4, 8]")
    (checkout / "small.yaml").write_text(text.replace("epochs: 2", "epochs: 1").replace("batch: 8", "batch: 16"))
    targets = [f"results/small/training/records/tiny_cnn-{name}/b1.json" for name in NAMES]
    return slurm.start(checkout, *TOGETHER, "--verbose", "--retries", "0", *targets)


def calls(checkout: Path, run: "subprocess.Popen[str]") -> dict[str, str]:
    """How sbatch was called for each point, once the run has been interrupted."""
    run.send_signal(signal.SIGINT)
    run.wait(timeout=600)
    found = re.findall(r"sbatch call: (sbatch .*?) --wrap", (checkout / "run.log").read_text())
    return {re.findall(r"tiny_cnn-(\S+?)_1\b", call)[0]: call for call in found}


def check_asked(asked: dict[str, str]) -> None:
    assert sorted(asked) == NAMES
    for name, call in asked.items():
        assert f"--nodes={NODES[name]} --no-requeue " in call
        assert f" --cpus-per-task={RANKS_HERE[name]} --exclusive --signal=TERM@120" in call
        assert " -A " not in call  # no account was given, and none is guessed


@pytest.mark.slurm
@pytest.mark.usefixtures("closed_partition")
def test_slurm_is_asked_for_whole_nodes(checkout: Path, slurm: Slurm) -> None:
    run = submit(slurm, checkout, "cpu")
    slurm.wait_until(lambda: slurm.states(checkout) == 4 * ["PENDING"])
    asked = calls(checkout, run)
    check_asked(asked)
    assert not any("--gres" in call for call in asked.values())


@pytest.mark.slurm
def test_slurm_grants_whole_nodes_with_their_gpus(checkout: Path, slurm: Slurm) -> None:
    run = submit(slurm, checkout, "cuda")

    def all_ended() -> bool:
        """The training of two workers ends by itself, for want of GPUs; the others once they have their nodes."""
        running = slurm.run(checkout, "squeue", "--noheader", "--states=running", "--format=%i %k").stdout
        granted = [line.split() for line in running.splitlines()]
        if done := [job_id for job_id, what in granted if "tiny_cnn-ddp-2_1" not in what]:
            slurm.run(checkout, "scancel", *done)
        return [state in {"CANCELLED", "FAILED"} for state in slurm.states(checkout)] == 4 * [True]

    slurm.wait_until(all_ended)
    asked = calls(checkout, run)
    check_asked(asked)
    for comment, nodes, tres in slurm.jobs(checkout, "Comment", "NNodes", "AllocTRES"):
        name = comment.split("tiny_cnn-")[1].removesuffix("_1")
        assert f" --gres=gpu:{RANKS_HERE[name]}" in asked[name]
        assert nodes == str(NODES[name])
        assert f"cpu={2 * NODES[name]}" in tres
        assert f"gres/gpu={2 * NODES[name]}" in tres
    log = (checkout / "logs/small/training/train_tiny_cnn-ddp-2_b1.log").read_text()
    assert "srun --nodes=1 --ntasks=1 --ntasks-per-node=1 --cpus-per-task=2 " in log
    assert " --gres=gpu:2 " in log
    assert "expected a GPU for each of 2 ranks, this node has 0" in log


def meet(nodes: list[int], port: int, seconds: float) -> "list[Future[object]]":
    """Some of three nodes, each in a thread of its own, as far as they come."""
    from scripts.training.launch import launch_node

    all_nodes = [Node(f"n{i}", "127.0.0.1") for i in (1, 2, 3)]
    with ThreadPoolExecutor() as pool:
        return [pool.submit(launch_node.meet, all_nodes, this, port, seconds) for this in nodes]


def test_nodes_that_all_come_meet() -> None:
    assert [one.exception() for one in meet([2, 0, 1], PORT + 50, seconds=300)] == [None, None, None]


def test_the_node_that_does_not_come_is_named() -> None:
    first, third = meet([0, 2], PORT + 51, seconds=1)
    with pytest.raises(UserError, match=r"node n2 \(127\.0\.0\.1\) did not join the run within 1 s"):
        first.result()
    assert isinstance(third.exception(), UserError)


def test_a_first_node_that_does_not_come_is_named() -> None:
    [second] = meet([1], PORT + 52, seconds=1)
    with pytest.raises(UserError, match=rf"node n1 \(127\.0\.0\.1:{PORT + 52}\) did not answer n2 within 1 s"):
        second.result()
