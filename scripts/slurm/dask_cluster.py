"""Dask workers over the nodes of a Slurm cluster, each a job of its own, for as long as a block of code runs.

The scheduler is in this process. Dask asks for no password here: whoever reaches its ports can run code as this user,
so it listens on the nodes' own network only.
"""

import logging
import os
import shlex
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from dask_jobqueue.slurm import SLURMCluster, SLURMJob
from distributed import Client
from distributed.deploy.spec import ProcessInterface

from scripts.cli import log
from scripts.errors import PassingError
from scripts.machine import Place
from scripts.registry import ROOT
from scripts.slurm.allocation import ask, interface_towards

LOGS = Path("logs/slurm/dask")
# What a worker's job has in common with the job that it works for: sbatch's variable, and squeue's format.
ALIKE = {"SBATCH_PARTITION": "%P", "SBATCH_ACCOUNT": "%a", "SBATCH_CONSTRAINT": "%f", "SBATCH_TIMELIMIT": "%l"}
ALIKE |= {"SBATCH_QOS": "%q", "SBATCH_RESERVATION": "%v"}
UNSET = ("", "(null)", "N/A")


@contextmanager
def dask_cluster(workers: int, memory_mb: int, exclusive: bool = False, seconds: float = 1800) -> Iterator[Client]:
    """A client of `workers` processes, each with one thread, one core and `memory_mb` in a Slurm job of its own.

    Partition, account, constraint and time limit are those of sbatch's own variables (SBATCH_PARTITION, ...), else
    those of the job that this process runs in. The worker jobs end with the block, and with this process.

    Args:
        exclusive: whether a worker has its node to itself.
        seconds: how long the workers may stay in the queue, all together.

    Raises:
        PassingError: Slurm refuses the jobs, one of them ended, or they did not all start in time.
    """
    name, refusals, nodes_network = f"dask-{uuid4().hex[:8]}", list[str](), _interface()
    logging.getLogger("distributed").setLevel(logging.WARNING)
    with SLURMCluster(
        job_cls=_job_class(_environment(), refusals),  # type: ignore[arg-type]
        cores=1,
        processes=1,
        memory=f"{memory_mb}MB",
        job_mem=f"{memory_mb}M",
        death_timeout=20,  # seconds that a worker looks for this process, which may be gone when its job starts
        nanny=False,  # it would start a lost worker again, unnoticed
        python=shlex.quote(sys.executable),
        job_name=name,
        log_directory=str(LOGS),
        job_script_prologue=[f"export PYTHONPATH={shlex.quote(_python_path())}"],
        job_extra_directives=["--no-requeue", *(["--exclusive"] if exclusive else [])],
        worker_extra_args=["--dashboard-address", "127.0.0.1:0"],
        scheduler_options={"interface": nodes_network, "dashboard_address": "127.0.0.1:0"},
    ) as cluster:
        # SIGTERM ends a job that is cancelled or out of time; worker jobs that still wait would outlive it.
        before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
        try:
            with Client(cluster, direct_to_workers=True) as client:  # type: ignore[no-untyped-call]
                cluster.scale(jobs=workers)
                _wait(cluster, client, workers, refusals, seconds)
                nodes = dict.fromkeys(place.node for place in client.run(Place.of_this_process).values())
                log.info("%d Dask workers on %s", workers, ", ".join(nodes))
                yield client
        finally:
            ask("scancel", "--me", "--name", name)
            signal.signal(signal.SIGTERM, before)


def _job_class(environment: Mapping[str, str], refusals: list[str]) -> type[SLURMJob]:
    """A worker's job, submitted with `environment`; what sbatch says against it goes to `refusals`."""

    class WorkerJob(SLURMJob):
        async def start(self) -> None:
            try:
                await super().start()  # type: ignore[no-untyped-call]
            except RuntimeError as error:  # raised on, it would end in a traceback of Dask's and not in `_wait`
                refusals.append(str(error).strip().splitlines()[-1])
                await ProcessInterface.start(self)  # type: ignore[no-untyped-call]

        async def _submit_job(self, script_filename: str) -> str:
            # On the command line, since a variable SBATCH_JOB_NAME would replace the script's.
            command = ["sbatch", f"--job-name={self.job_name}", script_filename]
            return str(await self._call(command, env=environment))  # type: ignore[no-untyped-call]

    return WorkerJob


def _environment() -> dict[str, str]:
    """This process's environment for sbatch, which hands it on to the worker: nothing in it is of this job."""
    kept = {key: value for key, value in os.environ.items() if key == "SLURM_CONF" or not key.startswith("SLURM")}
    if job_id := os.environ.get("SLURM_JOB_ID"):
        said = ask("squeue", "--noheader", "--jobs", job_id, "--format", "|".join(ALIKE.values()))
        alike = dict(zip(ALIKE, said.strip().split("|"), strict=True))
        kept = {key: value for key, value in alike.items() if value not in UNSET} | kept
    return kept


def _python_path() -> str:
    return os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))


def _interface() -> str | None:
    """The network interface by which this machine reaches the nodes, and so they it; loopback where all are here."""
    addresses = dict.fromkeys(ask("sinfo", "--noheader", "--Node", "--responding", "--format", "%o").split())
    found = [interface_towards(address) for address in addresses]
    return next((name for name in found if name not in {None, "lo"}), "lo")


def _wait(cluster: SLURMCluster, client: Client, workers: int, refusals: list[str], seconds: float) -> None:
    """Wait until all workers are there."""
    end = time.monotonic() + seconds
    while (came := len(client.nthreads())) < workers:  # type: ignore[no-untyped-call]
        submitted = len(cluster.workers)
        queue = ask("squeue", "--noheader", "--me", "--name", cluster.job_name, "--format", "%i %T %R").splitlines()
        found = f"{came} of {workers} Dask workers came"
        if refusals:
            raise PassingError(f"{found}: {refusals[0]}")
        if len(queue) < submitted:
            ended = submitted - len(queue)
            raise PassingError(f"{found}, and {ended} of their jobs ended; {LOGS}/{cluster.job_name}-*.err says why")
        if time.monotonic() > end:
            raise PassingError(f"{found} within {seconds:.0f} s; squeue says: {'; '.join(queue)}")
        time.sleep(0.5)
