"""Accounting as a real cluster tells it."""

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from slurm_cluster import Slurm

from scripts import record
from scripts.registry import ROOT
from scripts.scaling.tables.rows import JobRow
from scripts.scaling.tables.table_file import read_rows
from scripts.scaling.tables.tabulate_jobs import read_jobs, rows

pytestmark = pytest.mark.slurm

MIB = 2**20
# It works for two seconds, holds its memory until somebody has seen it, and says what it knows of itself.
BUSY = """\
import datetime, json, pathlib, time
started, began = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"), time.monotonic()
held = b"x" * (80 * 2**20)
while time.process_time() < 2:
    pass
while not pathlib.Path("seen").exists():
    time.sleep(0.1)
told = {"started": started, "run_seconds": time.monotonic() - began, "cpu_seconds": time.process_time()}
pathlib.Path("told.json").write_text(json.dumps(told))
"""
# The least that a launch says of itself.
RECORD = """\
{"schema": 4, "study": "t", "stage": "loading", "point_id": "serial-1", "point": {}, "key": {}, "block": 1, "cores": 1,
 "images": 0, "seconds": 1, "images_per_second": 0, "phases": {"failed": 1}, "wall_seconds": 1, "cpu_seconds": 1,
 "peak_rss_bytes": 1, "quality": null, "validity": {"ok": false, "faults": [
 {"parameter": "backend", "expected": "every image", "actual": "failed"}]}, "environment": {"started": "STARTED",
 "machine_cores": 2, "pid": 1,
 "host": "h", "cpu_model": "c", "usable_cores": 2, "memory_bytes": 1, "kernel": "k", "gpu": null, "python": "3",
 "packages": {}, "threads": {}, "job_id": "JOB", "nodes": ["h"], "start_method": null, "page_cache": "warm",
 "allocator": "glibc"},
 "noise": {"calibration_before": 1, "calibration_after": 1, "foreign_cores": 0, "load_average": 0, "cpu_mhz": null,
 "involuntary_context_switches": 0}}
"""


def write_record(path: Path, started: str, job_id: str) -> record.Record:
    """The record of a launch in a job."""
    path.write_text(RECORD.replace("STARTED", started).replace("JOB", job_id))
    return record.read(path)


def test_a_job_that_has_just_ended_is_told_whole(slurm: Slurm, tmp_path: Path) -> None:
    (tmp_path / "busy.py").write_text(BUSY)
    (tmp_path / "job.sh").write_text(f"#!/bin/sh\n{sys.executable} busy.py\nexit 3\n")
    began = time.monotonic()
    submit = ("sbatch", "--parsable", "--ntasks=1", "--cpus-per-task=2", "--mem=200", "job.sh")
    job_id = slurm.run(tmp_path, *submit).stdout.strip()
    slurm.wait_until(lambda: slurm.peak_bytes(f"{job_id}.batch") > 80 * MIB)
    (tmp_path / "seen").touch()
    slurm.wait_until(lambda: not slurm.run(tmp_path, "squeue", "--noheader", "--jobs", job_id).stdout)
    took = time.monotonic() - began

    told = json.loads((tmp_path / "told.json").read_text())
    write_record(tmp_path / "b1.json", told["started"], job_id)
    table = ("--csv", str(tmp_path / "jobs.csv"), "--parquet", str(tmp_path / "jobs.parquet"))
    program = (sys.executable, "-m", "scripts.scaling.tables.tabulate_jobs", "--records", str(tmp_path / "b1.json"))

    slurm.run(ROOT, *program, *table)

    [row] = read_rows(tmp_path / "jobs.parquet", JobRow)
    assert (row.accounting, row.state, row.exit_code, row.nodes, row.cpus) == ("complete", "FAILED", "3:0", 1, 2)
    assert row.requested_memory_bytes == 200 * MIB
    assert row.queue_seconds is not None
    assert 0 <= row.queue_seconds <= took + 1
    # Slurm's moments are whole seconds.
    assert row.run_seconds is not None
    assert told["run_seconds"] - 1 <= row.run_seconds <= took + 1
    assert row.allocated_cpu_seconds == 2 * row.run_seconds
    # Its own, and no more than the shell around it takes.
    assert row.used_cpu_seconds is not None
    assert told["cpu_seconds"] - 0.1 <= row.used_cpu_seconds <= told["cpu_seconds"] + 1
    assert row.cpu_efficiency == pytest.approx(row.used_cpu_seconds / row.allocated_cpu_seconds)
    assert row.max_rss_bytes is not None
    assert 80 * MIB < row.max_rss_bytes < 160 * MIB


def test_a_job_that_the_cluster_never_had_is_said(
    slurm: Slurm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in slurm.env.items():
        monkeypatch.setenv(name, value)
    one = write_record(tmp_path / "b1.json", datetime.now(UTC).isoformat(timespec="seconds"), "99999999")

    [row] = rows([one], *read_jobs(["99999999"], patience=0))

    assert (row.accounting, row.state) == ("no accounting: sacct does not know the job's end", None)
