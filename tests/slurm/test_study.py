"""The whole small study as cluster jobs, a second run, and a longer sweep."""

import os
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from slurm_cluster import SNAKEMAKE, Slurm

from scripts import record

pytestmark = pytest.mark.slurm


@pytest.fixture(scope="module")
def finished(packed: Path, slurm: Slurm, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """The study, run as jobs from its images to its page, and the number of the last job before it."""
    folder = shutil.copytree(packed, tmp_path_factory.mktemp("finished") / "study", symlinks=True)
    shutil.rmtree(folder / "results")
    last = slurm.last_job()
    slurm.run(folder, *SNAKEMAKE)
    return folder, last


def geometry(slurm: Slurm, since: int) -> dict[str, tuple[str, str]]:
    """Nodes and tasks of each job, by its rule and wildcards."""
    rows = slurm.jobs("State", "Comment", "NNodes", "NodeList", since=since)
    assert {state for state, *_ in rows} == {"COMPLETED"}
    return {comment.removeprefix("rule_"): (nodes, names) for _, comment, nodes, names in rows}


def test_jobs_ran_with_the_geometry_that_their_points_ask_for(finished: tuple[Path, int], slurm: Slurm) -> None:
    folder, last = finished
    slurm.wait_until(lambda: {state for [state] in slurm.jobs("State", since=last)} == {"COMPLETED"})
    jobs = geometry(slurm, last)
    trained = {name.partition("resnet18-")[2]: job for name, job in jobs.items() if name.startswith("train_")}
    assert {name: nodes for name, (nodes, _) in trained.items()} == {
        "serial-1_1": "1",
        "ddp-2_1": "1",
        "ddp-4n2_1": "2",
    }
    assert len([name for name in jobs if name.startswith("measure_loading_")]) == 4  # two ways, two ceilings
    assert len([name for name in jobs if name.startswith("pack_shard_")]) == 2
    found = record.read(folder / "results/small/training/records/resnet18-ddp-4n2/b1.json")
    assert len(found.environment.nodes) == 2
    assert trained["ddp-4n2_1"][1] == f"n[{'-'.join(node[1] for node in found.environment.nodes)}]"
    log = (folder / "logs/small/training/train_resnet18-ddp-4n2_b1.log").read_text()
    # srun labels each line with its task: two ranks on each of the two nodes.
    assert set(re.findall(r"^(\d): \[rank (\d)\]", log, re.MULTILINE)) == {
        ("0", "0"),
        ("0", "1"),
        ("1", "2"),
        ("1", "3"),
    }
    ranks = (folder / "logs/small/training/train_resnet18-ddp-4n2_b1/attempt1").glob("rank-*.log")
    assert sorted(path.name for path in ranks) == [f"rank-{rank}.log" for rank in range(4)]


def test_tables_come_out_and_oversubscribed_points_claim_no_speedup(finished: tuple[Path, int]) -> None:
    scaling = finished[0] / "results/small/scaling"
    training = pd.read_csv(scaling / "training.csv").set_index("point")
    marks = training["marks"].fillna("").str.contains("oversubscribed")
    cores = len(os.sched_getaffinity(0))
    asked = {"resnet18-serial-1": 1, "resnet18-ddp-2": 2, "resnet18-ddp-4n2": 4}
    assert marks.to_dict() == {point: workers > cores for point, workers in asked.items()}
    jobs = pd.read_csv(scaling / "jobs.csv").set_index("point")
    assert set(jobs["accounting"]) == {"complete"}
    assert jobs["nodes"]["resnet18-ddp-4n2"] == 2
    assert (jobs["run_seconds"] > 0).all()
    assert (jobs["allocated_cpu_seconds"] >= jobs["used_cpu_seconds"]).all()
    page = (finished[0] / "results/small/report/index.html").read_text()
    assert "resnet18-ddp-4n2" in page
    assert re.search(r'id="jobs".*?resnet18-ddp-4n2.*?id="environment"', page, re.DOTALL)


def test_a_second_run_submits_nothing_and_a_longer_sweep_only_its_new_points(
    finished: tuple[Path, int], slurm: Slurm
) -> None:
    folder, _ = finished
    last = slurm.last_job()
    assert "Nothing to be done" in slurm.run(folder, *SNAKEMAKE).stderr
    assert slurm.last_job() == last

    (folder / "small.yaml").write_text(
        (folder / "small.yaml").read_text().replace("workers: [2, 4]", "workers: [1, 2, 4]")
    )
    slurm.run(folder, *SNAKEMAKE)
    slurm.wait_until(lambda: {state for [state] in slurm.jobs("State", since=last)} == {"COMPLETED"})
    # tabulate_jobs runs where Snakemake does, since a compute node may not reach the accounting.
    assert sorted(geometry(slurm, last)) == [
        "answer_loading_wildcards_small",
        "draw_figures_wildcards_small",
        "render_page_wildcards_small",
        "tabulate_training_wildcards_small",
        "train_wildcards_small_resnet18-ddp-1_1",
    ]
