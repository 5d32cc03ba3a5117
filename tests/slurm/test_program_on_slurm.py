"""A training script of the user's own as a job: its ranks on two nodes, and what the job may not outlive."""

import json
from pathlib import Path

from helping import ROOT, copy_checkout
from slurm_cluster import Slurm

from scripts import record


def test_a_script_trains_on_two_nodes_as_one_job(slurm: Slurm, tmp_path: Path) -> None:
    folder = copy_checkout(tmp_path / "checkout")
    settings = {
        "study": "own",
        "training": {
            "program": {
                "command": "train.py --batch-size {batch_per_rank} --epochs 100",
                "folder": str(ROOT / "tests/training/program/examples"),
                "stop_after": {"steps": 10},
                "memory_mb": 1500,
            },
            "workers": [2],
            "workers_per_node": 1,
            "global_batch": 8,
            "blocks": 1,
        },
        "scaling": {"baseline": "program-2n2"},
    }
    (folder / "own.yaml").write_text(json.dumps(settings))
    path = "results/own/training/records/train-program-2n2/b1.json"
    slurm.run(folder, "snakemake", path, "--profile", "slurm", "--configfile", "own.yaml")
    found = record.read(folder / path)
    assert found.validity.ok, found.validity.faults
    assert len(found.environment.nodes) == 2
    assert found.environment.job_id is not None
    assert found.watched is not None
    assert found.watched.stopped == "enough"
    usage = (folder / path).with_suffix(".usage.csv").read_text()
    assert {line.split(",")[0] for line in usage.splitlines()[1:]} <= set(found.environment.nodes)
