"""Every registered backend, found by itself, on real files and real worker processes."""

import os
import re
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest
from loading_study import CONTAINED, DECODE, HERE, Launch, Packed

from scripts.config.loading import DEFAULT_BACKENDS
from scripts.errors import ImageError
from scripts.loading import backend
from scripts.loading.backend import Item, Loaded, chunks
from scripts.loading.backends.plain.serial import Backend as Serial
from scripts.loading.measuring.digest import digest
from scripts.loading.measuring.passes import Sink, items_of
from scripts.loading.points import backend_class
from scripts.loading.reading.load import LoadRaw
from scripts.loading.transports.executor import bounded

SHARING = [name for name in DEFAULT_BACKENDS if backend_class(name).shares]
# Loky and Grain start theirs in their own way.
WITH_PROCESSES = [name for name in HERE if backend_class(name).processes or name in {"joblib", "grain_processes"}]
WITH_PROCESSES = [name for name in WITH_PROCESSES if name not in CONTAINED]


@pytest.fixture(autouse=True)
def _no_process_is_left() -> Iterator[None]:
    """A backend that was left, whatever happened in it, has ended its workers."""
    yield
    assert not workers()


def workers() -> list[psutil.Process]:
    """The processes below this one, but for multiprocessing's and loky's helpers, which end with it."""
    helpers = ("resource_tracker", "multiprocessing.forkserver")
    own = psutil.Process()
    return [
        process
        for process in own.children(recursive=True)
        if process.parent() != own or not any(helper in " ".join(process.cmdline()) for helper in helpers)
    ]


@pytest.mark.parametrize("name", DEFAULT_BACKENDS)
def test_every_backend_delivers_the_reference_pixels(name: str, launch: Launch) -> None:
    record = launch(name, workers=2 if backend_class(name).parallel else 1)
    assert record.validity.ok, record.validity.faults
    assert record.images == 2 * 36
    assert sum(record.phases.values()) == pytest.approx(record.wall_seconds, rel=0.02)
    assert record.seconds == pytest.approx(record.phases["steady"] / 2)
    assert record.peak_rss_bytes > 10_000_000


@pytest.mark.parametrize("name", SHARING)
def test_pixels_in_shared_memory_are_the_same(name: str, launch: Launch) -> None:
    record = launch(name, workers=2, start_method="fork", returns="shared_memory")
    assert record.validity.ok, record.validity.faults


@pytest.mark.parametrize("start_method", ["fork", "spawn"])
@pytest.mark.parametrize("name", ["processes", "pool_imap"])
def test_worker_processes_may_start_in_any_way(name: str, start_method: str, launch: Launch) -> None:
    record = launch(name, workers=2, start_method=start_method)
    assert record.validity.ok, record.validity.faults


class LoadDying(LoadRaw):
    """Kills its process when one image is asked for again."""

    def __init__(self, folder: Path, marker: Path) -> None:
        super().__init__(folder, DECODE)
        self.marker = marker

    def __call__(self, item: Item) -> Loaded:
        if item.position == 7:
            if self.marker.exists():
                os.kill(os.getpid(), signal.SIGKILL)
            self.marker.touch()
        return super().__call__(item)


@pytest.mark.parametrize("name", WITH_PROCESSES)
def test_a_worker_that_is_killed_makes_an_invalid_record(
    name: str,
    launch: Launch,
    pictures: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "scripts.loading.measuring.measure_loading.load_from", lambda *_: LoadDying(pictures, tmp_path / "asked for")
    )
    record = launch(name, workers=2, **{"start_method": "fork"} if backend_class(name).forks else {})
    assert [fault.parameter for fault in record.validity.faults] == ["backend"]


class LoadFailing(LoadRaw):
    """Looks for each file where there is none, or fails otherwise."""

    error: Exception | None = None

    def read(self, item: Item) -> bytes:
        if self.error is not None:
            raise self.error
        return super().read(replace(item, path=f"no {item.path}"))


