"""The containers of other libraries: made by their rules' programs, read by the backends of their names."""

import shutil
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from loading_study import CONTAINED, CONTAINERS, DECODE, Packed

from scripts.loading.backend import Item
from scripts.loading.measuring.passes import items_of
from scripts.loading.points import backend_class
from scripts.loading.reading.load import LoadContained
from scripts.loading.stored import container_files
from scripts.loading.transports.chunk_loader import ChunkBackend
from scripts.record import Record


@pytest.fixture(params=CONTAINED)
def made(request: pytest.FixtureRequest, stored: dict[str, Path]) -> tuple[str, Path]:
    """The name of a way, and the folder of the container that it reads."""
    return request.param, stored[backend_class(request.param).sources[0]]


def launch(made: tuple[str, Path], odd: Packed, workers: int, **axes: Any) -> Record:
    name, folder = made
    # Forked, so that the workers need not import torch and the library again.
    return odd.launch(name, workers, folder=folder, start_method="fork", prefetch=2, **axes)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_container_gives_the_reference_pixels_in_every_pass(
    workers: int, made: tuple[str, Path], odd: Packed
) -> None:
    record = launch(made, odd, workers)
    assert record.validity.ok, record.validity.faults
    assert record.images == 2 * 31


def test_workers_that_stay_keep_no_page_of_a_container_in_memory(made: tuple[str, Path], odd: Packed) -> None:
    record = launch(made, odd, workers=2, page_cache="cold")
    assert record.validity.ok, record.validity.faults
    assert record.loaded is not None
    # Nor does their library: each pass reads all of it, from storage.
    size = sum(path.stat().st_size for path in container_files(made[1]))
    assert record.loaded.storage_bytes / record.loaded.passes >= 0.9 * size


@pytest.mark.parametrize("name", [name for name in CONTAINED if issubclass(backend_class(name), ChunkBackend)])
def test_packed_pixels_are_read_from_their_file_each_time(
    name: str, odd: Packed, stored: dict[str, Path], tmp_path: Path
) -> None:
    kind = backend_class(name)
    folder = shutil.copytree(stored[kind.sources[0]], tmp_path / "copied")
    load = LoadContained(folder, DECODE)
    array = cast("ChunkBackend", kind(load)).array(load, items_of(odd.images, seed=0, block=1))
    first = array[0][1][0]
    for path in container_files(folder):
        path.write_bytes(path.read_bytes().replace(first.tobytes(), (255 - first).tobytes()))
    np.testing.assert_array_equal(array[0][1][0], 255 - first)


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_is_listed_when_it_is_whole(name: str, stored: dict[str, Path]) -> None:
    folder = stored[name]
    listed = (folder.parent / f"{folder.name}.csv").read_text().splitlines()
    assert listed == [
        "file,bytes",
        *(f"{path.relative_to(folder)},{path.stat().st_size}" for path in container_files(folder)),
    ]


def test_a_damaged_image_in_a_container_is_told_by_name(tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"ash/ash_01\.jpg in .*: not a picture"):
        LoadContained(tmp_path, DECODE).decode(Item(0, "ash/ash_01.jpg", 0, 0), b"no picture")
