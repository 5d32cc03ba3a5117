"""What a way to load holds, and what more workers would."""

import multiprocessing
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import psutil
import pytest
from loading_study import Packed

from scripts import record
from scripts.loading.measuring.memory import Foreseen, Held, foresee
from scripts.loading.points import LoadingPoint
from scripts.loading.transports.shared_pixels import anonymous, opened

GIB = 2**30
BLOCK = 64 << 20


def hold(path: str, ready: Connection) -> None:
    pixels = opened(path, (BLOCK,))
    ready.send(int(pixels.sum() > 0))
    ready.recv()


def test_pages_that_processes_share_count_once() -> None:
    path = anonymous(BLOCK)
    opened(path, (BLOCK,)).fill(1)
    before = Held.now()
    context = multiprocessing.get_context("fork")
    ends, workers = [], []
    for _ in range(2):
        here, there = context.Pipe()
        workers.append(context.Process(target=hold, args=(path, there)))
        workers[-1].start()
        ends.append(here)
    assert [end.recv() for end in ends] == [1, 1]
    during, resident = Held.now(), sum(psutil.Process(one.pid).memory_info().rss for one in workers)
    for end, worker in zip(ends, workers, strict=True):
        end.send(None)
        worker.join()
    assert resident > 2 * BLOCK
    assert during.pss_bytes - before.pss_bytes < BLOCK
    assert during.shared_bytes > 0.99 * BLOCK  # a third of a page each, rounded
    assert during.descriptors > before.descriptors


def test_a_launch_says_what_it_held(packed: Packed) -> None:
    alone, ring = (packed.launch(name, workers=2) for name in ("threads", "ring"))
    for one in (alone, ring):
        assert one.loaded is not None
        assert one.loaded.pss_bytes > 20 << 20
    assert ring.loaded.shared_bytes > 0
    assert ring.loaded.pss_bytes > alone.loaded.pss_bytes


def way(workers: int, chunk: int = 16) -> LoadingPoint:
    return LoadingPoint(backend="threads", source="raw", workers=workers, chunk=chunk, prefetch=2)


@pytest.fixture(scope="module")
def some(packed: Packed) -> record.Record:
    return packed.launch("threads")


def write(folder: Path, some: record.Record, point: LoadingPoint, pss: float, block: int = 1, **about: object) -> None:
    assert some.loaded is not None
    loaded = some.loaded.model_copy(update={"pss_bytes": int(pss)})
    place = {"point": point.model_dump(), "point_id": point.id, "block": block, "loaded": loaded}
    path = folder / point.id / f"b{block}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    record.write(some.model_copy(update=place | about), path)


def test_two_worker_counts_foresee_a_third(some: record.Record, tmp_path: Path) -> None:
    write(tmp_path, some, way(1), 1.5 * GIB)
    assert foresee(tmp_path, way(8)) is None
    write(tmp_path, some, way(2), 1.9 * GIB)
    write(tmp_path, some, way(2), 2.0 * GIB, block=2)  # the most counts
    found = foresee(tmp_path, way(8))
    assert found is not None
    assert found.pss_bytes / GIB == pytest.approx(1 + 8 / 2)
    assert found.workers == (1, 2)


def test_what_is_another_way_or_invalid_or_larger_foresees_nothing(some: record.Record, tmp_path: Path) -> None:
    write(tmp_path, some, way(1), GIB)
    write(tmp_path, some, way(2, 32), GIB)
    write(tmp_path, some, way(3), GIB, validity=record.Validity.of({"pixel digest": (1, 2)}))
    write(tmp_path, some, way(16), GIB)
    (tmp_path / "threads-4-16").mkdir()
    (tmp_path / "threads-4-16" / "b1.json").write_text("{}")
    assert foresee(tmp_path, way(8)) is None


def test_a_point_that_would_hold_more_than_is_free_is_not_run_and_says_so(packed: Packed) -> None:
    one = packed.launch("threads", workers=2, foreseen=Foreseen(2**60, (1, 2)))
    [fault] = one.validity.faults
    assert "not run: it would hold about 1073741824.0 GiB, as 1 and 2 workers let foresee" in str(fault.actual)
    assert one.loaded is None
    assert packed.launch("threads", workers=2, foreseen=Foreseen(np.float64(1 << 20), (1, 2))).validity.ok


def test_a_launch_counts_where_the_kernel_does_not_tell_what_is_held(
    packed: Packed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scripts.loading.measuring.memory.Path", lambda *_: Path("/no such folder"))
    assert Held.now() is None
    one = packed.launch("threads")
    assert one.validity.ok, one.validity.faults
    assert one.loaded is not None
    assert (one.loaded.pss_bytes, one.loaded.descriptors) == (None, None)
