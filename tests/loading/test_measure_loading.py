"""What a launch measures, and when it does not count."""

import itertools
import mmap
import time
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import pytest
from loading_study import Launch, Packed

from scripts import page_cache
from scripts.errors import ImageError
from scripts.loading import backend
from scripts.loading.backend import Item, Loaded
from scripts.loading.backends.ceilings.packed import Backend as PackedBackend
from scripts.loading.backends.plain.serial import Backend as Serial
from scripts.loading.measuring.passes import Sink
from scripts.record import Record
from scripts.spec import PIXELS

SERIAL = "scripts.loading.backends.plain.serial.Backend"


def faults(record: Record) -> dict[str, object]:
    return {fault.parameter: fault.actual for fault in record.validity.faults}


def test_phases_add_up_and_each_is_there(launch: Launch) -> None:
    record = launch("pool_map", workers=2)
    loaded = record.loaded
    assert sum(record.phases.values()) == pytest.approx(record.wall_seconds, rel=1e-6)
    assert record.seconds == pytest.approx(record.phases["steady"] / loaded.passes)
    assert loaded.first_batch_seconds == record.phases["first_batch"] > 0
    assert loaded.first_pass_seconds == pytest.approx(record.phases["first_batch"] + record.phases["first_pass"])
    assert min(record.phases["startup"], record.phases["shutdown"]) > 0
    assert 0 <= loaded.steady_cpu_seconds < record.cpu_seconds


def test_passes_go_on_until_the_window_is_long_enough(launch: Launch, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = itertools.count(step=0.1)
    monkeypatch.setattr("scripts.clock.time", SimpleNamespace(perf_counter=lambda: next(ticks)))  # whatever else runs
    record = launch("serial", window_seconds=0.35)
    assert record.loaded.passes == 4  # each the tenth of a second from one look at the clock to the next
    assert record.phases["steady"] == pytest.approx(0.4)
    assert record.images == 36 * record.loaded.passes


def test_cpu_time_is_that_of_the_timed_passes_alone(launch: Launch, monkeypatch: pytest.MonkeyPatch) -> None:
    between = 0.3  # seconds of a core, many times what 36 small files take: less than the kernel counts by, at times

    def busy(sink: Sink) -> None:
        sink.delivered.fill(0)
        busy_until = time.process_time() + between
        while time.process_time() < busy_until:
            pass

    monkeypatch.setattr(Sink, "start_pass", busy)
    record = launch("serial")
    assert 0 <= record.loaded.steady_cpu_seconds < between


def test_a_cold_pass_reads_its_files_from_storage(launch: Launch, packed: Packed) -> None:
    warm, cold = launch("serial"), launch("serial", page_cache="cold")
    size = sum((packed.folder / path).stat().st_size for path in packed.images.paths)
    assert cold.validity.ok, cold.validity.faults
    assert cold.loaded.resident_share < 0.01
    assert cold.loaded.storage_bytes >= 2 * size
    assert warm.loaded.resident_share == 1.0
    # Now and then the kernel fetches a page of a library again, and not in each of several launches.
    assert any(launch("serial").loaded.storage_bytes == 0 for _ in range(10))
    assert (warm.key["page_cache"], cold.key["page_cache"]) == ("warm", "cold")


def test_the_key_holds_the_versions_of_what_decodes_and_of_what_the_backend_rests_on(launch: Launch) -> None:
    keys = {name: launch(name).key for name in ("serial", "dask_threads", "joblib", "torch_dataloader")}
    versions = {name: {field for field in key if field.startswith("version of ")} for name, key in keys.items()}
    shared = {f"version of {name}" for name in PIXELS}
    assert versions["serial"] == shared
    assert versions["dask_threads"] == shared | {"version of dask"}
    assert versions["joblib"] == shared | {"version of joblib"}
    assert versions["torch_dataloader"] == shared | {"version of torch"}
    assert keys["serial"]["version of numpy"] == metadata.version("numpy")


def test_packed_shards_can_be_cold_too(launch: Launch) -> None:
    record = launch("packed", page_cache="cold")
    assert record.validity.ok, record.validity.faults
    assert record.loaded.storage_bytes > 0


def test_a_cold_start_that_finds_pages_in_memory_is_invalid(launch: Launch, packed: Packed) -> None:
    held = packed.folder / packed.images.paths[0]
    with held.open("rb") as opened, mmap.mmap(opened.fileno(), 0, prot=mmap.PROT_READ) as mapped:
        assert mapped[:]  # its pages are in use, so that the kernel keeps them
        record = launch("serial", page_cache="cold")
    assert list(faults(record)) == ["page cache"]


def test_a_warm_launch_whose_files_had_to_leave_memory_is_invalid(
    launch: Launch, packed: Packed, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, files = Sink.end_pass, [packed.folder / path for path in packed.images.paths]

    def end_pass(sink: Sink) -> None:
        whole(sink)
        page_cache.evict(files)

    monkeypatch.setattr(Sink, "end_pass", end_pass)
    record = launch("serial")
    assert list(faults(record)) == ["page cache"]
    assert record.loaded.resident_share == 0


class OncePerLaunch(PackedBackend):
    """Puts the pixels to their place in the first pass only."""

    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        found = list(super().load_all(items))
        self.out = self.out.copy()
        return iter(found)


def test_pixels_of_an_earlier_pass_count_for_nothing(launch: Launch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scripts.loading.backends.ceilings.packed.Backend", OncePerLaunch)
    assert list(faults(launch("packed"))) == ["pixel digest"]


class OftenLosing(Serial):
    """Loses an image in the second of three passes, and only there."""

    passes = 0

    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        self.passes += 1
        return super().load_all(items[self.passes == 2 :])


def test_every_pass_must_bring_every_image(launch: Launch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SERIAL, OftenLosing)
    assert faults(launch("serial")) == {"passes with each image once": 2}


class Failing(Serial):
    """Cannot go on."""

    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        yield from super().load_all(items[:3])
        raise RuntimeError("no\nmore")


def test_a_backend_that_fails_leaves_a_record_with_the_cause(launch: Launch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SERIAL, Failing)
    record = launch("serial")
    assert faults(record) == {"backend": "failed: RuntimeError: no"}
    assert (record.images, record.images_per_second, record.loaded) == (0, 0, None)
    assert sum(record.phases.values()) == pytest.approx(record.wall_seconds, rel=1e-6)


def test_what_is_no_fault_of_the_backend_stops_the_measurement_by_name(launch: Launch, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"\w+_\d+\.jpg: cannot be read"):
        launch("pool_map", workers=2, folder=tmp_path)


class NoOp(backend.Backend):
    """Loads nothing: it has what it delivers, one image at a time, and takes as long as 36 small files take."""

    parallel = chunked = False
    inside: ClassVar[list[float]] = []  # seconds of each pass

    def load_all(self, items: Sequence[Item]) -> Iterator[Loaded]:
        started = time.process_time()
        if not hasattr(self, "ready"):
            self.ready = [self.load(item) for item in items]
        while time.process_time() - started < 0.02:
            pass
        NoOp.inside.append(time.process_time() - started)
        yield from self.ready


def test_the_harness_takes_under_two_percent_of_the_window(launch: Launch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SERIAL, NoOp)
    # All seconds are this process's own, so that none of them is of what else runs.
    monkeypatch.setattr("scripts.clock.time", SimpleNamespace(perf_counter=time.process_time))
    NoOp.inside = []
    record = launch("serial", window_seconds=0.5)
    outside = 1 - sum(NoOp.inside[1:]) / record.phases["steady"]
    assert 0 < outside < 0.02
