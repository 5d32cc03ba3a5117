"""In place of Snakemake's account of every job: a live line on a terminal, elsewhere one line a measurement.

The Snakefile asks for it when a real run starts (`onstart`): the place of Snakemake's handler of log messages is taken
by one that moves a Progress on by the messages of jobs, and hands all others, errors and warnings among them, to
Snakemake's own. Its log file gets every message as ever. Nothing is drawn but when a job starts or ends: no thread
wakes up beside a measurement.
"""

import logging
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from scripts import record
from scripts.errors import UserError
from scripts.report.terminal.estimate import Pace, Work
from scripts.report.terminal.progress import Job, Progress, Said, measuring

if TYPE_CHECKING:
    from rich.live import Live

# What Snakemake says of every job (LogEvent of its interface for loggers), and what it says in words alone.
OF_EACH_JOB = {"job_info", "shellcmd", "job_started", "job_finished", "progress", "group_info", "resources_info"}
IN_WORDS = re.compile(r"Select jobs to execute|Job \d+ has been submitted|Job rate limit reached")
AT_THE_END = re.compile(r"Terminating processes|Shutting down|Complete log")
SNAKEMAKES = "DefaultStreamHandler"  # as Snakemake names its own


class View(Protocol):
    """Where a run is read."""

    def say(self, said: Said, progress: Progress) -> None:
        """What has come of a job."""

    def draw(self, progress: Progress) -> None:
        """What there is now."""

    def clear(self) -> None:
        """Make room for what others say."""


class Plain:
    """Where people read later: every line stays."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def say(self, said: Said, progress: Progress) -> None:
        end = progress.end(time.time()) if said.measured else ""
        print(f"{said.text}; ends {end}" if end else said.text, file=self.stream, flush=True)

    def draw(self, progress: Progress) -> None:
        pass

    def clear(self) -> None:
        pass


class Terminal:
    """Where somebody looks on: two lines that follow the run, and above them only what does not count."""

    def __init__(self, stream: TextIO, no_color: bool) -> None:
        self.stream, self.no_color = stream, no_color
        self.live: Live | None = None
        self.drawn = ""

    def say(self, said: Said, progress: Progress) -> None:  # noqa: ARG002
        if not said.counts:
            self.clear()
            print(said.text, file=self.stream, flush=True)

    def draw(self, progress: Progress) -> None:
        headline, drawn = progress.headline(), self.drawn
        if not headline:
            return  # between two jobs what stands there stays
        self.drawn = f"{headline}\n{progress.summary(time.time())}"
        if self.live is not None and self.drawn == drawn:
            return
        from rich.console import Console
        from rich.live import Live
        from rich.text import Text

        lines = Text(self.drawn, no_wrap=True, overflow="ellipsis")
        lines.highlight_regex(r"^.*", "bold")
        if self.live is None:
            console = Console(file=self.stream, no_color=self.no_color or None, highlight=False)
            self.live = Live(
                lines,
                console=console,
                auto_refresh=False,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self.live.start(refresh=True)
        else:
            self.live.update(lines, refresh=True)

    def clear(self) -> None:
        if self.live is not None:
            self.live.stop()
            self.live = None


class RunHandler(logging.Handler):
    """Takes Snakemake's messages: those of jobs move `progress` on, all others go to `inner`, its own handler."""

    def __init__(self, inner: logging.Handler, progress: Progress, view: View) -> None:
        super().__init__(inner.level)
        self.inner, self.progress, self.view = inner, progress, view
        self.ended = False

    def emit(self, record: logging.LogRecord) -> None:
        """One message at a time: `handle` holds the lock."""
        try:
            event = getattr(record, "event", None)
            if event is not None:
                self._follow(str(event), record)
            if event not in OF_EACH_JOB and not (event is None and IN_WORDS.match(str(record.msg))):
                self.view.clear()
                self.inner.handle(record)
                self.ended = self.ended or bool(AT_THE_END.match(str(record.msg)))
            if not self.ended and not self.progress.is_over:
                self.view.draw(self.progress)
        except Exception:
            self.handleError(record)

    def _follow(self, event: str, message: logging.LogRecord) -> None:
        now, said, told = time.time(), None, message.__dict__
        if event == "job_started":
            self.progress.start(told["jobs"], now)
        elif event == "job_error":
            self.progress.fail(told["jobid"])
        elif event == "job_finished":
            said = self.progress.finish(told["job_id"], now)
        if said is not None:
            self.view.say(said, self.progress)
        if event == "job_finished" and self.progress.is_over:
            self.view.clear()
            if words := self.progress.last_words():
                self.view.say(Said(words, measured=False, counts=False), self.progress)

    def close(self) -> None:
        """Leave the terminal as it was found."""
        with suppress(Exception):
            self.view.clear()
        self.inner.close()
        super().close()


