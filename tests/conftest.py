"""What all tests share: pictures to work on, a checkout to run, and no silent skip where skips are forbidden."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import warm
from helping import Run, write_jpeg

REAL_IMAGES = "SCALECARD_REAL_IMAGES"
MUST_NOT_SKIP = ("real_images", "browser", "slurm")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the tests on real pictures where there are none."""
    for item in items:
        if item.get_closest_marker("real_images") and REAL_IMAGES not in os.environ:
            item.add_marker(pytest.mark.skip(reason=f"{REAL_IMAGES} names no folder of real pictures"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> object:
    """Where SCALECARD_FORBID_SKIPS is set (in CI), a skipped test of pictures, a browser or Slurm is a failure."""
    report = yield
    marked = [name for name in MUST_NOT_SKIP if item.get_closest_marker(name)]
    if report.skipped and marked and os.environ.get("SCALECARD_FORBID_SKIPS"):
        report.outcome = "failed"
        report.longrepr = f"a test marked {marked[0]} was skipped: {report.longrepr}"
    return report


@pytest.fixture
def real_images() -> Path:
    """The folder of real pictures, one folder a set."""
    return Path(os.environ[REAL_IMAGES]).resolve()


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 3 classes with 12 JPEGs each; never changed by a test."""
    folder = tmp_path_factory.mktemp("pictures")
    for label, name in enumerate(("ash", "birch", "cedar")):
        for i in range(12):
            write_jpeg(folder / name / f"{name}_{i:02d}.jpg", seed=100 * label + i)
    return folder


@pytest.fixture(scope="session")
def warm_python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What stands for the interpreter and starts programs in less time (warm/)."""
    folder = tmp_path_factory.mktemp("warm")
    yield warm.interpreter(folder)
    shutil.rmtree(folder)  # by which the processes that wait there know


@pytest.fixture(scope="session")
def run(warm_python: Path) -> Run:
    """Run a program of this repository in a folder, as a user would, and keep what it prints; in an interpreter of its own
    where it is told to be `fresh`, and so are those that it starts.
    """

    def run_in(
        folder: Path, *command: str, check: bool = True, fresh: bool = False
    ) -> subprocess.CompletedProcess[str]:
        tools = [Path(sys.executable).parent, *os.environ["PATH"].split(os.pathsep)]
        words = list(command)
        if not fresh:
            tools.insert(0, warm_python.parent)
            if words[0] in {"snakemake", sys.executable}:
                words[:1] = [str(warm_python), *(["-m", "snakemake"] if words[0] == "snakemake" else [])]
        environment = os.environ | {"PATH": os.pathsep.join(map(str, tools))}
        done = subprocess.run(
            words, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=600
        )
        if check and done.returncode:
            raise AssertionError(f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    return run_in
