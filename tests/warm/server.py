"""Imports what programs need, once; then forks a process for each command that a client (client.py) sends.

Started by the first client that needs it; ends with the tests that need it, whose process it is told.
"""

import contextlib
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import sys
from pathlib import Path
from typing import Any

SCHEMAS = "pydantic.main pydantic.types pydantic.functional_validators pydantic.fields statistics"
TABLES = f"{SCHEMAS} numpy pandas pyarrow.parquet cv2 PIL.Image simplejpeg psutil scipy.stats scipy.optimize jinja2"
TABLES += " rich.table"
SNAKEMAKE = "snakemake.cli snakemake.api snakemake.profiles snakemake.report.html_reporter smart_open yaml PIL.Image"
LIBRARIES = {
    "snakemake": f"{SCHEMAS} {SNAKEMAKE} snakemake_executor_plugin_slurm pynvml packaging.version",
    "tables": f"{TABLES} matplotlib.figure matplotlib.backends.backend_agg matplotlib.backends.backend_svg",
    "torch": f"{TABLES} torch torchvision torch.distributed.launcher.api torch.distributed.fsdp torch._dynamo",
}
Request = dict[str, Any]


def receive(connection: socket.socket) -> tuple[Request, list[int]]:
    length, files, _, _ = socket.recv_fds(connection, 20, 3)
    content = b""
    while len(content) < int(length):
        content += connection.recv(1 << 20)
    return json.loads(content), files


def become(request: Request, files: list[int]) -> None:
    """In the forked process: all that tells a program from another but its code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for own, given in enumerate(files):
        os.dup2(given, own)
        os.close(given)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    here = [] if os.environ.get("PYTHONSAFEPATH") else [str(Path.cwd())]
    sys.path[:0] = [*here, *(str(Path(path).absolute()) for path in paths if path)]
    sys.executable = request["python"]
    sys.argv = ["-m", *request["words"][1:]]
    sys.orig_argv = [sys.executable, "-m", *request["words"]]
    importlib.invalidate_caches()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    if request["words"][0].startswith("scripts."):
        calibrate_briefly()


def calibrate_briefly() -> None:
    """Real work, a tenth as long, where the repository is the working folder or on the path."""
    with contextlib.suppress(ModuleNotFoundError):
        calibration: Any = importlib.import_module("scripts.calibration")
        calibration.WINDOW_SECONDS, calibration.LEAST_RUNS, calibration.WAKING_SECONDS = 0.0, 3, 0.0


def serve(path: str, session: int, tells: int) -> str:
    """Fork until the tests end; returns in the forked processes only, with the name of the module to run."""
    heard, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen(64)
    os.write(tells, b".")
    os.close(tells)
    asked: dict[int, socket.socket] = {}  # by process
    with selectors.DefaultSelector() as selector:
        selector.register(listening, selectors.EVENT_READ)
        selector.register(heard, selectors.EVENT_READ)
        while Path(path).exists() and Path(f"/proc/{session}").exists():
            for key, _ in selector.select(timeout=1):
                if key.fileobj is heard:
                    os.read(heard, 1 << 10)
                elif key.fileobj is not listening:  # a client is gone, and with it who wanted the program
                    selector.unregister(key.fileobj)
                    for process, connection in asked.items():
                        if connection is key.fileobj:
                            os.kill(process, signal.SIGKILL)
                else:
                    connection, _ = listening.accept()
                    request, files = receive(connection)
                    if (process := os.fork()) == 0:
                        signal.set_wakeup_fd(-1)
                        for one in (listening, connection, *asked.values()):
                            one.close()
                        os.close(heard)
                        os.close(wake)
                        become(request, files)
                        return str(request["words"][0])
                    for file in files:
                        os.close(file)
                    connection.sendall(f"{process}\n".encode())
                    asked[process] = connection
                    selector.register(connection, selectors.EVENT_READ)
            end_of_processes(asked, selector)
    os._exit(0)


def end_of_processes(asked: dict[int, socket.socket], selector: selectors.BaseSelector) -> None:
    """Tell the clients of processes that have ended how they did."""
    while asked:
        process, status = os.waitpid(-1, os.WNOHANG)
        if not process:
            return
        connection = asked.pop(process)
        with contextlib.suppress(KeyError, ValueError):
            selector.unregister(connection)
        with contextlib.suppress(OSError):
            connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
        connection.close()


if __name__ == "__main__":
    sys.path.pop(0)  # this file's folder
    for name in LIBRARIES[sys.argv[1]].split():
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    runpy._run_module_as_main(serve(sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))  # type: ignore[attr-defined]
