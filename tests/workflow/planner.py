"""Answers dry runs, one after another: a process that has imported Snakemake and a checkout's programs forks for each.

It runs in the checkout. Each line of its input holds the words of a command, as JSON; so does each line of its output
how the command ended and what it printed. The command is the user's own; only what it imports is there before.
"""

import contextlib
import gc
import importlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any


def make_outputs(dag: Any) -> None:
    """Lay down what jobs would make: `--touch` remembers it then as made by them."""
    for job in dag.needrun_jobs():
        for output in job.output:
            path = Path(output)
            path.parent.mkdir(parents=True, exist_ok=True)
            if output.is_directory:
                path.mkdir(exist_ok=True)
            elif not path.exists():
                path.write_text(f"{path}, by {job.rule.name}\n")


def become(words: list[str], printed: int, imported: int) -> None:
    """In the forked process: run a command of Snakemake; leaves in `imported` the names of what it has imported."""
    os.dup2(printed, 1)
    os.dup2(printed, 2)
    from snakemake.cli import main

    if "--touch" in words:
        from snakemake.dag import DAG
        from snakemake.executors import touch
        from snakemake.workflow import Workflow

        DAG.check_touch_compatible, touch.Executor.SLEEPING_TIME = make_outputs, 0
        Workflow.onsuccess = lambda *_: None  # which would print an answer
    sys.argv = ["snakemake", *words]
    status: Any = 1
    try:
        main(words)
    except SystemExit as ended:
        status = ended.code
        if isinstance(status, str):
            print(status, file=sys.stderr)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os.write(imported, json.dumps(list(sys.modules)).encode())
        os._exit(status if isinstance(status, int) else 1)


def main() -> None:
    sys.path[0] = os.getcwd()  # noqa: PTH109 - as an interpreter has it
    there = False
    for line in sys.stdin:
        with tempfile.TemporaryFile() as printed, tempfile.TemporaryFile() as imported:
            if (process := os.fork()) == 0:
                become(json.loads(line), printed.fileno(), imported.fileno())
            _, status = os.waitpid(process, 0)
            printed.seek(0)
            print(json.dumps([os.waitstatus_to_exitcode(status), printed.read().decode()]), flush=True)
            if not there:
                imported.seek(0)
                for name in json.loads(imported.read()):
                    with contextlib.suppress(Exception):  # some are made by others as they are imported
                        importlib.import_module(name)
                gc.collect()
                gc.freeze()
                there = True


if __name__ == "__main__":
    main()
