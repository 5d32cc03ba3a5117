"""What a measurement records of its machine, and that it has it to itself."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from helping import ROOT

from scripts import machine

HOLD = """
import logging, sys
from scripts import machine
logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
machine.wait_until_alone()
print("held", flush=True)
input()
"""


def hold() -> subprocess.Popen[str]:
    command = [sys.executable, "-c", HOLD]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def test_a_second_measurement_waits_for_the_first() -> None:
    first = hold()
    assert first.stdout.readline() == "held\n"
    second = hold()
    assert second.stdout.readline().startswith("waiting for another measurement")
    first.communicate("\n")
    assert second.stdout.readline() == "held\n"
    second.communicate("\n")


def test_the_work_of_other_processes_is_seen() -> None:
    spin = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        busy, started = machine.busy_seconds(), time.perf_counter()
        while time.perf_counter() - started < 1.0:
            time.sleep(0.01)
        assert machine.busy_seconds() - busy > 0.3
    finally:
        spin.kill()
        spin.wait()


def test_the_usage_of_a_tree_counts_its_children() -> None:
    before = machine.tree_usage().cpu_seconds
    child = subprocess.Popen(
        [sys.executable, "-c", "sum(range(5 * 10**7)); print('done', flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout.readline() == "done\n"
    after, peak, _ = machine.tree_usage()
    child.communicate("\n")
    assert after - before > 0.1
    assert peak > 10_000_000


@pytest.mark.parametrize(
    ("name", "listed", "threads"),
    [
        ("core_cpus_list", "1,5\n", [1, 5]),
        ("thread_siblings_list", "0-1\n", [0, 1]),
        ("core_cpus_list", "", [1]),
        ("physical_package_id", "0\n", [1]),  # the kernel does not tell
    ],
)
def test_where_the_kernel_does_not_tell_each_hardware_thread_is_a_core(
    name: str, listed: str, threads: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "CPUS", tmp_path)
    (tmp_path / "cpu1" / "topology").mkdir(parents=True)
    (tmp_path / "cpu1" / "topology" / name).write_text(listed)
    assert machine.hardware_threads(1) == threads
