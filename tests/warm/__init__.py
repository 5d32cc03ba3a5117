"""Programs without the seconds in which each imports the same libraries.

A process that has imported them (server.py) forks one that becomes the program: with its arguments, folder, environment
and open files, and with the repository's own code, which it reads for itself. What it starts with `python -m` or with
`sys.executable` starts in the same way, by a small program in the place of the interpreter (client.py).

What the interpreter or a library reads as it starts (threads, allocator, cores) tells such processes apart: there is one
for each. A program that leaves the network, and all but `-m scripts...` and `-m snakemake`, gets an interpreter of its own.
"""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def interpreter(folder: Path) -> Path:
    """Make in `folder` what stands for the interpreter as long as this process lives and the folder is there."""
    program = folder / "bin" / "python"
    program.parent.mkdir()
    client = (HERE / "client.py").read_text(encoding="utf-8")
    about = {"REAL": sys.executable, "FOLDER": str(folder), "SERVER": str(HERE / "server.py"), "SESSION": os.getpid()}
    head = "".join(f"{name} = {value!r}\n" for name, value in about.items())
    program.write_text(f"#!{Path(sys.executable).resolve()} -IS\n{head}{client}", encoding="utf-8")
    program.chmod(0o755)
    return program
