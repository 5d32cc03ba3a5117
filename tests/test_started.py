"""What a benchmark starts ends with it."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from helping import ROOT

# A benchmark that starts a shell, which starts a program that nobody asks to end.
BENCHMARK = """
import sys
from benchmarks import started
started.run(["bash", "-c", f"sleep 600 & echo $! > {sys.argv[1]}; wait"])
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_benchmark_that_is_ended_leaves_nothing_behind(number: int, tmp_path: Path) -> None:
    told = tmp_path / "pid"
    benchmark = subprocess.Popen([sys.executable, "-c", BENCHMARK, str(told)], cwd=ROOT, stderr=subprocess.PIPE)
    while not (told.exists() and told.read_text().endswith("\n")):
        assert benchmark.poll() is None
        time.sleep(0.01)
    inner = psutil.Process(int(told.read_text()))
    benchmark.send_signal(number)
    benchmark.communicate(timeout=60)
    assert benchmark.returncode != 0
    psutil.wait_procs([inner], timeout=60)
    assert not inner.is_running() or inner.status() == psutil.STATUS_ZOMBIE


# One that is told to end while it starts a program, which is there before it knows of it.
AT_ONCE = """
import os, signal, subprocess, sys
from benchmarks import started
popen = subprocess.Popen
def starts(*args, **named):
    process = popen(*args, **named)
    os.kill(os.getpid(), int(sys.argv[1]))
    print(process.pid, flush=True)
    return process
subprocess.Popen = starts
started.run(["sleep", "600"])
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_has_just_been_started_is_ended_too(number: int) -> None:
    command = [sys.executable, "-c", AT_ONCE, str(int(number))]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False, timeout=60)
    assert done.returncode == 128 + number
    inner = int(done.stdout)
    assert not psutil.pid_exists(inner) or psutil.Process(inner).status() == psutil.STATUS_ZOMBIE


def test_what_it_prints_is_kept() -> None:
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from benchmarks import started; "
    program += "print(started.run(['bash', '-c', 'echo out; echo err >&2; exit 3']))"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert "returncode=3, stdout='out\\n', stderr='err\\n'" in found
