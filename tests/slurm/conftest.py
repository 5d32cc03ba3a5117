"""One real cluster for all tests of this folder: four nodes with two stand-ins for GPUs each, and accounting."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from helping import copy_checkout
from slurm_cluster import PORT, STUDY, Slurm

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
    local_cluster.up(settings)
    tools = [str(Path(sys.executable).parent), os.environ["PATH"], "/usr/sbin"]
    # What a run needs of the machine's own variables, and none of an allocation that the tests may run in.
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SLURM", "SBATCH", "PYTEST"))}
    own = {"PATH": os.pathsep.join(tools), "SLURM_CONF": str(local_cluster.conf_path(settings.folder))}
    yield Slurm(settings, kept | own)
    local_cluster.down(settings.folder)
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def packed(slurm: Slurm, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in which all is done that the trainings of the small study need; never changed by a test."""
    folder = copy_checkout(tmp_path_factory.mktemp("packed") / "study")
    (folder / "small.yaml").write_text(STUDY)
    targets = [f"results/small/{name}" for name in ("images/split.parquet", "images/stats.json")]
    targets.append("results/small/training/facts/resnet18.json")
    slurm.run(folder, "snakemake", *targets, "--profile", "local", "--configfile", "small.yaml")
    return folder


@pytest.fixture
def checkout(packed: Path, tmp_path: Path) -> Path:
    """A copy of it to work in."""
    return shutil.copytree(packed, tmp_path / "study", symlinks=True)
