"""A quota of CPU time counts, in both versions of control groups, and wherever a hierarchy is mounted."""

import math
from pathlib import Path

import pytest

from scripts.machine import Place, Places
from scripts.quota import cpu_quota

# What a kernel wrote of a process in a container: its own group is the top of what is mounted there.
CONTAINER = (
    "12:cpu,cpuacct:/docker/abc\n",
    "30 20 0:26 /docker/abc {mounted} ro,nosuid - cgroup cgroup rw,cpu,cpuacct\n",
)
JOB = ("0::/slurm/job_7/step_0\n", "25 1 0:22 / {mounted} rw - cgroup2 cgroup2 rw\n")
NAMESPACE = ("0::/../other\n", "25 1 0:22 / {mounted} rw - cgroup2 cgroup2 rw\n")


def process(folder: Path, lines: tuple[str, str], **files: str) -> Path:
    """A folder of /proc, and the files of groups that it names."""
    (folder / "proc").mkdir()
    (folder / "proc" / "cgroup").write_text(lines[0])
    (folder / "proc" / "mountinfo").write_text(lines[1].format(mounted=folder / "groups"))
    for name, content in files.items():
        path = folder / "groups" / name.replace("__", "/").replace("cpu_", "cpu.")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder / "proc"


def test_a_container_has_the_cores_of_its_quota(tmp_path: Path) -> None:
    found = process(tmp_path, CONTAINER, cpu_cfs_quota_us="150000\n", cpu_cfs_period_us="100000\n")
    assert cpu_quota(found) == 1.5


def test_a_group_is_bounded_by_those_that_it_lies_in(tmp_path: Path) -> None:
    groups = {"slurm__job_7__step_0__cpu_max": "max 100000\n", "slurm__job_7__cpu_max": "400000 100000\n"}
    assert cpu_quota(process(tmp_path, JOB, **groups, slurm__cpu_max="800000 100000\n")) == 4


def test_a_group_that_is_not_in_sight_has_the_quota_of_what_is_mounted(tmp_path: Path) -> None:
    assert cpu_quota(process(tmp_path, NAMESPACE, cpu_max="200000 100000")) == 2


@pytest.mark.parametrize("content", ["max 100000\n", "", "-1"])
def test_no_quota_is_no_limit(content: str, tmp_path: Path) -> None:
    assert cpu_quota(process(tmp_path, NAMESPACE, cpu_max=content)) == math.inf
    assert cpu_quota(tmp_path / "absent") == math.inf


def place(node: str = "n1", quota: float = math.inf, cores: int = 4, threads: int = 1) -> Place:
    used = frozenset(range(cores))
    return Place(node, "m", cores, "cpu", used, frozenset(core // threads * threads for core in used), quota)


@pytest.mark.parametrize(("quota", "cores"), [(math.inf, 4), (4.5, 4), (1.5, 1), (0.2, 1)])
def test_usable_cores_are_those_that_there_is_time_for(quota: float, cores: int) -> None:
    assert Places([place(quota=quota)] * 2).usable_cores == cores


def test_nodes_of_one_machine_have_a_quota_each() -> None:
    assert Places([place("n1", 1), place("n2", 2)]).usable_cores == 3


def test_hardware_threads_are_known_from_cores() -> None:
    assert Places([place(threads=2)]).physical_cores == 2
    assert Places([place(threads=2)]).usable_cores == 4
