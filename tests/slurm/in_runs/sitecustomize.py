"""What is different in the processes of a test's run; Python imports this first, since its folder is on the PYTHONPATH.

- Slurm's executor looks at the queue each second. By itself it waits ten seconds more after each look that saw no end.
- Rank 0 of a training stops itself (SIGSTOP) behind its first checkpoint, where HOLD_ATTEMPTS holds the attempt. A test
  can then break what it wants to break in the middle of a training, however fast or slow the machine is.
- Snakemake does not import boto3, which it would in each process because litdata brings it.
"""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
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
        if self.ranks.rank == 0 and attempt in os.environ.get("HOLD_ATTEMPTS", "").split():  # type: ignore[attr-defined]
            os.kill(os.getpid(), signal.SIGSTOP)

    module.Checkpoint.save = save_and_stop


sys.modules["boto3"] = None  # type: ignore[assignment]
sys.meta_path.insert(
    0,
    Changing(
        {
            "snakemake_interface_executor_plugins.executors.remote": look_often,
            "scripts.training.checkpoint": stop_behind_a_checkpoint,
        }
    ),
)
