"""The nodes of this job, as Slurm gave them or this machine alone, and how to start one program on each of them.

Inside a job of Snakemake's Slurm executor most SLURM_* variables are gone, so Slurm itself is asked.
"""

import os
import re
import socket
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

import psutil

from scripts.errors import PassingError, UserError

FIRST_PORT = 20_000  # below Linux's range of ephemeral ports, which starts at 32768
PORTS = 10_000


class Node(NamedTuple):
    """One node: its name in Slurm (or "localhost"), and the address that others reach it by."""

    name: str
    address: str


@dataclass(frozen=True)
class Allocation:
    """The nodes of a job, rank 0's first, and a port of the first that no other job uses."""

    job_id: str | None  # of Slurm
    nodes: tuple[Node, ...]
    port: int

    def on_each_node(self, cores: int, gpus: int) -> list[str]:
        """The words before a command that start it once on each node, with `cores` and `gpus` there.

        All of the job's memory is the step's, and a task that fails ends the others.
        """
        if self.job_id is None:
            return []
        nodes = len(self.nodes)
        words = ["srun", f"--nodes={nodes}", f"--ntasks={nodes}", "--ntasks-per-node=1", f"--cpus-per-task={cores}"]
        words += ["--mem=0", "--kill-on-bad-exit=1", "--label"]
        return [*words, f"--gres=gpu:{gpus}"] if gpus else words


def this_machine() -> Allocation:
    """This machine alone, reached by loopback since a host's own name need not resolve."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return Allocation(None, (Node("localhost", "127.0.0.1"),), port)


def of_slurm() -> Allocation:
    """The nodes of the Slurm job that this process runs in.

    Raises:
        UserError: this is no Slurm job, or Slurm does not answer.
    """
    job_id = os.environ.get("SLURM_JOB_ID")
    if job_id is None:
        raise UserError("SLURM_JOB_ID: not set; expected the environment of a Slurm job (launcher srun)")
    found = ask("squeue", "--noheader", "--jobs", job_id, "--format", "%N").strip()
    names = ask("scontrol", "show", "hostnames", found).split()
    if len(names) == 1:
        nodes: tuple[Node, ...] = (Node(names[0], "127.0.0.1"),)
    else:
        described = ask("scontrol", "--oneliner", "show", "node", found)
        addresses = dict(re.findall(r"NodeName=(\S+) .*?NodeAddr=(\S+)", described))
        nodes = tuple(Node(name, addresses[name]) for name in names)
    return Allocation(job_id, nodes, FIRST_PORT + int(job_id) % PORTS)


def ask(*command: str) -> str:
    """What one of Slurm's commands prints.

    Raises:
        UserError: it is not there.
        PassingError: it fails; the message holds its own.
    """
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    except FileNotFoundError:
        raise UserError(f"{command[0]}: not found; expected Slurm's commands on the PATH") from None
    except subprocess.TimeoutExpired:
        raise PassingError(f"{command[0]}: no answer from Slurm within 60 s") from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise PassingError(said[-1] if said else f"{command[0]} ended with {done.returncode}")
    return done.stdout


def interface_towards(address: str) -> str | None:
    """The network interface by which this machine reaches `address` (a name or a number, IPv4 or IPv6).

    A machine's own name is of no use for that: it often stands for 127.0.1.1 there.

    Raises:
        PassingError: the name is unknown, or no way leads there.
    """
    try:
        ways = socket.getaddrinfo(address, 9, type=socket.SOCK_DGRAM)
    except OSError as error:
        raise PassingError(f"node address {address}: {error.strerror}; expected one that this node can reach") from None
    # A name may stand for addresses of both kinds, of which one leads nowhere.
    sources = [source for family, _, _, _, place in ways if (source := _source(family, place)) is not None]
    if not sources:
        raise PassingError(f"node address {address}: no network leads there; expected one that this node can reach")
    for name, addresses in psutil.net_if_addrs().items():
        if any(one.address.partition("%")[0] == sources[0] for one in addresses):
            return str(name)
    return None


def _source(family: int, place: tuple[Any, ...]) -> str | None:
    """The address that this machine would use to reach a place; None where no network leads there."""
    with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect(place)  # sends nothing: the kernel chooses the way
        return str(probe.getsockname()[0]).partition("%")[0]
    return None
