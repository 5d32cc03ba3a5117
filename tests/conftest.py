"""What all tests share: pictures to work on, a checkout to run, and no silent skip where skips are forbidden."""

import os
from pathlib import Path

import helping
import pytest
from helping import Run, write_jpeg

# What a test starts begins as in a user's shell: it finds what lies in its working folder.
for name in ("PYTHONPATH", "PYTHONSAFEPATH"):  # of scripts/__init__.py
    os.environ.pop(name, None)
REAL_IMAGES = "SCALECARD_REAL_IMAGES"
MUST_NOT_SKIP = ("real_images", "browser", "latex", "slurm")


# Fixtures that train, start a browser or Dask's daemons, or load each set of pictures in every way.
SLOW = {"launch", "train_command", "profile_command", "costs", "tiny_costs"}
SLOW |= {"watched", "browser", "cluster", "traced", "pictures_of"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the tests on real pictures where there are none; mark what the inner loop leaves out."""
    for item in items:
        fixtures, stage = set(getattr(item, "fixturenames", ())), item.path.parent.name
        if fixtures & SLOW or stage == "slurm" or (stage == "workflow" and "run" in fixtures):
            item.add_marker(pytest.mark.slow)
        if item.get_closest_marker("real_images") and REAL_IMAGES not in os.environ:
            item.add_marker(pytest.mark.skip(reason=f"{REAL_IMAGES} names no folder of real pictures"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> object:
    """Where SCALECARD_FORBID_SKIPS is set (in CI), a skipped test of pictures, browser, LaTeX or Slurm is a failure."""
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
def run() -> Run:
    """How to run a program of this repository (helping.run)."""
    return helping.run
