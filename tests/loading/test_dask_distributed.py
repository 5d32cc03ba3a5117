"""Dask's distributed scheduler on a cluster that runs already."""

from collections.abc import Iterator
from pathlib import Path

import dask.config
import pytest
from distributed import LocalCluster
from loading_study import DECODE

from scripts import machine
from scripts.errors import UserError
from scripts.images.source import entries
from scripts.loading.backend import Item
from scripts.loading.backends.dask.dask_distributed import Backend
from scripts.loading.measuring.worker_watch import WorkerDiedError
from scripts.loading.reading.load import LoadRaw


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    """Three workers of one thread; not forked, since Dask's threads, which start them, may hold a lock meanwhile."""
    with (
        dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}),
        LocalCluster(n_workers=3, threads_per_worker=1, dashboard_address=None) as running,
    ):
        yield running


def on(cluster: LocalCluster, pictures: Path, workers: int) -> Backend:
    return Backend(LoadRaw(pictures, DECODE), workers=workers, chunk=5, address=cluster.scheduler_address)


def test_the_first_workers_of_a_running_cluster_load(cluster: LocalCluster, pictures: Path) -> None:
    items = [Item(position, entry.path, 0, 0) for position, entry in enumerate(entries(pictures))]
    with on(cluster, pictures, workers=2) as backend:
        assert sorted(position for position, _ in backend.load_all(items)) == list(range(36))
        assert len(backend.client.nthreads()) == 3
        assert len(backend.places()) == 1 + 2


def test_what_its_workers_did_before_does_not_count(cluster: LocalCluster, pictures: Path) -> None:
    cluster.get_client().submit(lambda: sum(range(20_000_000))).result()  # about half a second
    with on(cluster, pictures, workers=3) as backend:
        of_workers = backend.usage().cpu_seconds - machine.tree_usage().cpu_seconds
        assert of_workers < backend.cpu_before


def test_a_cluster_with_too_few_workers_is_refused(cluster: LocalCluster, pictures: Path) -> None:
    with pytest.raises(UserError, match=r"has 3 workers of one thread, but loading.workers asks for 4"):
        on(cluster, pictures, workers=4).__enter__()


def test_a_lost_worker_stops_the_measurement(cluster: LocalCluster, pictures: Path) -> None:
    with on(cluster, pictures, workers=2) as backend:
        backend.client.retire_workers([backend.chosen[0]])
        with pytest.raises(WorkerDiedError, match="1 of 2 Dask workers were lost"):
            backend.usage()


def test_a_scheduler_that_does_not_answer_is_told(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scripts.loading.backends.dask.dask_distributed.ANSWER_SECONDS", 0.2)
    with pytest.raises(UserError, match=r"no scheduler answers at tcp://127\.0\.0\.1:1:"):
        Backend(LoadRaw(pictures, DECODE), address="tcp://127.0.0.1:1").__enter__()
