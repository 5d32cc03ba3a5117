"""A real cluster on this machine, as the tests use it."""

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from helping import ROOT

from scripts.slurm import local_cluster

PORT = 27000  # not the one of `make slurm-up`

# Pixels so few that a training is over in seconds.
STUDY = """
study: small
images: {sample: {per_class: 12, size: 64}, size: 32, shards: 2}
loading: {backends: [serial, pool_map], workers: [2], passes: 1, window_seconds: 0, blocks: 1}
training:
  {workers: [2, 4], workers_per_node: 2, global_batch: 8, epochs: 2, warmup_steps: 1, blocks: 1, profile: false}
"""
# All virtual nodes are one machine; jobs are short.
SNAKEMAKE = ("snakemake", "--profile", "slurm", "--configfile", "small.yaml", "--resources", "machine=1000")
SNAKEMAKE += ("--slurm-init-seconds-before-status-checks", "2")


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

    def start(self, folder: Path, *command: str) -> "subprocess.Popen[str]":
        """Start a command in a folder, in a session of its own; what it prints goes to run.log there."""
        with (folder / "run.log").open("w") as log:
            return subprocess.Popen(
                command, cwd=folder, env=self.env, stdout=log, stderr=log, text=True, start_new_session=True
            )

    def jobs(self, *fields: str, since: int = 0) -> list[list[str]]:
        """What sacct knows of all jobs with an id over `since`, oldest first."""
        printed = self.run(
            ROOT, "sacct", "-X", "-P", "-n", "-S", "now-1day", "-o", f"JobIDRaw,{','.join(fields)}"
        ).stdout
        rows = [line.split("|") for line in printed.splitlines()]
        return [row[1:] for row in sorted(rows, key=lambda row: int(row[0])) if int(row[0]) > since]

    def states(self, since: int) -> list[str]:
        """How the jobs with an id over `since` ended, oldest first."""
        return [state.split()[0] for [state] in self.jobs("State", since=since)]

    def last_job(self) -> int:
        """The highest job id there was."""
        return max(map(int, self._sacct("JobIDRaw").split()), default=0)

    def _sacct(self, fields: str) -> str:
        return self.run(ROOT, "sacct", "-X", "-P", "-n", "-S", "now-1day", "-o", fields).stdout

    def wait_until(self, condition: Callable[[], object], seconds: float = 120) -> None:
        """Wait for something to become true.

        Raises:
            AssertionError: it did not.
        """
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"nothing happened; the queue: {self.run(ROOT, 'squeue').stdout}"
            time.sleep(0.2)

    def cancel_all(self) -> None:
        """Empty the queue."""
        self.run(ROOT, "scancel", "--me")
        self.wait_until(lambda: not self.run(ROOT, "squeue", "--noheader").stdout)
