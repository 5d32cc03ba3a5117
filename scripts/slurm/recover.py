"""Jobs of this checkout that outlived the Snakemake that submitted them: show them, and wait for them or cancel them.

Snakemake never finds the jobs of an earlier run again. Where it died with jobs in the queue, wait for them or cancel
them first, then `snakemake --unlock`, then start it again: what was finished meanwhile is measured once more, since
nobody was there to take it in, and trainings go on from their checkpoints.

By hand: python -m scripts.slurm.recover [--wait | --cancel]
"""

import time
from pathlib import Path
from typing import NamedTuple

from scripts import cli
from scripts.slurm.allocation import ask

SECONDS = 5  # between two looks at the queue


class Job(NamedTuple):
    """A job that is queued or running."""

    job_id: str
    state: str
    nodes: str  # or the reason why it waits
    what: str  # rule and wildcards, from the executor's job comment


def jobs_of(folder: Path) -> list[Job]:
    """This user's queued and running jobs that a Snakemake in `folder` submitted.

    Raises:
        UserError: Slurm does not answer.
    """
    lines = ask("squeue", "--noheader", "--me", "--format", "%i|%T|%R|%k|%Z").splitlines()
    found = [line.split("|", maxsplit=4) for line in lines]
    return [
        Job(job_id, state, nodes, comment.removeprefix("rule_").replace("_wildcards_", " "))
        for job_id, state, nodes, comment, place in found
        # COMPLETING: its processes have been killed, and a node that died may leave a job so for long.
        if comment.startswith("rule_") and Path(place) == folder and state != "COMPLETING"
    ]


def cancel(folder: Path) -> list[Job]:
    """Cancel the jobs of `folder`: those that it found.

    Raises:
        UserError: Slurm does not answer.
    """
    jobs = jobs_of(folder)
    if jobs:
        ask("scancel", *(job.job_id for job in jobs))
    return jobs


def show(jobs: list[Job]) -> None:
    """One line a job."""
    for job in jobs:
        print(f"{job.job_id:>8} {job.state:<10} {job.nodes:<20} {job.what}")


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--folder", type=Path, default=Path(), help="where that Snakemake ran (its --directory)")
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--wait", action="store_true", help="wait until all have ended")
    action.add_argument("--cancel", action="store_true", help="cancel them, then wait")
    args = parser.parse_args()
    folder = args.folder.resolve()
    jobs = jobs_of(folder)
    if not jobs:
        print("No job of this checkout is queued or running.")
        return
    show(jobs)
    if args.cancel:
        cancel(folder)
    elif not args.wait:
        print("make slurm-recover WAIT=1 waits for them, CANCEL=1 cancels them.")
        return
    while jobs := jobs_of(folder):
        cli.log.info("%d still there: %s", len(jobs), ", ".join(job.job_id for job in jobs))
        time.sleep(SECONDS)
    print("All have ended. Next: snakemake --unlock, and start it again.")


if __name__ == "__main__":
    cli.run(main)
