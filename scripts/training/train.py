"""Train one point of the sweep once: find the job's nodes and start on each what starts its ranks.

The one launch path, for one rank and for many nodes: scripts/training/launch_node.py runs once on each node (by `srun`
in a Slurm job, directly on a machine of one's own) and starts scripts/training/train_rank.py once a rank, or
profile_rank.py in its place.

Inputs: the packed shards, `split.parquet`, `stats.json`.
Outputs: a record (scripts/record.py), written by rank 0; what the run used of its nodes, second by second
(scripts/training/monitor.py). Exit status 75: stopped by SIGTERM, to be run again.

By hand: see the command that `snakemake -np` prints for rule train.
"""

import json
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from scripts import cli
from scripts.atomic import write_text
from scripts.errors import UserError
from scripts.lease import lease
from scripts.slurm.allocation import Allocation, of_slurm, this_machine
from scripts.training import allocator
from scripts.training.device import on_this_machine
from scripts.training.points import TrainingPoint
from scripts.training.spec import TrainSpec

JOIN_SECONDS = 300  # that nodes may take to start Python and torch, one after the other


def command(allocation: Allocation, point: TrainingPoint, arguments: list[str]) -> list[str]:
    """What starts the ranks of `point` on the nodes of `allocation`.

    Raises:
        UserError: the ranks cannot be spread equally over the nodes, or the allocator is not installed.
    """
    nodes = allocation.nodes
    if point.workers % len(nodes):
        raise UserError(f"{point.workers} workers cannot be spread equally over the job's {len(nodes)} nodes")
    here = point.workers // len(nodes)
    words = allocation.on_each_node(here * point.cores_per_rank, here if point.device == "cuda" else 0)
    # As environment of Python itself: libraries read these when they are loaded.
    variables = {"OMP_NUM_THREADS": str(point.threads), "MKL_NUM_THREADS": str(point.threads)}
    variables |= allocator.environment(point.tuning.allocator)
    words += ["env", *(f"{name}={value}" for name, value in variables.items())]
    words += [sys.executable, "-m", "scripts.training.launch_node", "--nodes", json.dumps(nodes)]
    return [*words, "--port", str(allocation.port), "--join-seconds", str(JOIN_SECONDS), *arguments]


def wait(words: list[str], job_id: str | None) -> int:
    """Run a command to its end, passing SIGTERM on to what it starts; its exit status."""
    cli.log.info("%s", shlex.join(words))
    with subprocess.Popen(words) as process:

        def pass_on(number: int, *_: Any) -> None:
            if job_id is None:
                process.send_signal(number)
            else:  # srun itself would take it for the order to kill; this signals the tasks of the job's steps
                subprocess.run(["scancel", "--signal=TERM", job_id], check=False)

        signal.signal(signal.SIGTERM, pass_on)
        return process.wait()


def join(parts: list[Path], path: Path) -> None:
    """One CSV of those of all nodes, which have the same first line."""
    lines = [part.read_text(encoding="utf-8").splitlines() for part in parts]
    write_text(path, "\n".join([lines[0][0], *(line for rows in lines for line in rows[1:])]) + "\n")


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument(
        "--launcher", choices=["here", "srun"], required=True, help="here: this machine; srun: the job's"
    )
    parser.add_argument("--device", choices=["cpu", "cuda"], help="of the study; left out: of this machine")
    parser.add_argument("--record", type=Path, required=True)
    parser.add_argument("--program", default="scripts.training.train_rank", help="module of a rank: train or profile")
    parser.add_argument("--usage", type=Path, help="CSV of what the run used; left out: none")
    parser.add_argument("--logs", type=Path, required=True, help="folder for the logs of the ranks")
    parser.add_argument("--spec", type=TrainSpec.model_validate_json, required=True)
    args, passed_on = parser.parse_known_args()
    point = args.spec.point.model_copy(update={"device": args.device or on_this_machine(args.spec.point.device)})
    spec = args.spec.model_copy(update={"point": point})
    with lease(args.record):
        allocation = of_slurm() if args.launcher == "srun" else this_machine()
        launched = command(allocation, point, ["--program", args.program, "--logs", str(args.logs), *passed_on])
        launched += ["--record", str(args.record), "--spec", spec.model_dump_json()]
        status = wait(launched, allocation.job_id)
        if status == 0 and args.usage:
            join([args.logs / f"usage-{number}.csv" for number in range(len(allocation.nodes))], args.usage)
    sys.exit(status)


if __name__ == "__main__":
    cli.run(main)
