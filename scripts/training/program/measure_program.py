"""Measure one point of a training script of the user's own once: start it as torchrun would, and watch it from inside.

launch_program.py runs once on each node (by `srun` in a Slurm job, directly on a machine of one's own). A launch that
was disturbed is set aside and measured again, from the beginning (scripts/again.py).

Inputs: the script, with the files that its folder's patterns name. Outputs: a record (scripts/record.py); what its
launch used of its nodes, second by second (scripts/training/launch/monitor.py).

By hand: see the command that `snakemake -np` prints for rule measure_program.
"""

import json
import os
import shutil
import sys
from pathlib import Path

from scripts import cli, record
from scripts.again import STOPPED, Stop, until_calm
from scripts.errors import UserError
from scripts.lease import lease
from scripts.slurm.allocation import Allocation, of_slurm, this_machine
from scripts.training.device import on_this_machine
from scripts.training.launch.train import JOIN_SECONDS, join, start_of, wait
from scripts.training.program.launch_program import Folders, NodeReport
from scripts.training.program.program_files import check_interpreter, digest_of
from scripts.training.program.record_program import Seen, record_of
from scripts.training.program.spec import ProgramSpec
from scripts.training.program.watched import read_ranks

LAST_LINES = 5  # of a failed rank's log, that are shown


def fail(seen: Seen, logs: Path) -> None:
    """Raises UserError where a rank failed before any step: there is nothing to measure, and the user can mend it."""
    if not seen.failed or any(seen.steps):
        return
    rank, status = next(iter(seen.failed.items()))
    log = next((path for path in (logs / f"rank-{rank}.err", logs / f"rank-{rank}.out") if path.stat().st_size), None)
    last = "\n".join(log.read_text(errors="replace").splitlines()[-LAST_LINES:]) if log else "(it printed nothing)"
    raise UserError(f"training.program: rank {rank} ended with {status} before its first step; {log} ends:\n{last}")


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument(
        "--launcher", choices=["here", "srun"], required=True, help="here: this machine; srun: the job's"
    )
    parser.add_argument("--device", choices=["cpu", "cuda"], help="of the study; left out: of this machine")
    parser.add_argument("--python", type=Path, required=True, help="interpreter of the program")
    parser.add_argument("--folder", type=Path, required=True, help="folder that it is started in")
    parser.add_argument("--files", type=Path, nargs="*", default=[], help="files that it depends on")
    parser.add_argument("--record", type=Path, required=True)
    parser.add_argument("--usage", type=Path, required=True, help="CSV of what the run used")
    parser.add_argument("--again", type=int, default=0, help="times that a disturbed launch is measured again")
    parser.add_argument("--logs", type=Path, required=True, help="folder for the logs of the ranks")
    parser.add_argument("--block", type=int, required=True)
    parser.add_argument("--attempt", type=int, required=True, help="1, or more after a failure")
    parser.add_argument("--spec", type=ProgramSpec.model_validate_json, required=True)
    args = parser.parse_args()
    point = args.spec.point.model_copy(update={"device": args.device or on_this_machine(args.spec.point.device)})
    spec = args.spec.model_copy(update={"point": point})
    check_interpreter(args.python)
    stop, digest = Stop(), digest_of(args.files)

    def logs(number: int) -> Path:
        folder: Path = args.logs / "again" / str(number) if number else args.logs
        return folder.absolute()

    def launch(number: int, path: Path) -> int:
        allocation = of_slurm() if args.launcher == "srun" else this_machine()
        folder = logs(number)
        watched, out = folder / "watched", folder / "out"
        for made in (watched, out):
            shutil.rmtree(made, ignore_errors=True)
            made.mkdir(parents=True)
        folders = Folders(
            # The interpreter of a virtual environment is a link, and means another when followed.
            python=args.python.absolute(),
            folder=args.folder.resolve(),
            logs=folder,
            watched=watched,
            out=out,
        )
        try:
            status = wait(_command(allocation, spec, folders, args.block), allocation.job_id, stop)
            reports = [watched / f"node-{node}.json" for node in range(len(allocation.nodes))]
            if status:
                return status
            nodes = [NodeReport.model_validate_json(report.read_bytes()) for report in reports]
            if any(node.signalled for node in nodes):
                return os.EX_TEMPFAIL
            seen = Seen(spec, nodes, read_ranks(watched), out)
            fail(seen, folder)
            record.write(record_of(seen, args.block, args.attempt, digest), path)
            return 0
        finally:
            shutil.rmtree(out, ignore_errors=True)

    with lease(args.record):
        shutil.rmtree(args.logs, ignore_errors=True)  # of an earlier run
        found = until_calm(launch, args.record, args.again, stop)
        names = range(len(found.record.environment.nodes))
        join([logs(found.launch) / f"usage-{number}.csv" for number in names], args.usage)
        record.write(found.record, args.record)
    if stop.told:
        sys.exit(STOPPED)


def _command(allocation: Allocation, spec: ProgramSpec, folders: Folders, block: int) -> list[str]:
    words = start_of("scripts.training.program.launch_program", allocation, spec.point)
    words += ["--port", str(allocation.port), "--join-seconds", str(JOIN_SECONDS), "--block", str(block)]
    return [*words, "--folders", folders.model_dump_json(), "--spec", json.dumps(spec.model_dump(mode="json"))]


if __name__ == "__main__":
    cli.run(main)
