"""The lines to paste: what a point was measured with, in the words of Slurm, torchrun and the DataLoader."""

import shlex
import subprocess
from typing import Any

import pytest
from rows_of import rows_of

from scripts.scaling.answers.paste import to_paste
from scripts.scaling.tables.rows import TrainingRow


def row(**changes: Any) -> TrainingRow:
    found = rows_of({"serial-1": [1.0] * 3, "ddp-4": [3.0] * 3})["resnet18-ddp-4"]
    return found.model_copy(update={"peak_rss_bytes": 9.6 * 2**30} | changes)


def test_a_point_on_one_node() -> None:
    assert to_paste(row(cores=12, threads=2), None) == [
        "#SBATCH --nodes=1",
        "#SBATCH --ntasks-per-node=1",
        "#SBATCH --cpus-per-task=12",
        "#SBATCH --mem=13G",  # 9.6 GiB and a fifth, and half of one for torchrun itself
        "export OMP_NUM_THREADS=2",
        "torchrun --standalone --nproc-per-node=4 train.py",
        "# in the script: DataLoader(..., num_workers=1)",
    ]


def test_a_point_on_two_nodes_with_gpus_meets_on_the_first() -> None:
    lines = to_paste(row(nodes=2, device="cuda", peak_rss_bytes=None), None)
    assert lines[:4] == [
        "#SBATCH --nodes=2",
        "#SBATCH --ntasks-per-node=1",
        "#SBATCH --cpus-per-task=2",
        "#SBATCH --gpus-per-node=2",
    ]
    torchrun = next(line for line in lines if "torchrun" in line)
    assert torchrun.startswith("srun torchrun --nnodes=2 --rdzv-backend=c10d --rdzv-endpoint=")
    assert torchrun.endswith(" --nproc-per-node=2 train.py")


def test_a_command_of_ones_own_is_filled_and_stays_one_for_the_shell() -> None:
    command = "'my train.py' --batch {batch_per_rank} --workers={loader_workers} --note 'a b' --seed {seed}"
    lines = to_paste(row(global_batch=64), command)
    words = shlex.split(lines[-1])
    assert words[3:] == ["my train.py", "--batch", "16", "--workers=0", "--note", "a b", "--seed", "0"]
    assert not any("num_workers" in line for line in lines)  # the command says it


@pytest.mark.parametrize("nodes", [1, 2])
def test_the_shell_takes_the_lines_as_they_stand(nodes: int) -> None:
    script = "\n".join(["#!/bin/bash", *to_paste(row(nodes=nodes), None)])
    done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
