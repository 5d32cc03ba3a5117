"""The minutes that a run may take: once they are over no further launch is started, and what is there makes the tables.

Snakemake knows before a run what it will make. So a run whose minutes are over finishes the launches that are under
way, writes down those that it has not come to, and runs its own command once more. That one leaves these out, measures
nothing, and makes tables, answers and page of what is there, which say so. To the next run nothing is left out:
launches that are not made yet are missing files, and tables that were made without them have other inputs.

It rests on two names inside Snakemake, which requirements.lock pins: what SIGTERM does to its scheduler
(`exit_gracefully`), called from a thread since a signal may come while its lock is held; and the jobs that remain.
"""

import atexit
import logging
import os
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from scripts.atomic import write_text

KEY = "measuring.budget_minutes"
VARIABLE = "SCALECARD_LEFT_OUT"  # of the environment: the file that says what this run leaves out
MEASURING = frozenset(("measure_loading", "train", "measure_program", "profile"))  # rules
AT_THE_END = "At least one job did not complete successfully"  # Snakemake of a run that was cut short
NAMED = 3  # launches that are named one by one


class LeftOut(BaseModel):
    """What a run did not come to."""

    minutes: float  # that it had
    launches: list[str]  # their records, in order; of a profile, its own file

    @property
    def sentence(self) -> str:
        """For the page and the terminal."""
        names = [_name(Path(one)) for one in self.launches]
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        count = f"{len(names)} launch{'es' if len(names) > 1 else ''}"
        minutes = f"{self.minutes:g} minute{'s' if self.minutes != 1 else ''} ({KEY}) were over"
        return f"{count} left out, since {minutes}: {', '.join(names[:NAMED])}{more}. The next run measures them."


def _name(path: Path) -> str:
    """`block 2 of resnet18-ddp-4`, of results/<study>/<stage>/records/<point>/b<block>.json; of a profile likewise."""
    if path.parent.parent.name == "profiles":
        return f"profile {path.stem.removeprefix('b')} of {path.parent.name}"
    return f"block {path.stem.removeprefix('b')} of {path.parent.name}"


def file_in_force() -> Path | None:
    """The file that says what this run leaves out; None where it leaves out nothing."""
    return Path(os.environ[VARIABLE]) if VARIABLE in os.environ else None


def left_out() -> frozenset[str]:
    """The files that this run does without."""
    path = file_in_force()
    if path is None:
        return frozenset()
    return frozenset(LeftOut.model_validate_json(path.read_text(encoding="utf-8")).launches)


class Budget(logging.Filter):
    """What a run may take; as a filter of Snakemake's messages it drops the one that calls a run cut short a failure.

    Args:
        minutes: since `started` (seconds since 1970).
        path: where to write what is left out; beside the study's answers.
        optional: launches that the tables can do without.
    """

    def __init__(self, minutes: float, started: float, path: Path, optional: Iterable[str]) -> None:
        super().__init__()
        self.minutes, self.started, self.path, self.optional = minutes, started, path, set(optional)
        self.is_over = False
        self._timer: threading.Timer | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        return not (self.is_over and AT_THE_END in str(record.msg))

    def begin(self, workflow: Any, logger: logging.Logger) -> None:
        """Let the time run: nothing wakes up before it is over."""

        def over() -> None:
            if not _launches(workflow.scheduler):
                return  # no more than tables are to be made
            self.is_over = True
            logger.info(f"{KEY}: {self.minutes:g} minutes are over; no further launch is started.")
            workflow.scheduler.exit_gracefully()

        logger.addFilter(self)
        left = self.started + 60 * self.minutes - time.time()
        if left <= 0:
            over()
            return
        self._timer = threading.Timer(left, over)
        self._timer.daemon = True
        self._timer.start()

    def end(self, workflow: Any) -> None:
        """The run is at its end. Where it was cut short, and nothing else is the matter, its command runs once more,
        without what is left out.

        Raises:
            SystemExit: nothing can be told of what is there.
        """
        if self._timer:
            self._timer.cancel()
        launches = _launches(workflow.scheduler)
        if not self.is_over or not launches or workflow.scheduler.failed:
            return
        if lacking := sorted(set(launches) - self.optional):
            sys.exit(
                f"error: {KEY}: found {self.minutes:g}, which were over before {lacking[0]}, without which there is no "
                "table; expected enough for one block; the next run goes on from here"
            )
        write_text(self.path, LeftOut(minutes=self.minutes, launches=launches).model_dump_json(indent=1) + "\n")
        atexit.register(run_again, self.path.resolve(), sys.orig_argv)


def _launches(scheduler: Any) -> list[str]:
    """What those that have not begun would write: records, and profiles."""
    return sorted(str(job.output[0]) for job in scheduler.remaining_jobs if job.rule.name in MEASURING)


def run_again(path: Path, command: Sequence[str]) -> None:
    """Be the same command, which leaves out what `path` lists; Snakemake has let go of the folder."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable, [sys.executable, *command[1:]], os.environ | {VARIABLE: str(path)})
