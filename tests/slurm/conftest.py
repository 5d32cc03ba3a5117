"""One real cluster for all tests of this folder, four nodes with two stand-ins for GPUs each, and one study on it."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from helping import copy_checkout
from slurm_cluster import IN_RUNS, PORT, SNAKEMAKE, STUDY, Slurm

from scripts.images.sample_classes import CLASSES
from scripts.slurm import local_cluster
from scripts.slurm.daemons import APT, missing


@pytest.fixture(scope="session")
def slurm() -> Iterator[Slurm]:
    """The cluster; the test is skipped where Slurm is not installed."""
    if lacking := missing():
        pytest.skip(f"{', '.join(lacking)} not found: {APT}")
    # Sockets lie in the folder, whose path must therefore be short.
    folder = Path(tempfile.mkdtemp(prefix="sc"))
    settings = local_cluster.Settings(folder=folder / "c", cpus=2, gpus=2, port=PORT)
    tools = [str(Path(sys.executable).parent), os.environ["PATH"], "/usr/sbin"]
    # What a run needs of the machine's own variables, and none of an allocation that the tests may run in.
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SLURM", "SBATCH", "PYTEST"))}
    own = {"PATH": os.pathsep.join(tools), "SLURM_CONF": str(local_cluster.conf_path(settings.folder))}
    try:
        local_cluster.up(settings)
        yield Slurm(settings, kept | own | {"PYTHONPATH": str(IN_RUNS)})
    finally:
        local_cluster.down(settings.folder)
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def study(slurm: Slurm, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small study, run as jobs from its images to its page; never changed by a test."""
    folder = copy_checkout(tmp_path_factory.mktemp("small") / "study")
    (folder / "small.yaml").write_text(STUDY)
    # One class of pictures is left to a job; the others are drawn here, where that takes no job each.
    drawn = [f"results/small/images/sample/{name}" for name in CLASSES[1:]]
    slurm.run(folder, "snakemake", *drawn, "--profile", "local", "--configfile", "small.yaml")
    slurm.run(folder, *SNAKEMAKE)
    return folder


@pytest.fixture(scope="session")
def packed(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in which all is done that the trainings of the small study need; never changed by a test."""
    folder = shutil.copytree(study, tmp_path_factory.mktemp("packed") / "study", symlinks=True)
    for name in ("loading/records", "scaling", "report", "training/records"):
        shutil.rmtree(folder / "results/small" / name)
    shutil.rmtree(folder / "logs")
    return folder


@pytest.fixture
def checkout(packed: Path, tmp_path: Path) -> Path:
    """A copy of it to work in."""
    return shutil.copytree(packed, tmp_path / "study", symlinks=True)
