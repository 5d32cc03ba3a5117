"""A run outlives a Slurm controller that is away: it waits, where Snakemake's executor would give up.

By itself (snakemake-executor-plugin-slurm 2.8.0) the executor counts a submission that finds no controller as a failed
attempt, so that three pass in seconds. Jobs whose state it cannot ask for, five times in a row, it forgets, and then
waits for them for ever. And where it is not told MinJobAge, it asks accounting, which may know nothing.
"""

import asyncio
import re
import threading
import time
from collections.abc import Callable
from typing import Any

from scripts.errors import UserError
from scripts.slurm.allocation import ask

SECONDS = 10.0  # between two looks
LONGEST = 3600.0  # seconds that a submission waits; states are asked for as long as the run goes on
AWAY = re.compile(r"Unable to contact slurm controller|backup controller in standby mode|Zero Bytes were transmitted")


class Patience:
    """What an executor of Slurm jobs does while the controller is away; in force once it is made.

    Args:
        executor: of the plugin.
        plugin: its module.
    """

    def __init__(self, executor: Any, plugin: Any) -> None:
        self.cancelled = threading.Event()
        self._say: Callable[[str], None] = executor.logger.warning
        self._executor = executor
        self._report, executor._report_job_error_threadsafe = executor._report_job_error_threadsafe, self._submit_again
        self._query, plugin.query_job_status = plugin.query_job_status, self._query_until_answered
        self._cancel, executor.cancel = executor.cancel, self._stop
        kept_seconds = plugin.get_min_job_age()
        plugin.get_min_job_age = lambda: kept_seconds

    def _submit_again(self, job: Any, message: str) -> None:
        """In place of a report that a job was not submitted: wait for the controller and submit it, if that is why."""
        if (AWAY.search(message) or not answers()) and self._comes_back():
            self._executor.run_job(job.job)
        else:
            self._report(job, message)

    def _comes_back(self) -> bool:
        """Wait for the controller; whether it answers."""
        self._say("The Slurm controller does not answer; waiting for it to submit jobs.")
        end = time.monotonic() + LONGEST
        while not self.cancelled.wait(SECONDS) and time.monotonic() < end:
            if answers():
                return True
        return False

    async def _query_until_answered(self, command: str, logger: Any) -> tuple[Any, Any]:
        """What the plugin's query_job_status gives, once there is an answer."""
        found: tuple[Any, Any] = await self._query(command, logger)
        if found[0] is None:
            self._say("The Slurm controller does not answer; waiting for it to say how jobs stand.")
        while found[0] is None and not self.cancelled.is_set():
            await asyncio.sleep(SECONDS)
            found = await self._query(command, logger)
        return found

    def _stop(self) -> None:
        """Wait no longer, and cancel the jobs."""
        self.cancelled.set()
        self._cancel()


def answers() -> bool:
    """Whether a controller of the cluster answers."""
    try:
        ask("squeue", "--noheader", "--me", "--format", "%i")
    except UserError:
        return False
    return True
