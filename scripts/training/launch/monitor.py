"""What a run used of its machine, once a second: CPU, memory, disk, network and, where there is one, the GPU.

The thread that looks lives in the launcher of a node, which else only waits; a look costs a few milliseconds.
"""

import csv
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import psutil

from scripts.atomic import replacing


class Sample(NamedTuple):
    """A look at one node; rates are means since the look before."""

    node: str
    seconds: float  # since the launch
    cpu_cores: float  # that the run's processes used
    machine_cpu_cores: float  # that all processes used
    memory_bytes: int  # resident, of the run's processes: pages that they share count in each
    read_bytes_per_second: float  # from storage, the run's processes
    written_bytes_per_second: float
    sent_bytes_per_second: float  # over all network interfaces, loopback included, by whomever
    received_bytes_per_second: float
    gpu_utilisation: float | None  # mean over the node's GPUs, 0 to 1
    gpu_memory_bytes: int | None  # all GPUs
    gpu_watts: float | None  # all GPUs


class _Totals(NamedTuple):
    seconds: float
    cpu: float
    machine_cpu: float
    memory: int
    read: int
    written: int
    sent: int
    received: int


class Monitor:
    """Looks at this process's children while it is entered; `samples` holds what it saw."""

    def __init__(self, node: str, every: float = 1.0) -> None:
        self.node = node
        self.every = every
        self.samples: list[Sample] = []
        self.cpu_seconds: dict[int, float] = {}  # of each process that was seen, by its number, when last looked at
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._gpus = _gpus()

    def __enter__(self) -> Self:
        self._started = time.monotonic()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def write(self, path: Path) -> None:
        """Write the samples as CSV, whole or not at all."""
        with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(Sample._fields)
            table.writerows(
                [f"{value:.6g}" if isinstance(value, float) else value for value in sample] for sample in self.samples
            )

    def _look(self) -> None:
        before = self._totals()
        while not self._ended.wait(self.every):
            now = self._totals()
            past = now.seconds - before.seconds
            utilisation, memory, watts = _of_gpus(self._gpus)
            self.samples.append(
                Sample(
                    node=self.node,
                    seconds=now.seconds,
                    # Of a process that ended, what it had used is gone with it.
                    cpu_cores=max(0.0, now.cpu - before.cpu) / past,
                    machine_cpu_cores=(now.machine_cpu - before.machine_cpu) / past,
                    memory_bytes=now.memory,
                    read_bytes_per_second=max(0, now.read - before.read) / past,
                    written_bytes_per_second=max(0, now.written - before.written) / past,
                    sent_bytes_per_second=(now.sent - before.sent) / past,
                    received_bytes_per_second=(now.received - before.received) / past,
                    gpu_utilisation=utilisation,
                    gpu_memory_bytes=memory,
                    gpu_watts=watts,
                )
            )
            before = now

    def _totals(self) -> _Totals:
        cpu, memory, read, written = 0.0, 0, 0, 0
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.Error), process.oneshot():
                times, disk = process.cpu_times(), process.io_counters()
                cpu += times.user + times.system
                self.cpu_seconds[process.pid] = times.user + times.system
                memory += process.memory_info().rss
                read += disk.read_bytes
                written += disk.write_bytes
        busy, network = psutil.cpu_times(), psutil.net_io_counters()
        machine_cpu = busy.user + busy.system + busy.nice + busy.irq + busy.softirq
        sent, received = (network.bytes_sent, network.bytes_recv) if network else (0, 0)
        return _Totals(time.monotonic() - self._started, cpu, machine_cpu, memory, read, written, sent, received)


def _gpus() -> list[Any]:
    """NVML's handles of this node's GPUs; none without NVIDIA's driver."""
    import pynvml

    try:
        pynvml.nvmlInit()
        return [pynvml.nvmlDeviceGetHandleByIndex(number) for number in range(pynvml.nvmlDeviceGetCount())]
    except pynvml.NVMLError:
        return []


def _of_gpus(gpus: list[Any]) -> tuple[float | None, int | None, float | None]:
    """Utilisation, memory and power of `gpus`; None where one of them does not tell: a part of one (MIG) has no
    utilisation, and not every GPU knows its power.
    """
    import pynvml

    utilisation = _asked(gpus, lambda gpu: pynvml.nvmlDeviceGetUtilizationRates(gpu).gpu)
    memory = _asked(gpus, lambda gpu: pynvml.nvmlDeviceGetMemoryInfo(gpu).used)
    watts = _asked(gpus, pynvml.nvmlDeviceGetPowerUsage)
    return (
        None if utilisation is None else utilisation / len(gpus) / 100,
        None if memory is None else int(memory),
        None if watts is None else watts / 1000,
    )


def _asked(gpus: list[Any], question: Callable[[Any], float]) -> float | None:
    """The sum of what NVML says of each; None where there is none, or where it refuses the question."""
    import pynvml

    try:
        return sum(map(question, gpus)) if gpus else None
    except pynvml.NVMLError:
        return None
