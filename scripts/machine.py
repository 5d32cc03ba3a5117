"""What a measurement runs on and uses: the `environment` of a record, and having the machine to itself.

Nothing here may stand in a rule's params: a machine fact never makes a result stale.
"""

import ctypes
import fcntl
import math
import os
import platform
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import psutil

from scripts import SET_ASIDE
from scripts.cli import log
from scripts.quota import cpu_quota
from scripts.record import PHYSICAL_CORES, VERSION, Environment
from scripts.spec import PIXELS

# What libraries take from the environment of a process and we leave to it, by the beginnings of names.
OBEYED = ("OMP_NUM_THREADS", "MKL_", "OPENBLAS_", "ATEN_", "DNNL_", "ONEDNN_", "GLOO_", "NCCL_")
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # of prctl(2)
CPUS = Path("/sys/devices/system/cpu")
PACKAGES = (
    *("torch", "torchvision", "timm", "dask", "distributed", "dask-jobqueue", "joblib", "fsspec", "aiohttp"),
    *("webdataset", "litdata", "spdl-core", "torchdata", "grain", "datasets", "mosaicml-streaming", "lmdb", "h5py"),
    *("zarr", "torchcodec", "pyvips", "kornia-rs", *PIXELS, "snakemake"),
)


class Place(NamedTuple):
    """Where one process of a run ran."""

    node: str  # its name in Slurm, or the host's
    machine: str  # nodes that are one machine in truth share it
    machine_cores: int  # all that it has
    cpu_model: str
    cores: frozenset[int]  # that the process may use: hardware threads count
    physical_cores: frozenset[int]  # that these are threads of, each by the first of its threads
    quota: float = math.inf  # cores' worth of CPU time that its control groups allow

    @classmethod
    def of_this_process(cls) -> "Place":
        node = os.environ.get("SLURMD_NODENAME") or platform.node()
        cores = frozenset(os.sched_getaffinity(0))
        physical = frozenset(hardware_threads(core)[0] for core in cores)
        return cls(node, boot_id(), os.cpu_count() or 1, _cpu_model(), cores, physical, cpu_quota())


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
        """Cores that the run may use, over all machines, and has CPU time for; a machine that is several nodes counts
        once.
        """
        usable = 0
        for machine in {place.machine for place in self}:
            here = [place for place in self if place.machine == machine]
            cores = frozenset[int]().union(*(place.cores for place in here))
            quota = sum({place.node: place.quota for place in here}.values())
            usable += max(1, math.floor(min(len(cores), quota)))
        return usable

    @property
    def physical_cores(self) -> int:
        """Cores of all machines that the run's hardware threads are of."""
        return len({(place.machine, core) for place in self for core in place.physical_cores})


def end_with_parent() -> None:
    """Have the kernel kill this process when the one that started it is gone: it must not work on unseen."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def adopt_orphans() -> None:
    """Have the kernel make this process the parent of all descendants whose own parent has ended."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


def end_descendants() -> list[str]:
    """Kill all descendants of this process that still run, those too that were adopted; their names."""
    left = psutil.Process().children(recursive=True)
    found = []
    for process in left:
        with suppress(psutil.NoSuchProcess):
            if process.status() != psutil.STATUS_ZOMBIE:
                found.append(f"{process.name()} ({process.pid})")
                process.kill()
    psutil.wait_procs(left, timeout=5)
    return found


def hardware_threads(core: int) -> list[int]:
    """The logical cores that share a physical one with `core`, itself too, in ascending order; where the kernel does
    not tell, itself alone.
    """
    for name in ("core_cpus_list", "thread_siblings_list"):  # since Linux 5.3, and before
        with suppress(OSError, ValueError):
            listed = (CPUS / f"cpu{core}" / "topology" / name).read_text().strip()
            ranges = [part.partition("-") for part in listed.split(",")]
            return [thread for first, _, last in ranges for thread in range(int(first), int(last or first) + 1)]
    return [core]


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
        started=started.isoformat(timespec="milliseconds"),
        host=platform.node(),
        pid=os.getpid(),
        cpu_model=_cpu_model(),
        usable_cores=places.usable_cores,
        machine_cores=places.machine_cores,
        memory_bytes=psutil.virtual_memory().total,
        kernel=platform.release(),
        gpu=gpu,
        python=platform.python_version(),
        packages=_versions(),
        threads=library_settings(places),
        job_id=os.environ.get("SLURM_JOB_ID"),
        nodes=places.nodes,
        start_method=start_method,
        page_cache=page_cache,
        allocator=memory_allocator(),
    )


def library_settings(places: Places) -> dict[str, str]:
    """What libraries find in the environment of this process, and what they do not (scripts/__init__.py); how many
    physical cores the usable ones are threads of, where these are fewer.
    """
    found = {name: value + _speed(name, value) for name, value in os.environ.items() if name.startswith(OBEYED)}
    aside = {name.removeprefix(SET_ASIDE): value for name, value in os.environ.items() if name.startswith(SET_ASIDE)}
    found |= {name: f"{value} (set aside)" for name, value in aside.items()}
    if places.physical_cores < places.usable_cores:
        found[PHYSICAL_CORES] = str(places.physical_cores)
    return dict(sorted(found.items()))


def _speed(name: str, interface: str) -> str:
    """What the kernel says of the network interface that a variable names; nothing of loopback."""
    if name.endswith("_SOCKET_IFNAME"):
        with suppress(OSError, ValueError):
            speed = int(Path("/sys/class/net", interface, "speed").read_text(encoding="utf-8"))
            return f" ({speed} Mbit/s)" if speed > 0 else ""
    return ""


def memory_allocator() -> str:
    """What gives this process its memory: glibc, unless another's library is mapped in its place."""
    mapped = Path("/proc/self/maps").read_text(encoding="utf-8")
    return next((name for name in ("tcmalloc", "jemalloc") if f"/lib{name}" in mapped), "glibc")


_apart: set[int] = set()


@contextmanager
def set_apart(process: int) -> Iterator[None]:
    """While it is entered, what a process uses that serves the measurement is neither its work nor a disturbance."""
    _apart.add(process)
    try:
        yield
    finally:
        _apart.discard(process)


def busy_seconds() -> float:
    """CPU seconds that all processes of this machine, and the hypervisor in its place, have used since it started; not
    those of processes that are set apart.
    """
    times, served = psutil.cpu_times(), 0.0
    for process in _apart:
        with suppress(psutil.NoSuchProcess):
            own = psutil.Process(process).cpu_times()
            served += own.user + own.system
    return float(times.user + times.system + times.nice + times.irq + times.softirq + times.steal) - served


class TreeUsage(NamedTuple):
    """What a tree of processes has used."""

    cpu_seconds: float  # user and system
    peak_rss_bytes: int
    read_bytes: int  # from storage


def tree_usage() -> TreeUsage:
    """Of this process and all its living descendants, but those set apart; CPU seconds also of those that ended and
    were waited for.

    The peak is the sum of each process's own (VmHWM of /proc): an upper bound of the tree's, since pages that processes
    share count in each and the peaks may lie apart in time. Bytes from storage are what the kernel fetched because of
    them (read_bytes of /proc/PID/io), pages that it read ahead included; those in the page cache are none.
    """
    cpu, peak, read = 0.0, 0, 0
    root = psutil.Process()
    for process in [root, *(child for child in root.children(recursive=True) if child.pid not in _apart)]:
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


def versions_of(environment: Environment, *names: str) -> dict[str, str]:
    """What the packages that a work rests on add to its comparison key: those that are installed."""
    return {f"{VERSION}{name}": environment.packages[name] for name in names if name in environment.packages}


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
