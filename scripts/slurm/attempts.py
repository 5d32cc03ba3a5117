"""No further attempt for a job that would end as the last one did.

A profile has failed jobs tried again (`retries`): a node may have died, or memory run out. A user's mistake does not
pass; the program's last line, which its log keeps, tells one from the other (scripts/cli.py). It rests on names inside
Snakemake, which requirements.lock pins: `restart_times` of a job, asked after each failure.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from scripts.cli import ERROR

# At the start of a line, where nothing but srun's number of the task stands before it: not in what a rank says.
LASTING = re.compile(rf"^(?:\d+: )?{ERROR}".encode(), re.MULTILINE)
LAST_BYTES = 65_536


def try_in_vain_no_more(since: float) -> None:
    """From now on Snakemake tries no job again that has ended so after `since` (seconds since 1970)."""
    from snakemake.jobs import Job

    usual = Job.restart_times.fget
    Job.restart_times = property(lambda job: 0 if has_lasting_error(job.log, since) else usual(job))


def has_lasting_error(logs: Iterable[str], since: float) -> bool:
    """Whether one of these files, written after `since`, has the last line of a program that a mistake ended."""
    for log in map(Path, logs):
        if log.is_file() and log.stat().st_mtime >= since:
            with log.open("rb") as file:
                file.seek(max(0, log.stat().st_size - LAST_BYTES))
                if LASTING.search(file.read()):
                    return True
    return False
