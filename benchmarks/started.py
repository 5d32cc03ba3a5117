"""What a benchmark starts ends with it, on SIGTERM too, and with it what that has started.

A Snakemake whose listener is gone would wait for ever, and its jobs would go on beside the next measurement.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

SIGNALS = (signal.SIGTERM, signal.SIGINT)


def run(
    command: Sequence[str], folder: Path | None = None, environment: dict[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """As subprocess.run, with what it prints kept."""
    heard: list[int] = []  # before it is known what is to be ended

    def leave(number: int, _: object = None) -> None:
        sys.exit(128 + number)

    before = {number: signal.signal(number, lambda got, _: heard.append(got)) for number in SIGNALS}
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
        for number in SIGNALS:
            signal.signal(number, leave)
        if heard:
            leave(heard[0])
        printed, said = process.communicate()
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return subprocess.CompletedProcess(command, process.returncode, printed, said)
