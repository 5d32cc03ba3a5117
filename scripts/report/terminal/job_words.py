"""What Snakemake says of a job before it runs, or in a dry run, cut to what a person reads.

Of long lists the first and the last file and how many there are; for a program's code the source that changed; of
settings the keys that differ; of what earlier jobs make their rules. `--verbose` leaves all as Snakemake has it.

It rests on names inside Snakemake, which requirements.lock pins: a job's Reason, and the DAG's jobs.
"""

import ast
import copy
import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from snakemake_interface_logger_plugins.common import LogEvent

from scripts.closure import stood_for

MOST = 3  # files, sources or settings that are named one by one
LONGEST = 40  # characters of a setting's value
# Resources that Snakemake derives from others, or that only a program takes.
UNSAID = frozenset(("attempt", "disk", "disk_mb", "disk_mib", "launcher", "mem", "mem_mib", "tasks", "tmpdir"))


class JobWords(logging.Filter):
    """Rewrites what the log says of a job; drops nothing.

    Args:
        workflow: Snakemake's.
        stand_ins: folders of files that stand for many (scripts/closure.py, scripts/images/seen.py), and where the
            many lie.
    """

    def __init__(self, workflow: Any, stand_ins: dict[Path, Path]) -> None:
        super().__init__()
        self.workflow = workflow
        self.stand_ins = {f"{folder}/": root for folder, root in stand_ins.items()}
        self._jobs: dict[int, Any] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(record, "event", None) == LogEvent.JOB_INFO:
            with suppress(Exception):  # no run may end for its words: Snakemake's own are then left
                self._rewrite(record)
        return True

    def _rewrite(self, said: Any) -> None:
        """`said` has the fields of Snakemake's event."""
        said.reason = self._reason(self._job(said.jobid))
        said.input = shortened([name for name in said.input if not name.startswith(tuple(self.stand_ins))])
        said.output = shortened(said.output)
        said.resources = {name: value for name, value in said.resources.items() if value and name not in UNSAID}
        said.wildcards = {name: value for name, value in said.wildcards.items() if name != "study"}
        said.priority = 0  # left out: a hash that shuffles the points of a block
        if self.workflow.dryrun:
            said.log = []

    def _job(self, number: int) -> Any:
        if number not in self._jobs:
            self._jobs = {self.workflow.dag.jobid(job): job for job in self.workflow.dag.jobs}
        return self._jobs[number]

    def _reason(self, job: Any) -> str:
        dag = self.workflow.dag
        reason = dag.reason(job)
        if reason.forced:
            return str(reason)
        words = []
        if reason.missing_output:
            none = not any(Path(name).exists() for name in job.output)
            words.append("not made yet" if none else f"missing: {listed(sorted(reason.missing_output))}")
        changed = sorted(set(reason.updated_input) - set(reason.updated_input_run))
        for folder, root in self.stand_ins.items():
            names = [name for name in changed if name.startswith(folder)]
            words += [f"{listed(changed_files(Path(name), root, job.output))} changed" for name in names]
        if data := [name for name in changed if not name.startswith(tuple(self.stand_ins))]:
            words.append(f"changed: {listed(data)}")
        if reason.params_changed:
            words.append(settings_changed(reason.params_changed.only_old, reason.params_changed.only_new))
        before = {one.rule.name for one in dag.dependencies[job] if dag.needrun(one)}
        if reason.updated_input_run and before:
            words.append(f"follows {listed(sorted(before))}")
        return "; ".join([*words, *_others(reason)])


def _others(reason: Any) -> list[str]:
    """What Snakemake says of the rest."""
    rest = copy.copy(reason)
    rest._missing_output = rest._updated_input = rest._updated_input_run = None
    rest.params_changed = False
    return [str(rest)] if str(rest) else []


def shortened(names: Sequence[str]) -> list[str]:
    """The first and the last of many names, and their number; a few as they are."""
    if len(names) <= MOST:
        return list(names)
    return [names[0], f"... {names[-1]} ({len(names)} files)"]


def listed(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = len(names) - MOST
    return ", ".join(names[:MOST]) + (f" and {more} more" if more > 0 else "")


def changed_files(stand_in: Path, root: Path, outputs: Sequence[str]) -> list[str]:
    """The files in `root`, of those that `stand_in` lists, that are newer than the oldest of the outputs; the name of
    `stand_in` where none is: an edit can keep a file's time, and a file can be gone.
    """
    made = min((Path(name).stat().st_mtime_ns for name in outputs if Path(name).exists()), default=0)
    newer = [
        name for name in stood_for(stand_in) if (root / name).is_file() and (root / name).stat().st_mtime_ns > made
    ]
    return newer or [f"what {stand_in.name} is made of"]


def settings_changed(before: set[str], now: set[str]) -> str:
    """The settings by which two specs (scripts/spec.py) differ; Snakemake keeps of each the repr of its JSON."""
    try:
        [old], [new] = ([json.loads(ast.literal_eval(one)) for one in both] for both in (before, now))
    except (ValueError, SyntaxError, TypeError):  # several of each, or none: a rule of another shape
        return "settings changed"
    return f"settings changed: {listed(list(_differences(old, new)))}"


def _differences(before: Any, now: Any, key: str = "") -> Iterator[str]:
    if isinstance(before, dict) and isinstance(now, dict):
        for name in sorted(before.keys() | now.keys()):
            yield from _differences(before.get(name), now.get(name), f"{key}.{name}" if key else name)
    elif before != now:
        yield f"{key}: {_short(before)} -> {_short(now)}"


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
