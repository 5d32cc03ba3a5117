"""How much energy processors and GPUs used, by their own counters; None where these cannot be read.

Processors: the kernel's powercap zones (RAPL) of packages and their memory, which most systems let only root read. They
count what the whole machine does: a measurement has it to itself. GPUs: NVML's count since its driver started.
"""

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    import torch

POWERCAP = Path("/sys/class/powercap")
SHORTEST = 0.01  # seconds: counters are renewed each millisecond
EVERY = 60.0  # seconds between two looks: at 1 kW a counter starts again after some four minutes
MICRO, MILLI = 1e-6, 1e-3


class _Zone(NamedTuple):
    counted: int  # microjoules, modulo `size`
    size: int


class Energy(NamedTuple):
    """Joules of one lap."""

    packages: float | None  # of this machine's processors and their memory
    gpu: float | None  # of the meter's GPU


class Meter:
    """Counts while it is entered.

    Args:
        device: the GPU to count too, where it is one.
        shortest: seconds of a lap that counters can tell.
    """

    def __init__(
        self,
        device: "torch.device | None" = None,
        powercap: Path = POWERCAP,
        every: float = EVERY,
        shortest: float = SHORTEST,
    ) -> None:
        self._uuid = _uuid(device) if device is not None and device.type == "cuda" else None
        self._powercap = powercap
        self._every = every
        self._shortest = shortest
        self._microjoules = 0
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._zones = _read_zones(self._powercap)
        self._gpu_before = _gpu_joules(self._uuid)
        self._started = time.monotonic()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def lap(self) -> Energy:
        """What was used since the last lap, or since it was entered; of packages where it was long enough."""
        now = time.monotonic()
        with self._lock:
            self._count()
            told = self._zones and now - self._started >= self._shortest
            packages, self._microjoules = self._microjoules * MICRO if told else None, 0
            self._started = time.monotonic()
        gpu, before = _gpu_joules(self._uuid), self._gpu_before
        self._gpu_before = gpu
        return Energy(packages, None if gpu is None or before is None else gpu - before)

    def _count(self) -> None:
        zones = _read_zones(self._powercap) if self._zones else {}
        for path, zone in zones.items():
            self._microjoules += (zone.counted - self._zones[path].counted) % zone.size
        self._zones = zones

    def _look(self) -> None:
        while not self._ended.wait(self._every):
            with self._lock:
                self._count()


def total(parts: Sequence[float | None]) -> float | None:
    """The sum over machines, or over GPUs; None where one of them is."""
    known = [part for part in parts if part is not None]
    return sum(known) if known and len(known) == len(parts) else None


def mean(parts: Sequence[float | None]) -> float | None:
    """The mean; None where one of them is."""
    whole = total(parts)
    return None if whole is None else whole / len(parts)


def _read_zones(powercap: Path) -> dict[Path, _Zone]:
    """The counters of packages and memory; none where one of them may not be read. Other zones are parts of these, or
    hold them.
    """
    found = {}
    for zone in sorted(powercap.glob("intel-rapl:*")):  # AMD's too; intel-rapl-mmio:* are the same packages again
        try:
            if (zone / "name").read_text().startswith(("package", "dram")):
                sizes = (int((zone / name).read_text()) for name in ("energy_uj", "max_energy_range_uj"))
                found[zone] = _Zone(*sizes)
        except (OSError, ValueError):
            return {}
    return found


def _uuid(device: "torch.device") -> str:
    import torch

    return f"GPU-{torch.cuda.get_device_properties(device).uuid}"


def _gpu_joules(uuid: str | None) -> float | None:
    """Since the GPU's driver started; None of no GPU, or where NVML does not tell."""
    if uuid is None:
        return None
    import pynvml

    try:
        pynvml.nvmlInit()
        gpu = pynvml.nvmlDeviceGetHandleByUUID(uuid)
        return float(pynvml.nvmlDeviceGetTotalEnergyConsumption(gpu)) * MILLI
    except pynvml.NVMLError:  # before Volta there is no such count
        return None
