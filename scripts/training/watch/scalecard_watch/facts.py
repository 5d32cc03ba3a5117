"""What a process is and what it uses, as far as that has been seen."""

from __future__ import annotations

import os
import platform
import sys
from collections import Counter
from typing import Any

PACKAGES = ("torch", "torchvision", "numpy")
NUMBER = "_scalecard_number"  # of a DataLoader
ALIKE = ("dataset", "batch_size", "workers")
COUNTED = ("batches", "images", "evaluation_batches", "evaluation_images")


def packages() -> dict[str, str]:
    """The versions of what the script has imported."""
    found = {name: getattr(sys.modules.get(name), "__version__", None) for name in PACKAGES}
    return {name: str(version) for name, version in found.items() if version is not None}


def distributed() -> dict[str, Any] | None:
    """The default process group: rank, backend, world size; None where there is none."""
    module = sys.modules.get("torch.distributed")
    try:
        if module is None or not module.is_available() or not module.is_initialized():
            return None
        return {"rank": module.get_rank(), "backend": module.get_backend(), "world_size": module.get_world_size()}
    except Exception:  # it is taken down while the other thread looks
        return None


class Loaders:
    """The DataLoaders of a script, numbered as they are iterated first.

    Fields:
        seen: what is said of each.
        trained: the numbers of those that a backward has used a batch of.
    """

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []
        self.trained: set[int] = set()

    def number(self, loader: Any) -> int:
        """The number of a DataLoader, which it keeps."""
        process, number = getattr(loader, NUMBER, (None, 0))
        if process != os.getpid():  # it is new, or was another process's
            number = len(self.seen)
            setattr(loader, NUMBER, (os.getpid(), number))
            dataset = type(getattr(loader, "dataset", None)).__name__
            facts = {"dataset": dataset, "batch_size": loader.batch_size, "workers": loader.num_workers}
            self.seen.append(facts | dict.fromkeys(COUNTED, 0))
        return number

    def count(self, number: int, images: int | None, evaluating: bool, batches: int = 1) -> None:
        """Batches have come: one, or less where they were counted before."""
        kind = "evaluation_" if evaluating else ""
        self.seen[number][kind + "batches"] += batches
        self.seen[number][kind + "images"] += batches * (images or 0)

    def total(self, name: str) -> int:
        """The sum over all of one of COUNTED."""
        return sum(one[name] for one in self.seen)

    def facts(self) -> list[dict[str, Any]]:
        """What is said of them: those that are made alike, as anew for each epoch, are one."""
        found: dict[tuple[Any, ...], dict[str, Any]] = {}
        for one in self.seen:
            alike = found.setdefault(tuple(one[name] for name in ALIKE), dict.fromkeys(one, 0))
            alike.update({name: one[name] for name in ALIKE}, **{name: alike[name] + one[name] for name in COUNTED})
        return list(found.values())


class Process:
    """This process: what the environment says of its rank, and what its first optimizer shows of its device."""

    def __init__(self) -> None:
        self.torch: Any = None
        self.device: Any = None
        self.gpu: str | None = None
        self.parameters: frozenset[int] = frozenset()
        self.threads: int | None = None
        self.optimizers: Counter[str] = Counter()
        self.distributed: dict[str, Any] | None = None
        self.folder = os.getcwd()

    def look_at(self, optimizer: Any) -> None:
        """The first optimizer is about to make its first step."""
        self.torch = sys.modules["torch"]
        parameters = [one for group in optimizer.param_groups for one in group["params"]]
        self.device = next((one.device for one in parameters), None)
        if self.on_gpu:
            self.gpu = self.torch.cuda.get_device_name(self.device)
        self.parameters = frozenset(map(id, parameters))
        self.threads = self.torch.get_num_threads()
        self.distributed = distributed()

    @property
    def on_gpu(self) -> bool:
        """Whether the first parameter of the first optimizer is on a CUDA device."""
        return self.device is not None and self.device.type == "cuda"

    def wait_for_device(self) -> None:
        """Until a CUDA device has done all it was given; any other needs no waiting."""
        if self.on_gpu:
            self.torch.cuda.synchronize(self.device)

    def facts(self) -> dict[str, Any]:
        self.distributed = distributed() or self.distributed
        try:
            moved = os.getcwd() != self.folder
        except FileNotFoundError:
            moved = True
        return {
            "host": platform.node(),
            "pid": os.getpid(),
            "python": platform.python_version(),
            "torch": packages().get("torch"),
            "packages": packages(),
            "device": None if self.device is None else self.device.type,
            "gpu": self.gpu,
            "distributed": self.distributed,
            "threads": self.threads,
            "optimizers": dict(self.optimizers),
            "cwd_changed": moved,
        }
