"""Train one point of the sweep once: start its ranks with torchrun, the same way for one rank and for many.

Inputs: the packed shards, `split.parquet`, `stats.json`.
Output: a record (scripts/record.py), written by rank 0 of scripts/training/train_rank.py, which this becomes.

By hand: see the command that `snakemake -np` prints for rule train.
"""

import os
import sys

from scripts import cli, machine
from scripts.training.spec import TrainSpec


def torchrun(spec: TrainSpec, arguments: list[str]) -> tuple[list[str], dict[str, str]]:
    """The command that starts the ranks of one point on this machine, and the environment variables it sets."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--local-addr=127.0.0.1"]
    command += [f"--nproc-per-node={spec.point.workers}", "-m", "scripts.training.train_rank", *arguments]
    threads = str(spec.point.threads)
    # The ranks of one machine meet on the loopback interface: a host's own name need not resolve.
    return command, {"OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads, "GLOO_SOCKET_IFNAME": "lo"}


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--spec", type=TrainSpec.model_validate_json, required=True)
    args, _ = parser.parse_known_args()
    machine.wait_until_alone()  # held through the exec, until torchrun ends
    command, variables = torchrun(args.spec, sys.argv[1:])
    os.execve(command[0], command, os.environ | variables)


if __name__ == "__main__":
    cli.run(main)
