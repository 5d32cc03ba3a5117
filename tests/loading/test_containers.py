"""The containers of other libraries: made by their rules' programs, read by the backends of their names."""

from pathlib import Path
from typing import Any

import pytest
from loading_study import CONTAINED, CONTAINERS, DECODE, Packed, put_in_container

from scripts.loading.backend import Item
from scripts.loading.points import backend_class
from scripts.loading.reading.load import LoadContained
from scripts.loading.stored import container_files
from scripts.record import Record


@pytest.fixture(scope="module")
def containers(packed: Packed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of them all, by their names."""
    folder = tmp_path_factory.mktemp("containers")
    for name in CONTAINERS:
        put_in_container(name, packed, folder)
    return folder


@pytest.fixture(params=CONTAINED)
def made(request: pytest.FixtureRequest, containers: Path) -> tuple[str, Path]:
    """The name of a way, and the folder of the container that it reads."""
    return request.param, containers / backend_class(request.param).sources[0]


def launch(made: tuple[str, Path], packed: Packed, workers: int, **axes: Any) -> Record:
    name, folder = made
    # Forked, so that the workers need not import torch and the library again.
    return packed.launch(name, workers, folder=folder, start_method="fork", prefetch=2, **axes)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_container_gives_the_reference_pixels_in_every_pass(
    workers: int, made: tuple[str, Path], packed: Packed
) -> None:
    record = launch(made, packed, workers)
    assert record.validity.ok, record.validity.faults
    assert record.images == 2 * 36


def test_workers_that_stay_keep_no_page_of_a_container_in_memory(made: tuple[str, Path], packed: Packed) -> None:
    record = launch(made, packed, workers=2, page_cache="cold")
    assert record.validity.ok, record.validity.faults


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_is_listed_when_it_is_whole(name: str, containers: Path) -> None:
    folder = containers / name
    listed = (folder.parent / f"{folder.name}.csv").read_text().splitlines()
    assert listed == [
        "file,bytes",
        *(f"{path.relative_to(folder)},{path.stat().st_size}" for path in container_files(folder)),
    ]


def test_a_damaged_image_in_a_container_is_told_by_name(tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"ash/ash_01\.jpg in .*: not a picture"):
        LoadContained(tmp_path, DECODE).decode(Item(0, "ash/ash_01.jpg", 0, 0), b"no picture")
