"""The whole small study as cluster jobs, a second run, and a longer sweep."""

import os
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from slurm_cluster import ALONE, SNAKEMAKE, Slurm, learned

from scripts import record

pytestmark = pytest.mark.slurm

# What is made of measurements: as jobs, or where Snakemake runs, since a compute node may not reach the accounting.
FOLLOWING = {"answer_loading", "draw_figures", "render_page", "tabulate_training"}
NO_JOBS = {"fit_laws", "judge_claims", "recommend", "tabulate_jobs", "tabulate_strategies", "typeset_tables"}


def geometry(slurm: Slurm, folder: Path) -> dict[str, tuple[str, str]]:
    """Nodes and tasks of each job of a folder, by its rule and wildcards."""
    # Accounting hears of a job's end a moment after its user.
    slurm.wait_until(lambda: set(slurm.states(folder)) == {"COMPLETED"})
    rows = slurm.jobs(folder, "Comment", "NNodes", "NodeList")
    return {comment.removeprefix("rule_"): (nodes, names) for comment, nodes, names in rows}


def test_jobs_ran_with_the_geometry_that_their_points_ask_for(study: Path, slurm: Slurm) -> None:
    jobs = geometry(slurm, study)
    trained = {name.partition("tiny_cnn-")[2]: job for name, job in jobs.items() if name.startswith("train_")}
    assert {name: nodes for name, (nodes, _) in trained.items()} == {
        "serial-1_1": "1",
        "ddp-2_1": "1",
        "ddp-4n2_1": "2",
    }
    assert len([name for name in jobs if name.startswith("draw_sample_")]) == 1
    assert len([name for name in jobs if name.startswith("measure_loading_")]) == 4  # two ways, two ceilings
    assert len([name for name in jobs if name.startswith("pack_shard_")]) == 2
    rules = {name.partition("_wildcards_")[0] for name in jobs}
    assert rules >= FOLLOWING
    assert not rules & NO_JOBS
    found = record.read(study / "results/small/training/records/tiny_cnn-ddp-4n2/b1.json")
    assert len(found.environment.nodes) == 2
    assert trained["ddp-4n2_1"][1] == f"n[{'-'.join(node[1] for node in found.environment.nodes)}]"
    log = (study / "logs/small/training/train_tiny_cnn-ddp-4n2_b1.log").read_text()
    # srun labels each line with its task: two ranks on each of the two nodes.
    assert set(re.findall(r"^(\d): \[rank (\d)\]", log, re.MULTILINE)) == {
        ("0", "0"),
        ("0", "1"),
        ("1", "2"),
        ("1", "3"),
    }
    ranks = (study / "logs/small/training/train_tiny_cnn-ddp-4n2_b1/attempt1").glob("rank-*.log")
    assert sorted(path.name for path in ranks) == [f"rank-{rank}.log" for rank in range(4)]


def test_tables_come_out_and_oversubscribed_points_claim_no_speedup(study: Path) -> None:
    scaling = study / "results/small/scaling"
    training = pd.read_csv(scaling / "training.csv").set_index("point")
    marks = training["marks"].fillna("").str.contains("oversubscribed")
    cores = len(os.sched_getaffinity(0))
    asked = {"tiny_cnn-serial-1": 1, "tiny_cnn-ddp-2": 2, "tiny_cnn-ddp-4n2": 4}
    assert marks.to_dict() == {point: workers > cores for point, workers in asked.items()}
    jobs = pd.read_csv(scaling / "jobs.csv").set_index("point")
    assert set(jobs["accounting"]) == {"complete"}
    assert jobs["nodes"]["tiny_cnn-ddp-4n2"] == 2
    assert (jobs["run_seconds"] > 0).all()
    assert (jobs["allocated_cpu_seconds"] >= jobs["used_cpu_seconds"]).all()
    page = (study / "results/small/report/index.html").read_text()
    assert "tiny_cnn-ddp-4n2" in page
    assert re.search(r'id="jobs".*?tiny_cnn-ddp-4n2.*?id="environment"', page, re.DOTALL)


def test_the_same_training_without_a_cluster_learns_the_same(study: Path, checkout: Path, slurm: Slurm) -> None:
    slurm.run(checkout, "snakemake", ALONE, "--profile", "local", "--configfile", "small.yaml")
    assert learned(checkout / ALONE) == learned(study / ALONE)


def test_a_second_run_submits_nothing_and_a_longer_sweep_only_its_new_points(
    study: Path, tmp_path: Path, slurm: Slurm
) -> None:
    folder = shutil.copytree(study, tmp_path / "study", symlinks=True)
    assert "Nothing to be done" in slurm.run(folder, *SNAKEMAKE).stderr
    assert slurm.jobs(folder, "Comment") == []

    (folder / "small.yaml").write_text(
        (folder / "small.yaml").read_text().replace("workers: [2, 4]", "workers: [1, 2, 4]")
    )
    planned = slurm.run(folder, *SNAKEMAKE, "--dry-run").stdout
    assert set(re.findall(r"^rule (\w+):", planned, re.MULTILINE)) == {"train", "all", *FOLLOWING, *NO_JOBS}
    assert planned.count("rule train:") == 1
    slurm.run(folder, *SNAKEMAKE, "--until", "train")
    assert list(geometry(slurm, folder)) == ["train_wildcards_small_tiny_cnn-ddp-1_1"]
