"""What is different in the processes of a test's run; Python imports this first, since its folder is on the PYTHONPATH.

- Slurm's executor looks at the queue each second. By itself it waits ten seconds more after each look that saw no end.
- Rank 0 of a training stops itself (SIGSTOP) behind its first checkpoint, where HOLD_ATTEMPTS holds the attempt; where
  it holds it several times, so do the runs of a job that Slurm requeues. A test can then break what it wants to break
  in the middle of a training, however fast or slow the machine is.
- Snakemake waits with its first submission, where HOLD_SUBMISSION names a file: from when it makes that until it is
  gone.
- A calibration of the cores takes a tenth of its time.
- Snakemake does not import boto3, which it would in each process because litdata brings it, and pandas and numpy only
  once it asks for something of them, which Slurm's executor hardly ever does.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

LOOK_SECONDS = 1


class Changing(MetaPathFinder):
    """Changes modules as they are imported."""

    def __init__(self, changes: dict[str, Callable[[ModuleType], None]]) -> None:
        self.changes = changes

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        change = self.changes.get(name)
        spec = PathFinder.find_spec(name, path, target) if change else None
        if change is None or spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def execute_and_change(module: ModuleType) -> None:
            execute(module)
            change(module)

        spec.loader.exec_module = execute_and_change  # type: ignore[method-assign]
        return spec


def look_often(module: ModuleType) -> None:
    module.RemoteExecutor.next_seconds_between_status_checks = property(lambda _: LOOK_SECONDS, lambda *_: None)


def stop_behind_a_checkpoint(module: ModuleType) -> None:
    save = module.Checkpoint.save

    def save_and_stop(self: object, progress: object) -> None:
        save(self, progress)
        module.Checkpoint.save = save
        attempt = sys.argv[sys.argv.index("--attempt") + 1]
        times = os.environ.get("HOLD_ATTEMPTS", "").split().count(attempt)
        held = [Path(f".held-{os.environ.get('SLURM_JOB_ID')}-{number}") for number in range(times)]
        left = [path for path in held if not path.exists()]
        if self.ranks.rank == 0 and left:  # type: ignore[attr-defined]
            left[0].touch()
            os.kill(os.getpid(), signal.SIGSTOP)

    module.Checkpoint.save = save_and_stop


def hold_a_submission(module: ModuleType) -> None:
    run_job, name = module.Executor.run_job, os.environ.get("HOLD_SUBMISSION")

    def wait_and_run_job(self: object, job: object) -> None:
        module.Executor.run_job = run_job
        Path(str(name)).touch()
        while Path(str(name)).exists():
            time.sleep(0.1)
        run_job(self, job)

    if name:
        module.Executor.run_job = wait_and_run_job


def calibrate_briefly(module: ModuleType) -> None:
    module.WINDOW_SECONDS, module.LEAST_RUNS, module.WAKING_SECONDS = 0.0, 3, 0.0


class Late(ModuleType):
    """Stands for a module that is imported when something of it is asked for."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__spec__ = PathFinder.find_spec(name)

    def __getattr__(self, name: str) -> object:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


if any(Path(word).name == "snakemake" for word in sys.orig_argv):
    sys.modules |= {name: Late(name) for name in ("numpy", "pandas")}
sys.modules["boto3"] = None  # type: ignore[assignment]
sys.meta_path.insert(
    0,
    Changing(
        {
            "snakemake_interface_executor_plugins.executors.remote": look_often,
            "scripts.calibration": calibrate_briefly,
            "scripts.training.loop.checkpoint": stop_behind_a_checkpoint,
            "snakemake_executor_plugin_slurm": hold_a_submission,
        }
    ),
)
