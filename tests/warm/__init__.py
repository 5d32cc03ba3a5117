"""Programs without the seconds in which each imports the same libraries.

A process that has imported them (server.py) forks one that becomes the program: with its arguments, folder, environment
and open files, and with the repository's own code, which it reads for itself. What it starts with `python -m` or with
`sys.executable` starts in the same way, by a small program in the place of the interpreter (client.py).

What a program asks of the cores' speed before and after its work takes a tenth of the time.

What the interpreter or a library reads as it starts (threads, allocator, cores) tells such processes apart: there is
one for each. A program that leaves the network, and all but those that client.py names, gets an interpreter of its own.
"""

import atexit
import json
import os
import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent


@cache
def interpreter() -> Path:
    """What stands for the interpreter until this process ends."""
    folder = Path(tempfile.mkdtemp(prefix="warm-"))
    about = {"python": sys.executable, "server": str(HERE / "server.py"), "session": os.getpid()}
    (folder / "about.json").write_text(json.dumps(about), encoding="utf-8")
    program = folder / "python"
    client = (HERE / "client.py").read_text(encoding="utf-8")
    program.write_text(f"#!{Path(sys.executable).resolve()} -IS\n{client}", encoding="utf-8")
    program.chmod(0o755)
    atexit.register(_remove, folder, os.getpid())
    return program


def _remove(folder: Path, owner: int) -> None:
    """By which the processes that wait there know that nobody comes any more."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)
