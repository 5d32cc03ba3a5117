"""What did each launch cost the cluster? Slurm's accounting beside the records: one row a record.

Read with one call of `sacct` (one for each 500 jobs), when a record or this code has changed, and not again: what Slurm
has purged by then is gone, and the row says so. Without accounting the table stands all the same, and says why.

Inputs: the records. Outputs: `jobs.csv`, `jobs.parquet` (columns: scripts/scaling/tables/rows.py).

By hand, where sacct works:
    python -m scripts.scaling.tables.tabulate_jobs --records results/demo/*/records/*/*.json --csv jobs.csv \
        --parquet jobs.parquet
"""

import os
import re
import subprocess
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from scripts import cli
from scripts.cli import log
from scripts.record import Record
from scripts.scaling.tables.read_records import read_all
from scripts.scaling.tables.rows import JobRow
from scripts.scaling.tables.table_file import write_table

FIELDS = (
    *("JobIDRaw", "State", "ExitCode", "Submit", "Eligible", "Start", "End", "ElapsedRaw", "NNodes", "NodeList"),
    *("AllocCPUS", "CPUTimeRAW", "TotalCPU", "ReqMem", "MaxRSS"),
)
AT_ONCE = 500  # jobs of one call: a command line has an end
ANSWER = 60  # seconds that sacct may take
# The controller tells the accounting of its jobs every 5 s: the last job may have ended and not yet be told whole.
PATIENCE = 15  # seconds
CLOCKS = 60  # seconds that the clocks of a node and of the controller may differ
NOT_A_JOB = "not a Slurm job"


class NoAccountingError(Exception):
    """Slurm's accounting cannot be read; the message says why in a few words."""


class Job(BaseModel):
    """A job that has ended, as accounting tells it; what is not said of it in rows.py is said here."""

    model_config = ConfigDict(frozen=True)

    state: str
    exit_code: str
    submit: int  # seconds since 1970, as the next two
    start: int
    end: int
    run_seconds: int
    nodes: int
    node_list: str
    cpus: int
    allocated_cpu_seconds: int
    used_cpu_seconds: float
    requested_memory_bytes: int | None
    max_rss_bytes: int | None


def ask(ids: Sequence[str]) -> str:
    """What sacct says of jobs and their steps: a line each, FIELDS separated by `|`, times in seconds since 1970.

    Raises:
        NoAccountingError: there is no sacct here, or it failed.
    """
    command = ["sacct", "--parsable2", "--noheader", f"--jobs={','.join(ids)}", f"--format={','.join(FIELDS)}"]
    environment = os.environ | {"SLURM_TIME_FORMAT": "%s", "LC_ALL": "C"}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=ANSWER)
    except OSError:
        raise NoAccountingError("no sacct on the PATH") from None
    except subprocess.TimeoutExpired:
        raise NoAccountingError(f"sacct did not answer in {ANSWER} s") from None
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"sacct ended with {done.returncode}"]
        raise NoAccountingError(re.sub(r"^sacct: (error|fatal): ", "", said[-1]))
    return done.stdout


def parse(text: str) -> dict[str, Job]:
    """The jobs of sacct's text by id, those that have ended and are told whole.

    An end may be told before the rest: until then the job's Eligible is `Unknown` (Slurm 22.05).
    """
    lines = [dict(zip(FIELDS, line.split("|"), strict=True)) for line in text.splitlines()]
    peaks: dict[str, list[int]] = {}
    for line in lines:
        peak = to_bytes(line["MaxRSS"])  # steps have one, the job's own line has none
        peaks.setdefault(line["JobIDRaw"].partition(".")[0], []).extend([] if peak is None else [peak])
    return {
        line["JobIDRaw"]: Job(
            state=line["State"],
            exit_code=line["ExitCode"],
            submit=line["Submit"],
            start=line["Start"],
            end=line["End"],
            run_seconds=line["ElapsedRaw"],
            nodes=line["NNodes"],
            node_list=line["NodeList"],
            cpus=line["AllocCPUS"],
            allocated_cpu_seconds=line["CPUTimeRAW"],
            used_cpu_seconds=to_seconds(line["TotalCPU"]),
            requested_memory_bytes=to_bytes(line["ReqMem"]),
            max_rss_bytes=max(peaks[line["JobIDRaw"]], default=None),
        )
        for line in lines
        if "." not in line["JobIDRaw"] and all(line[name].isdigit() for name in ("Submit", "Eligible", "Start", "End"))
    }


