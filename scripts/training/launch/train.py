"""Train one point of the sweep once: find the job's nodes and start on each what starts its ranks.

The one launch path, for one rank and for many nodes: launch_node.py runs once on each node (by `srun` in a Slurm job,
directly on a machine of one's own) and starts loop/train_rank.py once a rank, or profile_rank.py in its place.

A launch that was disturbed is set aside and measured again, from the beginning (scripts/again.py).

Inputs: the packed shards, `split.parquet`, `stats.json`.
Outputs: a record (scripts/record.py); what its launch used of its nodes, second by second
(scripts/training/launch/monitor.py). Exit status 75: stopped by SIGTERM, to be run again; a job of Slurm's sees to that
itself, so that a training may meet any number of time limits.

By hand: see the command that `snakemake -np` prints for rule train.
"""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from scripts import cli, record
from scripts.again import STOPPED, Stop, until_calm
from scripts.atomic import remove, write_text
from scripts.errors import UserError
from scripts.lease import lease
from scripts.slurm.allocation import Allocation, of_slurm, this_machine
from scripts.slurm.requeue import requeue
from scripts.training.device import on_this_machine
from scripts.training.launch import allocator
from scripts.training.launch.generations import steps_of
from scripts.training.points import TrainingPoint
from scripts.training.spec import TrainSpec

JOIN_SECONDS = 300  # that nodes may take to start Python and torch, one after the other


def command(allocation: Allocation, point: TrainingPoint, arguments: list[str]) -> list[str]:
    """What starts the ranks of `point` on the nodes of `allocation`; raises as `start_of`."""
    words = start_of("scripts.training.launch.launch_node", allocation, point)
    return [*words, "--port", str(allocation.port), "--join-seconds", str(JOIN_SECONDS), *arguments]


def start_of(program: str, allocation: Allocation, point: TrainingPoint) -> list[str]:
    """The words that start a program of a node on each node of `allocation`, and tell it of all of them.

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
    return [*words, sys.executable, "-m", program, "--nodes", json.dumps(nodes)]


def wait(words: list[str], job_id: str | None, stop: Stop) -> int:
    """Run a command to its end, handing SIGTERM on to what it starts; its exit status."""
    cli.log.info("%s", shlex.join(words))
    with subprocess.Popen(words) as process:

        def hand_on() -> None:
            if job_id is None:
                process.send_signal(signal.SIGTERM)
            else:  # srun itself would take it for the order to kill; this signals the tasks of the job's steps
                subprocess.run(["scancel", "--signal=TERM", job_id], check=False)

        stop.to(hand_on)
        return process.wait()


def join(parts: list[Path], path: Path) -> None:
    """One CSV of those of all nodes, which have the same first line."""
    lines = [part.read_text(encoding="utf-8").splitlines() for part in parts]
    write_text(path, "\n".join([lines[0][0], *(line for rows in lines for line in rows[1:])]) + "\n")


def last_saved(checkpoint: Path | None) -> int:
    """The last step that a training has saved its state after; 0: none."""
    return max(steps_of(checkpoint, rank=0), default=0) if checkpoint else 0


def replace(folder: Path, name: Path) -> None:
    """Give a folder another name, which one of an earlier run may have."""
    shutil.rmtree(name, ignore_errors=True)
    folder.rename(name)


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument(
        "--launcher", choices=["here", "srun"], required=True, help="here: this machine; srun: the job's"
    )
    parser.add_argument("--device", choices=["cpu", "cuda"], help="of the study; left out: of this machine")
    parser.add_argument("--record", type=Path, required=True)
    parser.add_argument("--program", default="scripts.training.loop.train_rank", help="module of a rank")
    parser.add_argument("--usage", type=Path, help="CSV of what the run used; left out: none, and no record either")
    parser.add_argument("--again", type=int, default=0, help="times that a disturbed launch is measured again")
    parser.add_argument("--logs", type=Path, required=True, help="folder for the logs of the ranks")
    parser.add_argument("--checkpoint", type=Path, help="the ranks'")
    parser.add_argument("--spec", type=TrainSpec.model_validate_json, required=True)
    args, passed_on = parser.parse_known_args()
    point = args.spec.point.model_copy(update={"device": args.device or on_this_machine(args.spec.point.device)})
    spec = args.spec.model_copy(update={"point": point})
    passed_on += ["--program", args.program, "--spec", spec.model_dump_json()]
    passed_on += ["--checkpoint", str(args.checkpoint)] if args.checkpoint else []
    stop, further = Stop(), args.logs / "again"

    def logs(number: int) -> Path:
        folder: Path = further / str(number) if number else args.logs
        return folder

    def launch(number: int, path: Path) -> int:
        allocation = of_slurm() if args.launcher == "srun" else this_machine()
        words = command(allocation, point, ["--logs", str(logs(number)), "--record", str(path), *passed_on])
        return wait(words, allocation.job_id, stop)

    saved = last_saved(args.checkpoint)
    try:
        with lease(args.record):
            if args.usage is None:
                sys.exit(launch(0, args.record))
            shutil.rmtree(further, ignore_errors=True)  # of an earlier run
            found = until_calm(launch, args.record, args.again, stop)
            nodes = range(len(found.record.environment.nodes))
            join([logs(found.launch) / f"usage-{number}.csv" for number in nodes], args.usage)
            if args.checkpoint:  # of a launch that was stopped after another had been measured
                remove(args.checkpoint)
            record.write(found.record, args.record)
    except SystemExit as end:
        step = last_saved(args.checkpoint)
        # STOPPED: of a node that was slower to leave than another, whose status made srun end it.
        if end.code in {os.EX_TEMPFAIL, STOPPED} and args.launcher == "srun" and step > saved and requeue():
            replace(args.logs, args.logs.with_name(f"{args.logs.name}-until-step-{step}"))
        raise


if __name__ == "__main__":
    cli.run(main)
