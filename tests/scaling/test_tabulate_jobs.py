"""Slurm's accounting beside the records. The texts are what the sacct of a Slurm 22.05 cluster said."""

import os
from pathlib import Path

import pytest
from test_tables import made

from scripts.record import Record
from scripts.scaling.tables import tabulate_jobs
from scripts.scaling.tables.rows import JobRow
from scripts.scaling.tables.table_file import read_rows, write_table
from scripts.scaling.tables.tabulate_jobs import parse, read_jobs, rows, to_bytes, to_seconds

# 120 MB in the batch step, then two tasks of 60 MB each in a step of their own.
TWO_STEPS = """\
2|COMPLETED|0:0|1795308768|1795308768|1795308769|1795308780|11|1|n1|2|22|00:05.403|600M|
2.batch|COMPLETED|0:0|1795308769|1795308769|1795308769|1795308780|11|1|n1|2|22|00:03.160||139244K
2.0|COMPLETED|0:0|1795308775|1795308775|1795308775|1795308780|5|1|n1|2|10|00:02.242||74948K
"""
TWO_NODES = """\
8|COMPLETED|0:0|1795308768|1795308768|1795308770|1795308772|2|2|n[3-4]|2|4|00:00.012|1000M|
8.batch|COMPLETED|0:0|1795308770|1795308770|1795308770|1795308772|2|1|n3|1|2|00:00.009||10896K
8.0|COMPLETED|0:0|1795308770|1795308770|1795308770|1795308772|2|2|n[3-4]|2|4|00:00.003||1604K
"""
FAILED = """\
3|FAILED|3:0|1795308768|1795308768|1795308769|1795308770|1|1|n2|1|1|00:00.002|200M|
3.batch|FAILED|3:0|1795308769|1795308769|1795308769|1795308770|1|1|n2|1|1|00:00.002||
"""
RUNNING = """\
5|RUNNING|0:0|1795308768|1795308768|1795308769|Unknown|26|1|n2|1|26|00:00:00|200M|
5.batch|RUNNING|0:0|1795308769|1795308769|1795308769|Unknown|26|1|n2|1|26|00:00:00||
"""
# One job, a second and then seven after its end.
TOLD_IN_PART = """\
14|COMPLETED|0:0|1795309179|Unknown|1795309179|1795309180|1|1|n1|1|1|00:00.003|16?|
14.batch|COMPLETED|0:0|1795309179|1795309179|1795309179|1795309180|1|1|n1|1|1|00:00.003||
"""
TOLD = TOLD_IN_PART.replace("Unknown", "1795309179").replace("16?", "300M")
NO_DATABASE = """\
sacct: error: slurm_persist_conn_open_without_init: failed to open persistent connection to host:127.0.0.1:29999: \
Connection refused
sacct: error: Sending PersistInit msg: Connection refused
sacct: error: Problem talking to the database: Connection refused
"""
NO_CLUSTER = """\
sacct: error: fetch_config: DNS SRV lookup failed
sacct: error: _establish_config_source: failed to fetch config
sacct: fatal: Could not establish a configuration source
"""
DURING_TWO_STEPS = "2026-11-22T00:52:50+00:00"  # 1795308770


def launched(job_id: str | None, started: str = DURING_TWO_STEPS, **changes: object) -> Record:
    one = made("ddp-2", 1, 6.0, **changes)
    return one.model_copy(
        update={"environment": one.environment.model_copy(update={"job_id": job_id, "started": started})}
    )


