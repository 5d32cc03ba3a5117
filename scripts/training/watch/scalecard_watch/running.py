"""Run a script as Python would have, watched."""

from __future__ import annotations

import atexit
import builtins
import faulthandler
import io
import json
import os
import runpy
import signal
import sys
import threading
import types
from importlib.machinery import SourceFileLoader
from time import perf_counter

from . import children, record, watch
from .hooks import CHANGES
from .imports import on_import
from .processes import PROCESSES, forget_in_child, said, status
from .stopping import Enough

BEGAN = perf_counter()
USAGE = "run_watched.py --out FOLDER --options JSON -- SCRIPT ARGUMENTS... (or -m MODULE ARGUMENTS...)"
LEAVING_SECONDS = 30.0  # for what ends after the script: its process group, its threads, its processes


def main(arguments: list[str]) -> None:
    """Read the command line, begin to watch, run the script, and end as it ends."""
    try:
        first, out, second, options, third, *command = arguments
        if (first, second, third) != ("--out", "--options", "--") or command in ([], ["-m"]):
            raise ValueError
        read = json.loads(options)
    except ValueError:
        sys.exit(f"error: found {' '.join(arguments)!r}, expected {USAGE}")
    folder = os.path.abspath(out)
    os.makedirs(folder, exist_ok=True)
    os.environ["SCALECARD_EVENTS"] = folder
    watch.current = watch.Watch(read, BEGAN)
    seen = record.Record(watch.current, folder, rank=int(os.environ.get("RANK", "0")))
    record.begin(seen)
    os.register_at_fork(after_in_child=forget_in_child)
    tell_where_it_hangs(os.path.join(folder, f"stack-{seen.rank}.txt"))
    on_import({**CHANGES, **PROCESSES})
    atexit.register(end_children, seen)  # the first to be registered is the last to be called
    try:
        run(command)
    except SystemExit as error:
        seen.end("script", status(error), said(error) if isinstance(error.code, str) else None)
        if isinstance(error, Enough):
            take_down(seen)
        raise
    except KeyboardInterrupt as error:
        seen.end("signal", 128 + signal.SIGINT, said(error))
        raise
    except BaseException as error:
        seen.end("script", 1, said(error))
        error.__traceback__ = below_this_package(error.__traceback__)
        sys.excepthook(type(error), error, error.__traceback__)
        sys.exit(1)
    seen.end("script", 0, None)


def run(command: list[str]) -> None:
    """What `python COMMAND...` does: a script, a folder or archive with a `__main__`, or `-m` and a module."""
    is_module = command[0] == "-m"
    sys.argv = command[1:] if is_module else command
    main = types.ModuleType("__main__")
    main.__dict__.update(__builtins__=builtins, __file__=None, __cached__=None)
    sys.modules["__main__"] = main
    safe_path = getattr(sys.flags, "safe_path", False)
    if is_module:
        if not safe_path:
            sys.path.insert(0, os.getcwd())
        runpy._run_module_as_main(sys.argv[0])  # type: ignore[attr-defined]
        return
    script = command[0]
    if os.path.isdir(script):
        runpy.run_path(script, run_name="__main__")
        return
    try:
        with io.open_code(os.path.abspath(script)) as file:
            source = file.read()
    except OSError as error:
        print(f"can't open file {script!r}: {error.strerror}", file=sys.stderr)
        sys.exit(2)
    if source.startswith(b"PK"):  # a zip archive
        runpy.run_path(script, run_name="__main__")
        return
    if not safe_path:
        sys.path.insert(0, os.path.dirname(os.path.realpath(script)))
    main.__dict__.update(__file__=os.path.abspath(script), __loader__=SourceFileLoader("__main__", script))
    exec(compile(source, script, "exec", dont_inherit=True), main.__dict__)


def below_this_package(trace: types.TracebackType | None) -> types.TracebackType | None:
    """The part of a traceback that Python would have shown."""
    here = os.path.dirname(__file__)
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith((here, "<frozen runpy", runpy.__file__)):
        trace = trace.tb_next
    return trace


def tell_where_it_hangs(path: str) -> None:
    """On SIGTERM, unless the script handles it, write where all threads are, and die of it."""
    file = open(path, "w", encoding="utf-8")  # noqa: SIM115 - open for as long as the process lives
    faulthandler.register(signal.SIGTERM, file, all_threads=True, chain=True)


def take_down(seen: record.Record) -> None:
    """After Enough: end the process group, which the script would have done; nothing may hang."""

    def leave() -> None:
        seen.ending["forced"] = True
        seen.write()
        record.leave(0)

    guard = threading.Timer(LEAVING_SECONDS, leave)
    guard.daemon = True
    guard.start()
    distributed = sys.modules.get("torch.distributed")
    if distributed is not None and distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()


def end_children(seen: record.Record) -> None:
    """What is left when all else has been taken down is ended, and named."""
    if left := children.end_left():
        seen.ending["children"] = left
        seen.write()
