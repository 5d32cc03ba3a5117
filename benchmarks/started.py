"""What a benchmark starts ends with it, on SIGTERM too, and with it what that has started.

A Snakemake whose listener is gone would wait for ever, and its jobs would go on beside the next measurement.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def run(
    command: Sequence[str], folder: Path | None = None, environment: dict[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """As subprocess.run, with what it prints kept."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=pipe,
        stderr=pipe,
        text=True,
        start_new_session=True,  # a group of its own, with all that it starts
    )
    try:
        printed, said = process.communicate()
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise
    finally:
        signal.signal(signal.SIGTERM, before)
    return subprocess.CompletedProcess(command, process.returncode, printed, said)
