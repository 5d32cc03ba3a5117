"""A real cluster on this machine, as the tests use it."""

import os
import re
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from helping import ROOT

from scripts import record
from scripts.slurm import local_cluster


def first_free(at: int, count: int) -> int:
    """The first of `count` TCP ports that nobody has, in blocks from 20000 to 30000, looked for from block `at` on."""
    blocks = 10_000 // count
    for block in range(at, at + blocks):
        first = 20_000 + block % blocks * count
        with ExitStack() as probes, suppress(OSError):
            for port in range(first, first + count):
                probes.enter_context(socket.create_server(("", port)))
            return first
    raise AssertionError(f"no {count} ports are free between 20000 and 30000")


PORT = first_free(os.getpid(), 200)  # so that tests may run beside others; `make slurm-up` has 17000
IN_RUNS = Path(__file__).with_name("in_runs")  # what is different in a test's run: its sitecustomize.py

# A network so small that a training is over in seconds, and a checkpoint after each step.
STUDY = """
study: small
measuring: {again: 0}
images: {sample: {per_class: 12, size: 64}, size: 32, shards: 2}
loading: {backends: [serial, pool_map], workers: [2], passes: 1, window_seconds: 0, blocks: 1}
training:
  {model: tiny_cnn, workers: [2, 4], workers_per_node: 2, global_batch: 8, epochs: 2, warmup_steps: 1, blocks: 1,
   profile: false, checkpoint_seconds: 0}
"""
# All virtual nodes are one machine.
SNAKEMAKE = ("snakemake", "--configfile", "small.yaml", "--resources", "machine=1000", "--profile", "slurm")
ALONE = "results/small/training/records/tiny_cnn-serial-1/b1.json"
TWO_RANKS = "results/small/training/records/tiny_cnn-ddp-2/b1.json"


def learned(path: Path) -> tuple[object, ...]:
    """All that a training learned: no time."""
    found = record.read(path).quality
    assert found is not None
    losses = [(epoch.loss, epoch.valid_accuracy) for epoch in found.epochs]
    return losses, found.test_accuracy, found.precision, found.recall, found.f1, found.confusion


@dataclass(frozen=True)
class Slurm:
    """The cluster, and how to run something as its user."""

    settings: local_cluster.Settings
    env: dict[str, str]

    def run(self, folder: Path, *command: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """Run a command in a folder to its end, and keep what it prints."""
        done = subprocess.run(
            command, cwd=folder, env=self.env, capture_output=True, text=True, check=False, timeout=900
        )
        if check and done.returncode:
            raise AssertionError(f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def start(self, folder: Path, *command: str, **variables: str) -> "subprocess.Popen[str]":
        """Start a command in a folder, in a session of its own; what it prints goes to run.log there."""
        environment = self.env | variables
        with (folder / "run.log").open("w") as log:
            return subprocess.Popen(
                command, cwd=folder, env=environment, stdout=log, stderr=log, text=True, start_new_session=True
            )

    def run_job(self, folder: Path, *arguments: str) -> str:
        """Run a batch job to its end: its exit status. (`sbatch --wait` looks after 2, 10, 42, 74, ... seconds.)"""
        job_id = self.run(folder, "sbatch", "--parsable", *arguments).stdout.strip()
        self.wait_until(lambda: not self.run(ROOT, "squeue", "--noheader", "--jobs", job_id).stdout)
        [status] = re.findall(
            r" ExitCode=(\d+):", self.run(ROOT, "scontrol", "--oneliner", "show", "job", job_id).stdout
        )
        return status

    def jobs(self, folder: Path, *fields: str) -> list[list[str]]:
        """What sacct knows of all jobs that were submitted in a folder, oldest first."""
        asked = f"JobIDRaw,WorkDir,{','.join(fields)}"
        printed = self.run(ROOT, "sacct", "-X", "-P", "-n", "-S", "now-1day", "-o", asked).stdout
        rows = [line.split("|") for line in printed.splitlines()]
        return [row[2:] for row in sorted(rows, key=lambda row: int(row[0])) if row[1] == str(folder)]

    def states(self, folder: Path) -> list[str]:
        """How the jobs that were submitted in a folder ended, oldest first."""
        return [state.split()[0] for [state] in self.jobs(folder, "State")]

    def queue(self) -> str:
        """All jobs that have not ended."""
        return self.run(ROOT, "squeue", "--noheader").stdout

    def peak_bytes(self, step: str) -> int:
        """The most memory that a running step was seen to hold; asked, its node looks at once."""
        done = self.run(ROOT, "sstat", "-P", "-n", "--noconvert", "-j", step, "-o", "MaxRSS", check=False)
        return max([int(line) for line in done.stdout.split()], default=0)

    def held(self, folder: Path, attempt: int) -> psutil.Process:
        """Wait until an attempt at the training of a folder has stopped itself behind a checkpoint; its rank 0."""
        found: list[psutil.Process] = []

        def stopped() -> bool:
            for process in psutil.process_iter(["status", "cmdline"]):
                words = process.info["cmdline"] or []
                if process.info["status"] == psutil.STATUS_STOPPED and "scripts.training.loop.train_rank" in words:
                    with suppress(psutil.Error):  # another run's, which has just been killed
                        ours = words[words.index("--attempt") + 1] == str(attempt) and process.cwd() == str(folder)
                        found.extend([process] if ours else [])
            return bool(found)

        self.wait_until(stopped)
        return found[0]

    def wait_until(self, condition: Callable[[], object]) -> None:
        """Wait for something that must become true, however long this machine takes.

        Raises:
            AssertionError: it did not in ten minutes.
        """
        end = time.monotonic() + 600
        while not condition():
            assert time.monotonic() < end, f"nothing happened; the queue: {self.queue()}"
            time.sleep(0.3)

    def cancel_all(self) -> None:
        """Empty the queue."""
        self.run(ROOT, "scancel", "--me")
        self.wait_until(lambda: not self.queue())
