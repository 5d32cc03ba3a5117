"""What a measurement ran on, and what disturbed it: the `environment` and `noise` of a record.

Nothing here may stand in a rule's params: a machine fact never makes a result stale.
"""

import ctypes
import fcntl
import os
import platform
import signal
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import psutil

from scripts.cli import log
from scripts.record import Environment, Noise

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
PR_SET_PDEATHSIG = 1  # of prctl(2)
PACKAGES = (
    *("torch", "torchvision", "dask", "distributed", "joblib", "fsspec", "webdataset", "litdata"),
    *("opencv-python-headless", "simplejpeg", "pillow", "tifffile", "imagecodecs", "numpy", "snakemake"),
)


class Place(NamedTuple):
    """Where one process of a run ran."""

    node: str  # its name in Slurm, or the host's
    machine: str  # nodes that are one machine in truth share it
    machine_cores: int  # all that it has
    cpu_model: str
    cores: frozenset[int]  # that the process may use

    @classmethod
    def of_this_process(cls) -> "Place":
        node = os.environ.get("SLURMD_NODENAME") or platform.node()
        return cls(node, boot_id(), os.cpu_count() or 1, _cpu_model(), frozenset(os.sched_getaffinity(0)))


class Places(list[Place]):
    """The places of all processes of a run, in order of rank."""

    @property
    def nodes(self) -> list[str]:
        """The distinct nodes."""
        return list(dict.fromkeys(place.node for place in self))

    @property
    def first_ranks(self) -> list[int]:
        """The first rank of each machine."""
        machines = [place.machine for place in self]
        return [machines.index(machine) for machine in dict.fromkeys(machines)]

    @property
    def machine_cores(self) -> int:
        """Cores of all machines, whether the run may use them or not."""
        return sum({place.machine: place.machine_cores for place in self}.values())

    @property
    def cpu_models(self) -> list[str]:
        """The distinct CPU models."""
        return list(dict.fromkeys(place.cpu_model for place in self))

    @property
    def usable_cores(self) -> int:
        """Cores that the run may use, over all machines; a machine that is several nodes counts once."""
        return len({(place.machine, core) for place in self for core in place.cores})


def end_with_parent() -> None:
    """Have the kernel kill this process when the one that started it is gone: it must not work on unseen."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def boot_id() -> str:
    """What tells this machine from another: the kernel's, new at each start."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def environment(
    start_method: str | None, page_cache: str, gpu: str | None = None, places: Places | None = None
) -> Environment:
    """The facts of this process's machine; `gpu` is the device's name where one was used, `places` are those of the
    run's other processes, where they may run elsewhere.
    """
    places = places or Places([Place.of_this_process()])
    started = datetime.fromtimestamp(psutil.Process().create_time(), UTC)
    return Environment(
        started=started.isoformat(timespec="seconds"),
        host=platform.node(),
        cpu_model=_cpu_model(),
        usable_cores=places.usable_cores,
        machine_cores=places.machine_cores,
        memory_bytes=psutil.virtual_memory().total,
        kernel=platform.release(),
        gpu=gpu,
        python=platform.python_version(),
        packages=_versions(),
        threads={name: os.environ[name] for name in THREAD_VARIABLES if name in os.environ},
        job_id=os.environ.get("SLURM_JOB_ID"),
        nodes=places.nodes,
        start_method=start_method,
        page_cache=page_cache,
        allocator=memory_allocator(),
    )


def memory_allocator() -> str:
    """What gives this process its memory: glibc, unless another's library is mapped in its place."""
    mapped = Path("/proc/self/maps").read_text(encoding="utf-8")
    return next((name for name in ("tcmalloc", "jemalloc") if f"/lib{name}" in mapped), "glibc")


def busy_seconds() -> float:
    """CPU seconds that all processes of this machine, and the hypervisor in its place, have used since it started."""
    times = psutil.cpu_times()
    return float(times.user + times.system + times.nice + times.irq + times.softirq + times.steal)


def noise(calibration_before: float, calibration_after: float, foreign_cores: float) -> Noise:
    """What disturbed this process until now."""
    frequency = psutil.cpu_freq()
    return Noise(
        calibration_before=calibration_before,
        calibration_after=calibration_after,
        foreign_cores=foreign_cores,
        load_average=os.getloadavg()[0],
        cpu_mhz=frequency.current if frequency else None,
        involuntary_context_switches=psutil.Process().num_ctx_switches().involuntary,
    )


class TreeUsage(NamedTuple):
    """What a tree of processes has used."""

    cpu_seconds: float  # user and system
    peak_rss_bytes: int
    read_bytes: int  # from storage


def tree_usage() -> TreeUsage:
    """Of this process and all its living descendants; CPU seconds also of those that ended and were waited for.

    The peak is the sum of each process's own (VmHWM of /proc): an upper bound of the tree's, since pages that processes
    share count in each and the peaks may lie apart in time. Bytes from storage are what the kernel fetched because of
    them (read_bytes of /proc/PID/io), pages that it read ahead included; those in the page cache are none.
    """
    cpu, peak, read = 0.0, 0, 0
    root = psutil.Process()
    for process in [root, *root.children(recursive=True)]:
        try:
            times = process.cpu_times()
            status = Path(f"/proc/{process.pid}/status").read_text()
            read += process.io_counters().read_bytes
        except (psutil.NoSuchProcess, FileNotFoundError):
            continue  # ended between listing and reading
        cpu += times.user + times.system + times.children_user + times.children_system
        peak += next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)
    return TreeUsage(cpu, peak, read)


def wait_until_alone() -> int:
    """Wait until no other measurement of this user runs on this machine; returns the file descriptor that says so.

    The lock lasts until the descriptor is closed, at the latest with the process, and survives an exec. Snakemake's
    `machine` resource keeps the jobs of one run apart; this holds for two runs too, and for one without a profile.
    """
    path = Path(tempfile.gettempdir()) / f"scalecard-{os.getuid()}.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    os.set_inheritable(descriptor, True)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        log.info("waiting for another measurement on this machine to end (%s)", path)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def _versions() -> dict[str, str]:
    """Of PACKAGES, those that are installed."""
    found = {}
    for name in PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
