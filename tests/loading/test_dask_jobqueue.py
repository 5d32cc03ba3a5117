"""What the Dask backend counts of workers on other machines; tests/slurm/test_dask.py runs it on a cluster."""

from typing import Any

import pytest

from scripts import machine
from scripts.loading.backends.dask.dask_jobqueue import Backend
from scripts.loading.measuring.worker_watch import WorkerDiedError
from scripts.loading.reading.load import LoadRaw
from scripts.loading.transports.dask_client import Look, busy_elsewhere
from scripts.machine import Place

CORES = frozenset({0, 1})


class Client:
    """Answers as workers would."""

    def __init__(self, *looks: Look) -> None:
        self.looks = looks

    def run(self, question: Any) -> dict[str, Look]:
        del question
        return {f"tcp://{i}": look for i, look in enumerate(self.looks)}


def place(node: str, machine_name: str) -> Place:
    """A process on a node of a machine."""
    return Place(node, machine_name, machine_cores=4, cpu_model="c", cores=CORES, physical_cores=CORES)


def backend_with(*looks: Look) -> Backend:
    backend = Backend(LoadRaw.__new__(LoadRaw), workers=2, chunk=1)
    backend.client, backend.busy_before = Client(*looks), 100.0
    backend.chosen = ["tcp://0", "tcp://1"]
    return backend


def test_another_machine_is_busy_once_however_many_workers_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "boot_id", lambda: "a")
    looks = [Look(place(f"n{i}", name), 130.0, 12.0, 5, 7) for i, name in enumerate(("a", "b", "b"))]
    assert busy_elsewhere(looks) == 130.0


def test_the_usage_is_that_of_this_process_and_of_all_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "boot_id", lambda: "a")
    monkeypatch.setattr(machine, "tree_usage", lambda: machine.TreeUsage(1.0, 1000, 40))
    on_this, on_other = place("n1", "a"), place("n2", "b")

    usage = backend_with(Look(on_this, 500.0, 10.0, 30, 2), Look(on_other, 130.0, 12.0, 5, 7)).usage()

    assert usage == (23.0, 1035, 49, 30.0)


def test_a_lost_worker_is_no_measurement() -> None:
    with pytest.raises(WorkerDiedError, match="1 of 2 Dask workers were lost"):
        backend_with(Look(place("n1", "a"), 1.0, 1.0, 1, 0)).usage()
