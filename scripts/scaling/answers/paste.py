"""The lines that a person types to get what was recommended: for a cluster, for torchrun, for the DataLoader."""

import math
import shlex
from collections.abc import Mapping

from scripts.scaling.tables.rows import TrainingRow
from scripts.training.program.placeholders import words

MEMORY_MARGIN = 1.2  # times the peak that was measured: an upper bound already, but a longer training may hold more
GIB = 2**30
TORCHRUN_BYTES = 0.5 * GIB  # of torchrun's own process on each node, which has imported torch
OWN = "train.py"  # where the study has no command of its own


def to_paste(row: TrainingRow, command: str | None) -> list[str]:
    """The `#SBATCH` lines, the variable, and the command that starts the ranks as `row` was measured.

    Args:
        command: `training.program.command`; None: the study measured scalecard's own loop, or a table from outside.
    """
    nodes = row.nodes or 1
    ranks, threads = row.workers // nodes, row.threads
    loaders = max(0, row.cores // row.workers - threads)
    found = [
        f"#SBATCH --nodes={nodes}",
        "#SBATCH --ntasks-per-node=1",
        f"#SBATCH --cpus-per-task={ranks * (threads + loaders)}",
    ]
    if row.device == "cuda":
        found.append(f"#SBATCH --gpus-per-node={ranks}")
    if row.peak_rss_bytes:
        bytes_of_a_node = row.peak_rss_bytes * MEMORY_MARGIN / nodes + TORCHRUN_BYTES
        found.append(f"#SBATCH --mem={math.ceil(bytes_of_a_node / GIB)}G")
    found.append(f"export OMP_NUM_THREADS={threads}")
    script = filled(command, row, loaders) if command else OWN
    found.append(f"{'srun ' if nodes > 1 else ''}torchrun {_where(nodes)} --nproc-per-node={ranks} {script}")
    if command is None or "{loader_workers}" not in command:
        found.append(f"# in the script: DataLoader(..., num_workers={loaders})")
    return found


def _where(nodes: int) -> str:
    if nodes == 1:
        return "--standalone"
    first = '"$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1):29500"'
    return f"--nnodes={nodes} --rdzv-backend=c10d --rdzv-endpoint={first}"


def filled(command: str, row: TrainingRow, loaders: int) -> str:
    """The command for one run beside any study: its placeholders are filled as they were for this point."""
    values: Mapping[str, object] = {
        "workers": row.workers,
        "threads": row.threads,
        "loader_workers": loaders,
        "batch_per_rank": row.global_batch // row.workers,
        "global_batch": row.global_batch,
        "precision": row.precision_of_numbers,
        "seed": 0,
        "block": 1,
        "out": "out",
    }
    return shlex.join(words(command, values))