def show_run(workflow: Any, study: Any, points: Mapping[str, Mapping[str, Any]]) -> None:
    """Let a real run be read, unless the user wants Snakemake's own words (`--verbose`, `--printshellcmds`) or none.

    Args:
        workflow: Snakemake's, its jobs known.
        study: the checked study.
        points: of each stage that measures, by id.
    """
    output, logger = workflow.output_settings, workflow.logger_manager.logger
    inner = next((one for one in logger.handlers if one.name == SNAKEMAKES), None)
    told = (
        output.verbose
        or output.printshellcmds
        or output.debug_dag
        or {"all", "progress"} & set(map(_word, output.quiet or ()))
    )
    if inner is None or told or workflow.touch or not workflow.is_main_process:
        return
    blocks = {"loading": study.loading.blocks, "training": study.training.blocks}
    dag = workflow.dag
    jobs = {dag.jobid(job): job_of(job, points, blocks) for job in dag.needrun_jobs()}
    progress = Progress(jobs, standing(study.study, points, jobs), side_by_side=not workflow.local_exec)
    stream = inner.stream
    on_terminal = stream.isatty() and inner.can_color_tty()
    view = Terminal(stream, output.nocolor) if on_terminal else Plain(stream)
    logger.removeHandler(inner)
    logger.addHandler(RunHandler(inner, progress, view))


def _word(quietness: Any) -> str:
    return str(getattr(quietness, "name", quietness)).lower()


def job_of(job: Any, points: Mapping[str, Mapping[str, Any]], blocks: Mapping[str, int]) -> Job:
    """A job as the terminal tells of it, from Snakemake's."""
    rule, wildcards = job.rule.name, {name: value for name, value in job.wildcards_dict.items() if name != "study"}
    point, block = wildcards.get("point"), wildcards.get("block")
    if point is None:
        return Job(rule, " ".join(wildcards.values()), None, None, silent=not job.output)
    if block is None or not hasattr(job.output, "record"):  # a look into a training, which takes about as long
        work = Work(rule, "training", point, _workers(points, "training", point))
        return Job(rule, f"{point} (block {block})", work, None)
    path = Path(job.output.record)
    stage = path.parts[-4]
    return measuring(path, rule, point, int(block), blocks[stage], _workers(points, stage, point))


def _workers(points: Mapping[str, Mapping[str, Any]], stage: str, point: str) -> int | None:
    found = points[stage].get(point)
    return None if found is None else found.workers


def standing(study: str, points: Mapping[str, Mapping[str, Any]], jobs: Mapping[int, Job]) -> Pace:
    """What the records that this run does not write anew tell of seconds."""
    pace = Pace()
    anew = {job.record for job in jobs.values()}
    for stage in points:
        for path in sorted(Path(f"results/{study}/{stage}/records").glob("*/b*.json")):
            if path not in anew:
                with suppress(UserError, OSError):  # of another version
                    pace.learn(record.read(path))
    return pace