def place_sacct(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `sacct` on the PATH that does what `script` says."""
    program = folder / "sacct"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def test_a_row_joins_a_job_to_its_record() -> None:
    [row] = rows([launched("2", attempt=2)], parse(TWO_STEPS), "")

    assert row == JobRow(
        point="resnet18-ddp-2",
        stage="training",
        block=1,
        attempt=2,
        resumed=False,
        job_id="2",
        accounting="complete",
        state="COMPLETED",
        exit_code="0:0",
        queue_seconds=1,
        run_seconds=11,
        nodes=1,
        node_list="n1",
        cpus=2,
        allocated_cpu_seconds=22,
        used_cpu_seconds=5.403,
        cpu_efficiency=5.403 / 22,
        requested_memory_bytes=600 * 2**20,
        max_rss_bytes=139244 * 2**10,
    )


def test_a_job_of_two_nodes_is_one_row() -> None:
    job = parse(TWO_NODES)["8"]

    assert (job.nodes, job.node_list, job.max_rss_bytes) == (2, "n[3-4]", 10896 * 2**10)


def test_a_short_job_that_nobody_sampled_has_no_memory() -> None:
    job = parse(FAILED)["3"]

    assert (job.state, job.exit_code, job.max_rss_bytes) == ("FAILED", "3:0", None)


@pytest.mark.parametrize("text", [RUNNING, TOLD_IN_PART, ""])
def test_a_job_that_is_not_told_whole_is_none(text: str) -> None:
    assert parse(text) == {}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("00:05.403", 5.403), ("00:00:00", 0), ("01:02:03", 3723), ("12:34.500", 754.5), ("2-01:00:01", 176_401)],
)
def test_cpu_time_is_read_in_all_its_forms(text: str, seconds: float) -> None:
    assert to_seconds(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("text", "size"), [("139244K", 139244 * 2**10), ("1.5G", 3 * 2**29), ("512", 512), ("", None), ("16?", None)]
)
def test_memory_is_read_in_bytes(text: str, size: int | None) -> None:
    assert to_bytes(text) == size


def test_a_launch_outside_slurm_says_so_and_has_no_numbers() -> None:
    [row] = rows([launched(None)], parse(TWO_STEPS), "")

    assert row.accounting == "not a Slurm job"
    assert (row.job_id, row.state, row.queue_seconds, row.max_rss_bytes) == (None, None, None, None)


def test_a_job_of_several_launches_is_no_launchs_account() -> None:
    found = rows([launched("2"), launched("2")], parse(TWO_STEPS), "")

    assert {row.accounting for row in found} == {"no accounting: the job ran 2 launches"}
    assert {row.run_seconds for row in found} == {None}


def test_another_job_of_the_same_number_is_not_taken_for_it() -> None:
    [row] = rows([launched("2", started="2026-01-01T00:00:00+00:00")], parse(TWO_STEPS), "")

    assert (row.accounting, row.state) == ("no accounting: sacct knows another job of this number", None)


def test_without_sacct_the_row_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    [row] = rows([launched("2")], *read_jobs(["2"]))

    assert (row.accounting, row.state) == ("no accounting: no sacct on the PATH", None)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (NO_DATABASE, "Problem talking to the database: Connection refused"),
        (NO_CLUSTER, "Could not establish a configuration source"),
        ("Slurm accounting storage is disabled\n", "Slurm accounting storage is disabled"),
        ("", "sacct ended with 1"),
    ],
)
def test_a_sacct_that_fails_is_quoted(said: str, why: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "said").write_text(said)
    place_sacct(tmp_path, f"cat {tmp_path}/said >&2; exit 1", monkeypatch)

    assert read_jobs(["2"]) == ({}, why)


def test_a_sacct_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    place_sacct(tmp_path, "exec sleep 9", monkeypatch)
    monkeypatch.setattr(tabulate_jobs, "ANSWER", 0.2)

    assert read_jobs(["2"]) == ({}, "sacct did not answer in 0.2 s")


def test_a_job_that_sacct_never_tells_is_waited_for_and_then_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "known").write_text(TWO_STEPS + RUNNING)
    place_sacct(tmp_path, f"cat {tmp_path}/known", monkeypatch)

    jobs, why = read_jobs(["2", "5", "99"], patience=0)

    assert (list(jobs), why) == (["2"], "sacct does not know the job's end")


def test_accounting_that_lags_is_asked_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "now").write_text(TOLD_IN_PART)
    (tmp_path / "next").write_text(TOLD)
    place_sacct(tmp_path, f"cat {tmp_path}/now; mv {tmp_path}/next {tmp_path}/now; true", monkeypatch)

    jobs, _ = read_jobs(["14"], patience=5)

    assert jobs["14"].requested_memory_bytes == 300 * 2**20


def test_many_jobs_are_asked_for_in_few_calls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    place_sacct(tmp_path, f'echo "$@" >> {tmp_path}/calls; echo "$SLURM_TIME_FORMAT" > {tmp_path}/format', monkeypatch)

    read_jobs([str(i) for i in range(1200)], patience=0)

    calls = (tmp_path / "calls").read_text().splitlines()
    asked = [one for call in calls for one in call.partition("--jobs=")[2].split()[0].split(",")]
    assert len(calls) == 3
    assert sorted(asked) == sorted(str(i) for i in range(1200))
    assert (tmp_path / "format").read_text() == "%s\n"


def test_without_slurm_jobs_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tabulate_jobs, "ask", lambda _: pytest.fail("sacct was asked"))

    assert read_jobs([])[0] == {}


def test_a_table_without_a_job_can_be_written_and_read(tmp_path: Path) -> None:
    wanted = rows([launched(None)], {}, "")

    write_table(wanted, JobRow, tmp_path / "jobs.csv", tmp_path / "jobs.parquet")

    assert read_rows(tmp_path / "jobs.parquet", JobRow) == wanted
    assert (tmp_path / "jobs.csv").read_text().splitlines()[1].startswith("resnet18-ddp-2,training,1,1,False,,not a ")
