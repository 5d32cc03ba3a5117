"""Every registered backend, found by itself, on real files and real worker processes."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from helping import LIMITS, pack

from scripts.config.loading import DEFAULT_BACKENDS
from scripts.images.decode import Decoder, DecodeSpec
from scripts.images.shards import Split, read_split
from scripts.images.source import entries
from scripts.loading import backend
from scripts.loading.backend import Item, Loaded
from scripts.loading.backends.serial import Backend as Serial
from scripts.loading.digest import digest
from scripts.loading.measure_loading import LoadSpec, Sink, items_of, measure
from scripts.loading.points import LoadingPoint, backend_class, loading_points
from scripts.record import Record

DECODE = DecodeSpec(size=16, steps=[{"resize": {}}])


@pytest.fixture(scope="module")
def packed(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Split, dict[str, str]]:
    """Shards of the pictures, all of them training images, and the digest of their pixels."""
    shards = tmp_path_factory.mktemp("shards")
    pixels, table = pack(pictures, 0, entries(pictures), Decoder(DECODE), LIMITS)
    np.save(shards / "0000.npy", pixels)
    table.assign(split="train", group="g").to_parquet(shards / "split.parquet")
    images = read_split(shards / "split.parquet", "train")
    return shards, images, {"digest": digest(images.paths, pixels, np.ones(len(images), np.int64))}


def launch(
    name: str, packed: tuple[Path, Split, dict[str, str]], pictures: Path, workers: int = 1, **axes: Any
) -> Record:
    shards, images, reference = packed
    source = backend_class(name).sources[0]
    point = LoadingPoint(source=source, backend=name, workers=workers, chunk=5, **axes)
    spec = LoadSpec(study="t", seed=0, point=point, decode=DECODE, passes=2, window_seconds=0, remote=None, lock="")
    return measure(spec, 1, 1, shards if source == "packed" else pictures, images, reference)


@pytest.mark.parametrize("name", DEFAULT_BACKENDS)
def test_every_backend_delivers_the_reference_pixels(
    name: str, packed: tuple[Path, Split, dict[str, str]], pictures: Path
) -> None:
    record = launch(name, packed, pictures, workers=2 if backend_class(name).parallel else 1)
    assert record.validity.ok, record.validity.faults
    assert record.images == 2 * 36
    assert sum(record.phases.values()) == pytest.approx(record.wall_seconds, rel=0.02)
    assert record.seconds == pytest.approx(record.phases["steady"] / 2)
    assert record.peak_rss_bytes > 10_000_000


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
    packed: tuple[Path, Split, dict[str, str]],
    pictures: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("scripts.loading.backends.serial.Backend", wrong)
    record = launch("serial", packed, pictures)
    assert not record.validity.ok
    assert "pixel digest" in {fault.parameter for fault in record.validity.faults}


def test_a_file_that_vanished_stops_the_measurement_by_name(
    packed: tuple[Path, Split, dict[str, str]], tmp_path: Path
) -> None:
    with pytest.raises(Exception, match=r"\w+_\d+\.jpg: cannot be read"):
        launch("pool_map", packed, tmp_path, workers=2)


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
    assert list(loading_points(settings)) == [
        "decode_only-1",
        "headspace-1",
        "serial-1",
        "pool_map-1-8",
        "pool_map-1-16",
        "pool_map-4-8",
        "pool_map-4-16",
        "packed-1",
    ]


def test_the_columns_of_a_split_are_parallel(packed: tuple[Path, Split, dict[str, str]]) -> None:
    shards, images, _ = packed
    frame = pd.read_parquet(shards / "split.parquet").set_index("path")
    for item in items_of(images, seed=0, block=1)[::7]:
        assert frame.loc[item.path, "row"] == item.row
