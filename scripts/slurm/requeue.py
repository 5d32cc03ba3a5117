"""A job that has Slurm run it once more: the same job, the same limits, and its Snakemake sees it queued again."""

import os

from scripts.cli import log
from scripts.errors import UserError
from scripts.slurm.allocation import ask


def requeue() -> bool:
    """Have Slurm end this job and put it back into the queue; whether it does.

    A job that is being cancelled, or has met its time limit, is left to its end.
    """
    job_id = os.environ["SLURM_JOB_ID"]
    try:
        if ask("squeue", "--noheader", "--jobs", job_id, "--format", "%T").strip() != "RUNNING":
            return False
        ask("scontrol", "update", f"JobId={job_id}", "Requeue=1")  # the executor submits jobs that may not be
        log.info("saved; Slurm runs this job again, to go on")
        ask("scontrol", "requeue", job_id)
    except UserError as error:
        log.info("Slurm does not run this job again (%s); whoever submitted it may", error)
        return False
    return True
