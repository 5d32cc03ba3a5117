"""A lease on an output: while a job runs, no other job works on the same file.

When Snakemake dies, its cluster jobs run on; started again, it would submit each of them once more. The double finds
the lease of the first and leaves. A lease is a hidden file beside the output that says who holds it. It needs no
renewal: whether the holder still runs is asked of Slurm, of this machine, or, where it is in a container, of the lock
on its file. That of a dead holder is taken over, and whoever held one before its machine started anew is dead.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import psutil
from pydantic import BaseModel, ValidationError

from scripts.atomic import temporary_name
from scripts.cli import log
from scripts.errors import PassingError, UserError
from scripts.machine import Place, boot_id
from scripts.slurm.allocation import ask

MACHINE_ID = Path("/etc/machine-id")


class Holder(BaseModel):
    """The process that holds a lease."""

    job_id: str | None  # of Slurm
    host: str
    machine_id: str  # of machine-id(5), which hosts of one name differ in; empty where there is none
    boot_id: str
    pid_namespace: str  # that `pid` is a process of: a container has its own
    pid: int
    started: float  # of the process, seconds since 1970

    @classmethod
    def this_process(cls) -> "Holder":
        process = psutil.Process()
        return cls(
            job_id=os.environ.get("SLURM_JOB_ID"),
            host=Place.of_this_process().node,
            machine_id=_text(MACHINE_ID).strip(),
            boot_id=boot_id(),
            pid_namespace=str(Path("/proc/self/ns/pid").readlink()),
            pid=process.pid,
            started=process.create_time(),
        )

    def __str__(self) -> str:
        who = f"Slurm job {self.job_id}" if self.job_id else f"process {self.pid}"
        since = datetime.fromtimestamp(self.started, UTC).isoformat(" ", timespec="seconds")
        return f"{who} on {self.host} (since {since})"

    def is_alive(self, path: Path) -> bool:
        """Whether it, whose lease is at `path`, still runs; where that cannot be found out, it is taken to."""
        here = Holder.this_process()
        if self.boot_id != here.boot_id and self.machine_id and self.machine == here.machine:
            return False
        if self.job_id is not None and self.job_id != here.job_id:
            return _job_runs(self.job_id)
        if self.boot_id != here.boot_id:
            return self.job_id is None  # else this job itself, before Slurm requeued it
        if self.pid_namespace != here.pid_namespace:
            return is_locked(path)
        return self._process_runs()

    @property
    def machine(self) -> tuple[str, str]:
        """What stays when it starts anew."""
        return self.host, self.machine_id

    def _process_runs(self) -> bool:
        try:
            process = psutil.Process(self.pid)
            return bool(process.status() != psutil.STATUS_ZOMBIE and abs(process.create_time() - self.started) < 1)
        except psutil.NoSuchProcess:
            return False


def lease_of(output: Path) -> Path:
    """The file that says who works on `output`."""
    return output.with_name(f".{output.name}.lease")


@contextmanager
def lease(output: Path) -> Iterator[None]:
    """Hold the lease on `output` until the block ends.

    Raises:
        PassingError: another running job holds it.
    """
    path, mine = lease_of(output), Holder.this_process().model_dump_json()
    path.parent.mkdir(parents=True, exist_ok=True)
    written = temporary_name(path)
    with written.open("w", encoding="utf-8") as file:
        try:
            _lock(file, mine)
            _take(path, written, output)
        finally:
            written.unlink(missing_ok=True)
        try:
            yield
        finally:
            if _text(path) == mine:
                path.unlink(missing_ok=True)


def _take(path: Path, written: Path, output: Path) -> None:
    """Make `written` the lease; a link is made whole or not at all, on network file systems too."""
    for _ in range(3):
        try:
            _link(written, path)
            return
        except FileExistsError:
            found = _text(path)
        if found == _text(written):  # this process's own, from before it ran itself again; or an answer was lost
            os.replace(written, path)
            return
        if not found:
            continue  # given back between the two looks
        try:
            holder = Holder.model_validate_json(found)
        except ValidationError:
            raise UserError(f"{path}: cannot be read as a lease; delete it if nothing writes {output}") from None
        if holder.is_alive(path):
            raise PassingError(
                f"{output} is being written by {holder}; `make slurm-recover` shows the jobs that still run. "
                f"(If that is wrong, delete {path}.)"
            )
        log.info("taking over the lease that %s left behind", holder)
        aside = path.with_name(f"{written.name}.old")
        os.replace(path, aside)
        if _text(aside) != found:  # another job took it over first: what was moved aside is that one's
            os.replace(aside, path)
        aside.unlink(missing_ok=True)
    raise PassingError(f"{path}: the lease changes hands all the time; expected one job to write {output}")


def _link(written: Path, path: Path) -> None:
    try:
        os.link(written, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        with path.open("x") as file:
            file.write(written.read_text())
        os.replace(written, path)


def _lock(file: TextIO, text: str) -> None:
    """Fill a lease and lock it, before others can see it: the kernel keeps the lock as long as this process lives."""
    file.write(text)
    file.flush()
    with suppress(OSError):  # a file system without locks
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def is_locked(path: Path) -> bool:
    """Whether a process of this kernel holds the lock of a lease, in whatever container; taken to without locks."""
    try:
        with path.open(encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    return False


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""


def _job_runs(job_id: str) -> bool:
    """Whether Slurm still has the job; a Slurm that does not answer is no proof of an end, but COMPLETING is one:
    its processes are being killed, and a node that died may leave a job in that state for long.
    """
    try:
        state = ask("squeue", "--noheader", "--jobs", job_id, "--format", "%T")
    except UserError as error:
        return "Invalid job id" not in str(error)
    return state.strip() not in {"", "COMPLETING"}
