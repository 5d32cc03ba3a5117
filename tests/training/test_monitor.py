"""What a run uses, seen on real processes."""

import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
from helping import ROOT, Command, Run

from scripts.training.monitor import Monitor, Sample

BUSY = """
import time
held = bytearray(200_000_000)
end = time.monotonic() + 3
while time.monotonic() < end:
    pass
"""


def test_the_processes_that_run_are_seen_and_others_are_not(tmp_path: Path) -> None:
    with Monitor("here", every=0.5) as monitor:
        time.sleep(1.2)
        quiet = len(monitor.samples)
        subprocess.run([sys.executable, "-c", BUSY], check=True)
    monitor.write(tmp_path / "usage.csv")
    table = pd.read_csv(tmp_path / "usage.csv")
    assert tuple(table.columns) == Sample._fields
    assert table["cpu_cores"][:quiet].max() < 0.1
    busy = table["cpu_cores"][quiet:]
    assert 0.5 < busy.max() < 1.2
    assert table["memory_bytes"].max() > 200_000_000
    assert (table["machine_cpu_cores"] + 0.1 > table["cpu_cores"]).all()
    assert table["gpu_watts"].isna().all() or (table["gpu_watts"] > 0).all()


def test_a_training_leaves_what_it_used(train_command: Command, run: Run, tmp_path: Path) -> None:
    run(ROOT, *train_command(tmp_path / "b1.json", "ddp", 2))
    table = pd.read_csv(tmp_path / "b1.usage.csv")
    assert len(table) >= 3
    assert 0.3 < table["cpu_cores"].max() < 2.5
    assert table["memory_bytes"].max() > 2 * 200_000_000
    assert table["seconds"].diff()[1:].between(0.9, 3).all()
