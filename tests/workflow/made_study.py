"""A checkout with studies that have been made once, where one thing at a time is edited, planned with, and put back."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self

from helping import copy_checkout

STAND_INS = (".snakemake/code", ".snakemake/raw")  # which also a dry run brings up to date
Settings = Mapping[str, Any]


class Plan(NamedTuple):
    """What a dry run says."""

    said: str
    jobs: dict[str, Counter[str]]  # of each rule, how many jobs run for which reason, in one word


class MadeStudy:
    """The checkout, and who plans there.

    Args:
        folder: where it is to be.
        tools: a folder of programs that are found before all others.
        copied: the folder of another that it is to be a copy of.
    """

    def __init__(self, folder: Path, tools: Path, copied: Path | None = None) -> None:
        self.folder = shutil.copytree(copied, folder, symlinks=True) if copied else copy_checkout(folder)
        environment = os.environ | {"PATH": os.pathsep.join([str(tools), os.environ["PATH"]])}
        environment["CUDA_VISIBLE_DEVICES"] = ""  # how many GPUs there are changes which points can be trained
        self._planner = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("planner.py"))],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._before: dict[Path, tuple[bytes, int] | None] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._planner.communicate()

    def snakemake(self, study: Settings, *words: str) -> str:
        """What a command prints, with `study` as its config file."""
        (self.folder / "asked.yaml").write_text(json.dumps(study))
        command = ["--profile", "local", "--configfile", "asked.yaml", *words]
        assert self._planner.stdin is not None
        assert self._planner.stdout is not None
        print(json.dumps(command), file=self._planner.stdin, flush=True)
        status, printed = json.loads(self._planner.stdout.readline())
        assert status == 0, printed
        return str(printed)

    def make(self, study: Settings, targets: list[str]) -> None:
        """Mark all as made that is not: a file is laid down in the place of each output that is not there."""
        for _ in range(2):  # some is asked for once other is there
            self.snakemake(study, "--touch", *targets)

    def plan(self, study: Settings, targets: list[str], *more: str) -> Plan:
        said = self.snakemake(study, "--dry-run", *more, *targets)
        jobs: dict[str, Counter[str]] = {}
        for rule, reason in re.findall(r"^(?:local)?rule (\w+):\n.*?^    reason: (.*?)$", said, re.M | re.S):
            jobs.setdefault(rule, Counter())[word(reason)] += 1
        return Plan(said, jobs)

    @contextmanager
    def put_back(self) -> Iterator[None]:
        """What is edited inside is as it was before, with its time, and so is what a dry run brings up to date."""
        kept = [path for name in STAND_INS for path in (self.folder / name).rglob("*") if path.is_file()]
        before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in kept}
        try:
            yield
        finally:
            now = [path for name in STAND_INS for path in (self.folder / name).rglob("*") if path.is_file()]
            for path in {*now} - before.keys():
                path.unlink()
            for path, found in (before | self._before).items():
                _restore(path, found)
            self._before = {}

    def edit(self, name: str, content: bytes | str | None = None, time: int | None = None) -> None:
        """Another content (None: the same), or another time (ns), for a file; it is put back later."""
        path = self._note(name)
        if content is None:
            content = path.read_bytes()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        if time is not None:
            os.utime(path, ns=(time, time))

    def replace(self, name: str, old: str, new: str) -> None:
        text = (self.folder / name).read_text()
        assert old in text, f"{name} has no {old!r}"
        self.edit(name, text.replace(old, new))

    def move(self, name: str, to: str) -> None:
        self._note(to).parent.mkdir(parents=True, exist_ok=True)
        self._note(name).rename(self.folder / to)

    def remove(self, name: str) -> None:
        self._note(name).unlink()

    def files(self, name: str) -> list[Path]:
        """All in a folder, relative to the checkout."""
        return sorted(path.relative_to(self.folder) for path in (self.folder / name).rglob("*") if path.is_file())

    def _note(self, name: str) -> Path:
        path = self.folder / name
        found = (path.read_bytes(), path.stat().st_mtime_ns) if path.is_file() else None
        self._before.setdefault(path, found)
        return path


def _restore(path: Path, found: tuple[bytes, int] | None) -> None:
    if found is None:
        path.unlink(missing_ok=True)
        if not any(path.parent.iterdir()):
            path.parent.rmdir()
    elif not path.is_file() or (path.read_bytes(), path.stat().st_mtime_ns) != found:
        path.write_bytes(found[0])
        os.utime(path, ns=(found[1], found[1]))


# Of several reasons, the first; a file that stands for a program's code is named for it, one for pictures is not.
WORDS = {
    "new": r"not made yet|missing: ",
    "setting": r"settings changed",
    "code": r"\bscripts/\S+ changed|\bscripts/\S+ and \d+ more changed|what \w+\.\S+ is made of changed",
    "rule": r"[Cc]ode has changed",
    "file": r"changed: |changed",
    "follows": r"follows |[Ii]nput files updated by another job",
    "forced": r"[Ff]orced",
}


def word(reason: str) -> str:
    """A job's reason in one word."""
    for name, told in WORDS.items():
        if re.search(told, reason):
            return name
    raise AssertionError(f"no word for the reason {reason!r}")
