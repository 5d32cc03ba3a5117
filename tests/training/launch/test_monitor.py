"""What a run uses, seen on real processes."""

import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import lasting_rank
import pandas as pd
import pynvml
import pytest
from helping import ROOT, Command, Run

from scripts.training.launch.monitor import Monitor, Sample

BUSY = """
import time
held = bytearray(200_000_000)
while time.process_time() < 1:
    pass
print(time.process_time(), flush=True)
input()
"""


def test_the_processes_that_run_are_seen_and_others_are_not(tmp_path: Path) -> None:
    def wait_for_a_look() -> int:
        seen = len(monitor.samples)
        while len(monitor.samples) == seen:
            time.sleep(0.01)
        return seen + 1

    with Monitor("here", every=0.2) as monitor:
        quiet = wait_for_a_look()
        child = subprocess.Popen([sys.executable, "-c", BUSY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        used = float(child.stdout.readline())
        wait_for_a_look()  # one that began before may have seen less
        wait_for_a_look()
        child.communicate("\n")
    monitor.write(tmp_path / "usage.csv")
    table = pd.read_csv(tmp_path / "usage.csv")
    assert tuple(table.columns) == Sample._fields
    assert table["cpu_cores"][:quiet].max() == 0
    assert core_seconds(table, "cpu_cores") == pytest.approx(used, abs=0.2)
    assert core_seconds(table, "machine_cpu_cores") > used - 0.2
    assert table["memory_bytes"].max() > 200_000_000
    assert table["gpu_watts"].isna().all() or (table["gpu_watts"] > 0).all()


@pytest.mark.parametrize(
    ("refused", "empty"),
    [
        ("nvmlDeviceGetUtilizationRates", "gpu_utilisation"),
        ("nvmlDeviceGetMemoryInfo", "gpu_memory_bytes"),
        ("nvmlDeviceGetPowerUsage", "gpu_watts"),
    ],
)
def test_a_question_that_a_gpu_refuses_leaves_its_column_empty(
    refused: str, empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)

    answers = {
        "nvmlDeviceGetUtilizationRates": SimpleNamespace(gpu=50),
        "nvmlDeviceGetMemoryInfo": SimpleNamespace(used=7),
        "nvmlDeviceGetPowerUsage": 2000,
    }
    for name, answer in answers.items():
        monkeypatch.setattr(pynvml, name, refuse if name == refused else lambda _, found=answer: found)
    monkeypatch.setattr("scripts.training.launch.monitor._gpus", lambda: ["one", "other"])
    with Monitor("here", every=0.01) as seen:
        while not seen.samples:
            time.sleep(0.01)
            assert seen._thread.is_alive()
    seen.write(tmp_path / "usage.csv")
    table = pd.read_csv(tmp_path / "usage.csv")
    told = {"gpu_utilisation": 0.5, "gpu_memory_bytes": 14, "gpu_watts": 4} | {empty: None}
    assert table[list(told)].iloc[0].replace(float("nan"), None).to_dict() == told


def core_seconds(table: pd.DataFrame, column: str) -> float:
    """What a rate adds up to, the first look's left out, whose length the table does not tell."""
    return float((table[column] * table["seconds"].diff()).sum())


def test_a_training_leaves_what_it_used(
    train_command: Command, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(lasting_rank.__file__).parent))
    command = train_command(tmp_path / "b1.json", "ddp", 2, point={"model": "tiny_cnn"})
    run(ROOT, *command, "--program", "lasting_rank", fresh=True)  # of a warm one's processes no rank is a parent
    table = pd.read_csv(tmp_path / "b1.usage.csv")
    assert len(table) >= 1
    assert table["cpu_cores"].max() > 0
    assert core_seconds(table, "cpu_cores") < 1.1 * os.cpu_count() * table["seconds"].max()
    assert table["memory_bytes"].max() > 2 * 200_000_000
    assert table["seconds"].diff()[1:].min() >= 0.9