def test_an_error_of_a_worker_of_the_ring_is_told(
    launch: Launch, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = LoadFailing(pictures, DECODE)
    monkeypatch.setattr("scripts.loading.measuring.measure_loading.load_from", lambda *_: failing)
    with pytest.raises(ImageError, match=r"no \w+/\w+\.jpg: cannot be read"):
        launch("ring", workers=2)
    failing.error = RuntimeError("x" * 9999)
    [fault] = launch("ring", workers=2).validity.faults
    assert re.match(r"failed: .*RuntimeError\('x{100}", str(fault.actual))
    assert not workers()


def test_a_pool_ends_though_a_killed_worker_held_its_lock(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scripts.loading.transports.pool.TERMINATE_SECONDS", 0.1)
    pool = backend_class("pool_map")(LoadRaw(pictures, DECODE), 1).__enter__()
    list(pool.load_all([Item(0, "ash/ash_00.jpg", 0, 0)]))
    (waiting,) = workers()
    waiting.kill()
    pool.__exit__(RuntimeError, RuntimeError(), None)
    assert not workers()


def test_no_more_chunks_are_under_way_than_asked_for() -> None:
    items = [Item(position, "", 0, 0) for position in range(100)]
    begun: list[Future[list[Loaded]]] = []
    with ThreadPoolExecutor(2) as pool:

        def submit(part: Sequence[Item]) -> Future[list[Loaded]]:
            begun.append(pool.submit(lambda: [(item.position, np.empty(0)) for item in part]))
            return begun[-1]

        delivery = bounded(chunks(items, 5), 3, submit, lambda waiting: wait(waiting, return_when=FIRST_COMPLETED))
        ahead = [len(begun) - delivered // 5 for delivered, _ in enumerate(delivery)]

    assert len(ahead) == 100
    assert max(ahead) == 3 + 1  # the one that is delivered is under way no more


class Losing(Serial):
    """Drops the last image."""

    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        return super().load_all(items[:-1])


class Repeating(Serial):
    """Delivers the first image in place of the last."""

    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        return super().load_all([*items[:-1], items[0]])


class Swapping(Serial):
    """Gives two images each other's pixels."""

    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        (_, first), (_, second), *rest = super().load_all(items)
        yield from [(0, second), (1, first), *rest]


class Brightening(Serial):
    """Changes one pixel of one image by one."""

    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        for position, pixels in super().load_all(items):
            changed = pixels.copy()
            changed[0, 0, 0] ^= position == 7
            yield position, changed


@pytest.mark.parametrize("wrong", [Losing, Repeating, Swapping, Brightening])
def test_a_backend_that_loses_repeats_swaps_or_alters_images_is_invalid(
    wrong: type[backend.Backend],
    launch: Launch,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("scripts.loading.backends.plain.serial.Backend", wrong)
    record = launch("serial")
    assert not record.validity.ok
    assert "pixel digest" in {fault.parameter for fault in record.validity.faults}


def test_the_digest_ignores_order_and_sees_everything_else() -> None:
    rng = np.random.default_rng(0)
    paths, pixels, once = ["a", "b", "c"], rng.integers(0, 256, (3, 4, 4, 3), np.uint8), np.ones(3, np.int64)
    expected = digest(paths, pixels, once)
    assert digest(["c", "a", "b"], pixels[[2, 0, 1]], once) == expected
    assert digest(["b", "a", "c"], pixels, once) != expected
    assert digest(paths, pixels, np.array([1, 1, 2])) != expected
    assert digest(paths, pixels, np.array([1, 1, 0])) != expected


def test_a_sink_counts_what_came() -> None:
    sink = Sink(images=3, size=4)
    sink.take([(0, np.zeros((4, 4, 3), np.uint8)), (slice(1, 3), np.ones((2, 4, 4, 3), np.uint8))])
    sink.end_pass()
    assert sink.delivered.tolist() == [1, 1, 1]
    assert sink.pixels[:, 0, 0, 0].tolist() == [0, 1, 1]
    sink.start_pass()
    sink.take([(0, np.zeros((4, 4, 3), np.uint8))])
    sink.end_pass()
    assert sink.whole_passes == 1


def test_points_have_ids_of_what_they_are() -> None:
    from scripts.config.loading import Loading

    settings = Loading(backends=["serial", "pool_map", "packed"], workers=[1, 4], chunks=[8, 16])
    assert list(settings.points()) == [
        "decode_only-1",
        "headspace-1",
        "serial-1",
        "pool_map-1-8",
        "pool_map-1-16",
        "pool_map-4-8",
        "pool_map-4-16",
        "packed-1",
    ]


def test_the_columns_of_a_split_are_parallel(packed: Packed) -> None:
    frame = pd.read_parquet(packed.split).set_index("path")
    for item in items_of(packed.images, seed=0, block=1)[::7]:
        assert frame.loc[item.path, "row"] == item.row
