"""How far is a run? What runs, what is measured, which launches did not count and why; the sentences that say so."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from scripts import record
from scripts.errors import UserError
from scripts.format import number
from scripts.report.terminal.estimate import Pace, Work, seconds_left, seconds_left_side_by_side
from scripts.scaling.comparing.faults import faults, noisy

SHOWN = 2  # jobs that run side by side are named up to so many


@dataclass(frozen=True)
class Job:
    """A job of this run."""

    rule: str
    name: str  # what tells it from others of its rule; empty where it has none
    work: Work | None  # where records tell how long it takes
    record: Path | None  # that it writes, where it measures
    silent: bool = False  # a target, which does nothing

    def __str__(self) -> str:
        return self.name if self.record else f"{self.rule} {self.name}".strip()


class Said(NamedTuple):
    """What is to be said of a job that has ended."""

    text: str
    measured: bool  # it was a measurement
    counts: bool  # nothing speaks against it


def measuring(path: Path, rule: str, point: str, block: int, blocks: int, workers: int | None) -> Job:
    """A job that measures block `block` of `blocks` into results/<study>/<stage>/records/<point>/b<block>.json."""
    stage = path.parts[-4]
    of = f" of {blocks}" if block <= blocks else ""  # a block that confirms is one of none
    name = f"{point} ({stage}, block {block}{of})"
    return Job(rule, name, Work(rule, stage, point, workers), path)


@dataclass
class Progress:
    """The state of a run, moved on by what Snakemake says. Times are seconds since 1970."""

    jobs: Mapping[int, Job]  # all that are to run, by Snakemake's number
    pace: Pace
    side_by_side: bool  # measurements too, as on a cluster
    running: dict[int, float] = field(default_factory=dict)  # since when
    done: set[int] = field(default_factory=set)
    failed: set[int] = field(default_factory=set)  # and not started again
    uncounted: Counter[str] = field(default_factory=Counter)  # launches that did not count, by the first reason
    set_aside: Counter[str] = field(default_factory=Counter)  # launches that were measured again, likewise
    noisy: Counter[str] = field(default_factory=Counter)  # launches that count though no calm one came, likewise
    started: float | None = None  # of the first measurement

    def start(self, job_ids: Iterable[int], now: float) -> None:
        """Jobs run, or are submitted."""
        known = [job_id for job_id in job_ids if job_id in self.jobs]
        self.running |= dict.fromkeys(known, now)
        self.failed.difference_update(known)
        if self.started is None and any(self.jobs[job_id].record for job_id in known):
            self.started = now

    def fail(self, job_id: int) -> None:
        """A job ended without what it was to make; it may be started again."""
        if self.running.pop(job_id, None) is not None:
            self.failed.add(job_id)

    def finish(self, job_id: int, now: float) -> Said | None:
        """A job has ended well: what is to be said of it; None of what needs no word."""
        since = self.running.pop(job_id, now)
        if job_id not in self.jobs or job_id in self.done:
            return None
        self.done.add(job_id)
        job = self.jobs[job_id]
        if job.record is None:
            return self._rule_done(job)
        try:
            one = record.read(job.record)
        except (UserError, OSError) as error:
            return self._does_not_count(job, [f"no record: {error}"])
        if job.work is not None:
            self.pace.took(job.work, now - since, one)
        aside = [launch.reason for launch in one.set_aside]
        self.set_aside.update(map(kind, aside))
        if reasons := faults(one):
            return self._does_not_count(job, reasons)
        text = f"{job} in {one.wall_seconds:.1f} s, {number(one.images_per_second)} images/s"
        if reasons := noisy(one):
            self.noisy[kind(reasons[0])] += 1
            text += f", noisy ({'; '.join(reasons)})"
        if aside:
            text += f", {launches(len(aside))} set aside ({'; '.join(aside)})"
        return Said(f"{self.measured}: measured {text}", measured=True, counts=True)

    def _does_not_count(self, job: Job, reasons: list[str]) -> Said:
        self.uncounted[kind(reasons[0])] += 1
        return Said(f"{self.measured}: {job} does not count: {'; '.join(reasons)}", measured=True, counts=False)

    def _rule_done(self, job: Job) -> Said | None:
        alike = [job_id for job_id, other in self.jobs.items() if other.rule == job.rule]
        if job.silent or not self.done.issuperset(alike):
            return None
        jobs = f": {len(alike)} jobs" if len(alike) > 1 else ""
        return Said(f"{job.rule}{jobs} done", measured=False, counts=True)

    @property
    def measured(self) -> str:
        """How many of how many: measurements, or jobs where a run measures nothing."""
        counted = {job_id for job_id, job in self.jobs.items() if job.record} or self.jobs.keys()
        return f"{len(counted & self.done)} of {len(counted)}"

    @property
    def is_measuring(self) -> bool:
        """Whether this run measures at all."""
        return any(job.record for job in self.jobs.values())

    @property
    def is_over(self) -> bool:
        """Whether all is done."""
        return len(self.done) == len(self.jobs)

    def last_words(self) -> str:
        """What a run that is over has measured; empty where it measured nothing."""
        if not self.is_measuring:
            return ""
        parts = [self.not_counted() if self.uncounted else "all of them count", *self.disturbances()]
        return f"{self.measured} measured; {'; '.join(parts)}."

    def headline(self) -> str:
        """What runs now; empty where nothing does."""
        running = [self.jobs[job_id] for job_id in self.running if not self.jobs[job_id].silent]
        if not running:
            return ""
        if len(running) == 1:
            since = min(self.running.values())
            verb = "submitted" if self.side_by_side else "measuring" if running[0].record else "running"
            return f"{verb} {running[0]} since {time.strftime('%H:%M', time.localtime(since))}"
        named = " and ".join(str(job) for job in running[:SHOWN])
        among = ", among them" if len(running) > SHOWN else ":"
        return f"{len(running)} {'submitted' if self.side_by_side else 'running'}{among} {named}"

    def summary(self, now: float) -> str:
        """How much is measured, what did not count, and when it will end."""
        parts = [f"{self.measured} {'measured' if self.is_measuring else 'jobs'}"]
        if self.failed:
            parts.append(f"{len(self.failed)} failed")
        if self.uncounted:
            parts.append(self.not_counted())
        parts += self.disturbances()
        if end := self.end(now):
            parts.append(f"ends {end}")
        return " · ".join(parts)

    def not_counted(self) -> str:
        """Launches that did not count, by reason."""
        return f"{self.uncounted.total()} did not count ({by_kind(self.uncounted)})"

    def disturbances(self) -> list[str]:
        """Launches that were measured again, and noisy ones that count, by reason; empty where all was calm."""
        found = []
        if self.set_aside:
            found.append(f"{launches(self.set_aside.total())} set aside ({by_kind(self.set_aside)})")
        if self.noisy:
            found.append(f"{self.noisy.total()} noisy ({by_kind(self.noisy)})")
        return found

    def end(self, now: float) -> str:
        """`about 14:32`, when the last measurement will have ended; empty where that cannot be told."""
        timed = {job_id: job.work for job_id, job in self.jobs.items() if job.work is not None}
        begun = self.done | self.failed | self.running.keys()
        waiting = [work for job_id, work in timed.items() if job_id not in begun]
        running = [(work, now - self.running[job_id]) for job_id, work in timed.items() if job_id in self.running]
        if not waiting and not running:
            return ""
        if self.side_by_side:
            done = [timed[job_id] for job_id in self.done if job_id in timed]
            left = [*waiting, *(work for work, _ in running)]
            seconds = seconds_left_side_by_side(self.pace, left, done, now - (self.started or now))
        else:
            seconds = seconds_left(self.pace, waiting, running)
        return "" if seconds is None else f"about {clock(now + seconds, now)}"


def kind(reason: str) -> str:
    """What a reason begins with: `disturbed`, `drifted`, a check's name."""
    return reason.partition(":")[0]


def by_kind(reasons: Counter[str]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())


def launches(count: int) -> str:
    return f"{count} launch{'es' if count > 1 else ''}"


def clock(then: float, now: float) -> str:
    """A time of day, with its weekday where that is not today's: `14:32`, `Tue 09:05`."""
    day = "" if time.localtime(then)[:3] == time.localtime(now)[:3] else "%a "
    return time.strftime(f"{day}%H:%M", time.localtime(then))
