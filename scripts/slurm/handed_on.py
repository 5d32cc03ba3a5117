"""Whether the settings of a command line reach the jobs of Snakemake's Slurm executor as they are.

They pass two shells: that of sbatch, which is given the job's command between double quotes, and that of the job.
"""

import shlex
from collections.abc import Sequence

from snakemake_interface_executor_plugins.utils import format_cli_arg

from scripts.errors import UserError


def check_handed_on(settings: Sequence[str]) -> None:
    """Raises UserError where one of `settings`, as they stand behind --config, would be another in a job."""
    for one in settings:
        if not _survives(one):
            raise UserError(
                f"--config {one}: Snakemake's Slurm executor hands on no quote inside a value, nor a $, a ` or a \\; "
                "put these settings into a file and name it with --configfile"
            )


def _survives(setting: str) -> bool:
    # As the executor's two processes write it for the next: the first for sbatch's shell, which would expand these.
    said = format_cli_arg("--config", [setting]).removeprefix("--config ")
    if {"$", "`"} & set(setting):
        return False
    try:
        [submitted] = shlex.split('"{}"'.format(said.replace('"', '\\"')))
        return shlex.split(submitted) == shlex.split(said) == [setting]
    except ValueError:  # an unterminated quotation
        return False
