"""A launch that was disturbed is set aside and measured again: a fresh process, in the same job, for the same block.

No job fails for noise. Where no launch of a job is calm, the least disturbed one counts, and its record shows how much
it was disturbed. On a machine that is never calm the next jobs try less: each that came to no calm, with no calm one
since, halves how often a launch is measured again and how long calm is waited for.
"""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts import machine, record
from scripts.cli import log
from scripts.errors import UserError
from scripts.noise import FOREIGN, noisiness, noisy
from scripts.record import Record, SetAside

LOOK_SECONDS = 0.5  # of a look at what else runs: fifty times what the kernel counts by
LONGEST_WAIT = 60.0  # seconds; else as long as the launch itself: to wait for longer than to measure gains nothing
STOPPED = 128 + signal.SIGTERM  # a shell's exit status of a program that SIGTERM ended


def _leave() -> None:
    raise SystemExit(STOPPED)


class Stop:
    """SIGTERM, as a job that launches others hears it: handed on to the launch that runs, and no other is started."""

    def __init__(self) -> None:
        self.told = False
        self.hand_on: Callable[[], Any] = _leave
        signal.signal(signal.SIGTERM, self._hear)
        # A worker that is forked has nobody to hand it on to.
        os.register_at_fork(after_in_child=lambda: signal.signal(signal.SIGTERM, signal.SIG_DFL))

    def _hear(self, *_: Any) -> None:
        self.told = True
        self.hand_on()

    def to(self, hand_on: Callable[[], Any]) -> None:
        """From now on what is heard goes to `hand_on`; so does what was heard before."""
        self.hand_on = hand_on
        if self.told:
            hand_on()


@dataclass(frozen=True)
class Measured:
    """What a job's launches came to."""

    record: Record  # of the launch that counts, with what was set aside
    launch: int  # its number, from 0


def until_calm(launch: Callable[[int, Path], int], output: Path, again: int, stop: Stop) -> Measured:
    """Launch until one is calm, at most 1 + `again` times.

    Args:
        launch: runs a launch, of this number, that writes its record to this path; returns its exit status.
        output: the job's record, as results/<study>/<stage>/records/<point>/b<block>.json; it is not written here.

    Raises:
        SystemExit: the first launch failed, or was told to stop: with its status. A later one costs itself alone.
    """
    tried: list[Record] = []
    failed: list[SetAside] = []
    path = output.with_name(f"{output.name}.launch")
    try:
        while True:
            path.unlink(missing_ok=True)
            began = time.monotonic()
            status = launch(len(tried), path)
            if status and not tried:
                raise SystemExit(status)
            if status:
                log.info(
                    "the launch that measures again ended with %d; the least disturbed one before it counts", status
                )
                if status not in {os.EX_TEMPFAIL, STOPPED}:
                    failed.append(SetAside(seconds=time.monotonic() - began, reason=f"failed: ended with {status}"))
                break
            tried.append(Record.model_validate_json(path.read_bytes()))  # it is not at home there
            stop.to(lambda: None)
            if _is_final(tried[-1]) or not _tries_again(tried, output, again, stop):
                break
    finally:
        path.unlink(missing_ok=True)
    return chosen(tried, failed)


def _is_final(one: Record) -> bool:
    """Whether nothing is gained by another launch: this one is calm, or wrong for a reason that no calm mends."""
    return not noisy(one) or not one.validity.ok or one.resumed


def _tries_again(tried: list[Record], output: Path, again: int, stop: Stop) -> bool:
    """Say what was found, and wait for calm before another launch, where there may be one."""
    last, reasons = tried[-1], "; ".join(noisy(tried[-1]))
    restless = restless_launches(output.parent.parent, last.environment.host)
    if stop.told or len(tried) > (again >> restless):
        log.info("no calm in %d launches (%s); the least disturbed one counts", len(tried), reasons)
        return False
    log.info("set aside after %.1f s: %s; measuring again", last.wall_seconds, reasons)
    wait_for_calm(min(LONGEST_WAIT, last.wall_seconds) / 2**restless, stop)
    return not stop.told


def chosen(tried: list[Record], failed: list[SetAside]) -> Measured:
    """The last launch, where it is calm or wrong for another reason; else the least disturbed one."""
    if _is_final(tried[-1]):
        best = len(tried) - 1
    else:
        best = min(range(len(tried)), key=lambda number: noisiness(tried[number]))
    others = [
        SetAside(seconds=one.seconds, reason="; ".join(noisy(one)))
        for number, one in enumerate(tried)
        if number != best
    ]
    return Measured(tried[best].model_copy(update={"set_aside": others + failed}), best)


def restless_launches(records: Path, host: str) -> int:
    """How many of the newest records of a stage that were made on `host` came, one after the other, to no calm."""
    written: dict[Path, float] = {}
    for file in records.glob("*/b*.json"):
        with suppress(FileNotFoundError):  # of a job that Snakemake has just begun again
            written[file] = file.stat().st_mtime
    found = 0
    for file in sorted(written, key=lambda file: written[file], reverse=True):
        with suppress(UserError):  # of another version
            one = record.read(file)
            if one.environment.host == host and not noisy(one):
                break
            found += one.environment.host == host
    return found


def wait_for_calm(longest: float, stop: Stop) -> bool:
    """Wait until other processes leave this machine alone, as far as a launch needs it; whether they did.

    Args:
        longest: seconds that it may take.
    """
    until = time.monotonic() + longest
    while not stop.told:
        looked, busy, own = time.monotonic(), machine.busy_seconds(), time.process_time()
        time.sleep(LOOK_SECONDS)
        foreign = machine.busy_seconds() - busy - (time.process_time() - own)
        seconds = time.monotonic() - looked
        if foreign <= FOREIGN * seconds * machine.Place.of_this_process().machine_cores:
            return True
        if time.monotonic() >= until:
            log.info("no calm within %.1f s: other processes use %.2f cores", longest, foreign / seconds)
            return False
    return False
