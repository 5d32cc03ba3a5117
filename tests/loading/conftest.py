"""A small packed study, and launches on it."""

import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import pytest
from helping import BRIEF, write_jpeg
from loading_study import CONTAINERS, Launch, Packed, packed_in, put_in_container

from scripts.loading.backend import PACKED, RAW

LIBRARIES = ["pytest", "numpy", "pandas", "cv2", "simplejpeg", "PIL.Image", "pydantic", "psutil", "distributed"]


@pytest.fixture(scope="session", autouse=True)
def _workers_are_forked_with_their_libraries() -> None:
    """Else each worker of each launch would import them; the repository's own code each reads for itself."""
    multiprocessing.set_forkserver_preload(LIBRARIES)


@pytest.fixture(autouse=True)
def _calibrations_are_brief() -> Iterator[None]:
    """Of a launch in this process: what they say of the cores is said elsewhere."""
    with pytest.MonkeyPatch.context() as patched:
        for name, value in BRIEF.items():
            patched.setattr(f"scripts.calibration.{name}", value)
        yield


@pytest.fixture(scope="session")
def packed(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Packed:
    """The pictures, all of them training images."""
    return packed_in(tmp_path_factory.mktemp("shards"), pictures)


@pytest.fixture(scope="session")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Packed:
    """31 pictures, which no number of workers and no chunk of a test divides."""
    folder = tmp_path_factory.mktemp("odd")
    for seed in range(31):
        write_jpeg(folder / "pictures" / ("ash" if seed % 2 else "birch") / f"{seed:02d}.jpg", seed=700 + seed)
    (folder / "shards").mkdir()
    return packed_in(folder / "shards", folder / "pictures")


@pytest.fixture(scope="session")
def stored(odd: Packed, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Where these pictures lie in each kind of source."""
    folder = tmp_path_factory.mktemp("containers")
    found = {name: put_in_container(name, odd, folder) for name in CONTAINERS}
    return found | {RAW: odd.folder, PACKED: odd.shards}


@pytest.fixture
def launch(packed: Packed) -> Launch:
    """One launch of a backend by name: its record. Further settings are those of its point."""
    return packed.launch
