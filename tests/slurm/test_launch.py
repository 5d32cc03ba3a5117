"""What is asked of Slurm for 1, 2, 4 and 8 workers, on CPU and on GPU, and what Slurm grants."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from helping import ROOT, training_point
from slurm_cluster import SNAKEMAKE, Slurm

from scripts.slurm.allocation import Allocation, Node, interface_towards, this_machine
from scripts.training.points import TrainingPoint
from scripts.training.train import command


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
    assert found[found.index("--port") + 1] == "20007"
    assert found[-2:] == ["--block", "1"]


def test_on_a_machine_of_ones_own_the_same_program_starts_without_srun() -> None:
    found = command(Allocation(None, (Node("localhost", "127.0.0.1"),), 5), point(4, "cpu"), [])
    assert found[1:3] == ["-m", "scripts.training.launch_node"]
    assert interface_towards("127.0.0.1") == "lo"


NAMES = ["ddp-1", "ddp-2", "ddp-4n2", "ddp-8n4"]
NODES = dict(zip(NAMES, [1, 1, 2, 4], strict=True))
RANKS_HERE = dict(zip(NAMES, [1, 2, 2, 2], strict=True))


@pytest.mark.slurm
@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_slurm_is_asked_for_whole_nodes_and_grants_them(device: str, checkout: Path, slurm: Slurm) -> None:
    text = (checkout / "small.yaml").read_text().replace("workers: [2, 4]", f"device: {device}, workers: [1, 2, 4, 8]")
    (checkout / "small.yaml").write_text(text.replace("epochs: 2", "epochs: 1").replace("batch: 8", "batch: 16"))
    last = slurm.last_job()
    targets = [f"results/small/training/records/resnet18-{name}/b1.json" for name in NAMES]
    # No `machine`: all four stand in the queue together. On CPU they are stopped as soon as all are submitted, when the
    # first may have ended; with cuda, of which there is none in truth, they end by themselves.
    command = [word for word in SNAKEMAKE if word not in {"--resources", "machine=1000"}]
    process = slurm.start(checkout, *command, "--verbose", "--retries", "0", *targets)
    ended = {"FAILED"} if device == "cuda" else {"PENDING", "RUNNING", "COMPLETED", "FAILED"}
    slurm.wait_until(lambda: [state in ended for state in slurm.states(since=last)] == 4 * [True], seconds=300)
    process.send_signal(signal.SIGINT)
    process.wait(timeout=120)
    printed = (checkout / "run.log").read_text()

    calls = re.findall(r"sbatch call: (sbatch .*?) --wrap", printed)
    asked = {re.findall(r"resnet18-(\S+?)_1\b", call)[0]: call for call in calls}
    assert sorted(asked) == NAMES
    granted = {
        comment.split("resnet18-")[1].removesuffix("_1"): (nodes, tres)
        for comment, nodes, tres in slurm.jobs("Comment", "NNodes", "AllocTRES", since=last)
    }
    for name in NAMES:
        nodes, here = NODES[name], RANKS_HERE[name]
        assert f"--nodes={nodes} --no-requeue " in asked[name]
        assert f" --cpus-per-task={here} --exclusive --signal=TERM@120" in asked[name]
        assert " -A " not in asked[name]  # no account was given, and none is guessed
        if device == "cuda":
            assert f" --gres=gpu:{here}" in asked[name]
            assert granted[name][0] == str(nodes)
            assert f"cpu={2 * nodes}" in granted[name][1]
            assert f"gres/gpu={2 * nodes}" in granted[name][1]
            log = (checkout / f"logs/small/training/train_resnet18-{name}_b1.log").read_text()
            assert f"srun --nodes={nodes} --ntasks={nodes} --ntasks-per-node=1 --cpus-per-task={here} " in log
            assert f"expected a GPU for each of {here} ranks, this node has 0" in log


def meet(this: int, port: int, seconds: float) -> "subprocess.Popen[str]":
    """One of three nodes, in a process of its own."""
    nodes = [Node(f"n{i}", "127.0.0.1") for i in (1, 2, 3)]
    # As in a run, the first node keeps the store until the others need it no more.
    program = f"""
from scripts import cli
from scripts.slurm.allocation import Node
from scripts.training.launch_node import meet

def main():
    store = meet({nodes}, {this}, {port}, {seconds})
    store.set("left {this}", "")
    if {this} == 0:
        store.wait(["left 1", "left 2"])

cli.run(main)
"""
    return subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stderr=subprocess.PIPE, text=True)


def test_nodes_that_all_come_meet() -> None:
    port = this_machine().port
    for process in [meet(number, port, 60) for number in (2, 0, 1)]:
        assert process.communicate()[1] == ""
        assert process.returncode == 0


def test_the_node_that_does_not_come_is_named() -> None:
    port = this_machine().port
    first, third = (meet(number, port, 8) for number in (0, 2))
    assert "error: node n2 (127.0.0.1) did not join the run within 8 s" in first.communicate()[1]
    assert first.returncode == third.wait() == 1


def test_a_first_node_that_does_not_come_is_named() -> None:
    second = meet(1, this_machine().port, 2)
    assert "error: node n1 (127.0.0.1:" in second.communicate()[1]
    assert second.returncode == 1
