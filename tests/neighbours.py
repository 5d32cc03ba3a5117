"""Other processes that take cores from a measurement, and programs that see no others.

What else runs on the machine of a test nobody can say. So the neighbours are real and burn real cores, as far as nobody
else wants them, but a program that is started with `environment` sees them and itself only, takes each for the core
that it would have on an idle machine, and has cores that never change their speed.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from helping import ROOT

SITE = """
import time
from contextlib import suppress
from pathlib import Path

import psutil

from scripts import calibration, machine


def busy_seconds():
    found = machine.tree_usage().cpu_seconds
    for process in Path({pids!r}).read_text().split():
        with suppress(psutil.Error):
            found += time.time() - psutil.Process(int(process)).create_time()
    return found


machine.busy_seconds = busy_seconds
calibration.calibrate = lambda cores=1: calibration.Calibration(0.004, 0.01)
"""


class Neighbours:
    """One process for each core that does nothing but burn it."""

    def __init__(self, folder: Path) -> None:
        self.pids, first = folder / "pids", folder / "first"
        self.pids.write_text("")
        first.mkdir()
        (first / "sitecustomize.py").write_text(SITE.format(pids=str(self.pids)))  # runs before a program
        self.environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(first), str(ROOT)])}
        self.burning: list[subprocess.Popen[bytes]] = []

    def burn(self) -> None:
        """From now on."""
        words = ["nice", "-n", "19", sys.executable, "-IS", "-c", "while True: pass"]  # what nobody else wants
        self.burning = [subprocess.Popen(words) for _ in range(os.cpu_count() or 1)]
        self.pids.write_text(" ".join(str(one.pid) for one in self.burning))

    def leave(self) -> None:
        """Be gone."""
        for one in self.burning:
            one.kill()
            one.wait()
        self.burning = []


def read_until(process: "subprocess.Popen[str]", word: str) -> str:
    """What a program says up to a line with `word`."""
    said = ""
    assert process.stderr is not None
    for line in process.stderr:
        said += line
        if word in line:
            return said
    raise AssertionError(f"it never said {word!r}:\n{said}")


def wait_until(there: Callable[[], bool], process: "subprocess.Popen[str]") -> None:
    """Wait for what a program will have done, unless it ends before."""
    while not there():
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.02)


def all_end(processes: list[psutil.Process]) -> bool:
    """Whether none of them is left; they get a minute."""
    _, left = psutil.wait_procs(processes, timeout=60)
    return [one for one in left if one.status() != psutil.STATUS_ZOMBIE] == []