def to_seconds(text: str) -> float:
    """Seconds of sacct's `[days-[hours:]]minutes:seconds[.milliseconds]`."""
    days, _, clock = text.rpartition("-")
    total = 0.0
    for part in clock.split(":"):
        total = 60 * total + float(part)
    return 86_400 * int(days or 0) + total


def to_bytes(text: str) -> int | None:
    """Bytes of sacct's `600M`; None of an empty field, or of one in a form of other Slurm versions."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([KMGTP]?)", text)
    return round(float(found[1]) * 1024 ** " KMGTP".index(found[2] or " ")) if found else None


def read_jobs(ids: Iterable[str], patience: float = PATIENCE) -> tuple[dict[str, Job], str]:
    """The jobs that accounting tells whole within `patience` seconds, by id, and why those that lack do."""
    jobs: dict[str, Job] = {}
    missing = sorted(set(ids))
    until = time.monotonic() + patience
    while missing:
        try:
            for i in range(0, len(missing), AT_ONCE):
                jobs |= parse(ask(missing[i : i + AT_ONCE]))
        except NoAccountingError as error:
            return jobs, str(error)
        missing = [one for one in missing if one not in jobs]
        if missing and time.monotonic() >= until:
            log.info("accounting does not tell the end of jobs %s", ", ".join(missing))
            break
        if missing:
            time.sleep(1)
    return jobs, "sacct does not know the job's end"


def rows(records: Sequence[Record], jobs: dict[str, Job], why: str) -> list[JobRow]:
    """One row for each of `records`; `jobs` and `why` as `read_jobs` gives them."""
    launches = Counter(one.environment.job_id for one in records)
    found = []
    for one in records:
        job_id = one.environment.job_id
        job = jobs.get(job_id or "")
        if job_id is None:
            job, accounting = None, NOT_A_JOB
        elif launches[job_id] > 1:
            # Snakemake itself ran in this job: its numbers are no launch's.
            job, accounting = None, f"no accounting: the job ran {launches[job_id]} launches"
        elif job is None:
            accounting = f"no accounting: {why}"
        elif not job.start - CLOCKS <= started(one) <= job.end + CLOCKS:
            # Slurm counts from 1 again after a while, and so does each cluster.
            job, accounting = None, "no accounting: sacct knows another job of this number"
        else:
            accounting = "complete"
        found.append(
            JobRow(
                point=one.point_id,
                stage=one.stage,
                block=one.block,
                attempt=one.attempt,
                resumed=one.resumed,
                job_id=job_id,
                accounting=accounting,
                **(columns(job) if job else {}),
            )
        )
    return found


def columns(job: Job) -> dict[str, object]:
    """The columns of a row that come from accounting."""
    allocated = job.allocated_cpu_seconds
    return job.model_dump(exclude={"submit", "start", "end"}) | {
        "queue_seconds": job.start - job.submit,
        "cpu_efficiency": job.used_cpu_seconds / allocated if allocated else None,
    }


def started(one: Record) -> float:
    """When the launch started, in seconds since 1970."""
    return datetime.fromisoformat(one.environment.started).timestamp()


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--records", type=Path, nargs="+", required=True)
    parser.add_argument("--csv", type=Path, required=True)
    parser.add_argument("--parquet", type=Path, required=True)
    args = parser.parse_args()
    records = read_all(args.records)
    launches = Counter(one.environment.job_id for one in records)
    jobs, why = read_jobs(job_id for job_id, count in launches.items() if job_id is not None and count == 1)
    write_table(rows(records, jobs, why), JobRow, args.csv, args.parquet)


if __name__ == "__main__":
    cli.run(main)
