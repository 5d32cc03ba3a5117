"""The workflow as its users run it: a tiny study from raw pictures to the page, then what further runs make of it."""

import hashlib
import json
import os
import re
import shutil
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from helping import ROOT, Run, copy_checkout, write_jpeg

from scripts.images.split import assign_splits

STUDY = """
study: tiny
measuring: {again: 0}
images:
  {folder: pictures, size: 32, shards: 3, max_reject_fraction: 0.1, fractions: {train: 0.6, valid: 0.2, test: 0.2}}
loading:
  backends: [serial, pool_map, dask_threads, packed]
  workers: [2]
  chunks: [4]
  passes: 1
  window_seconds: 0
  blocks: 1
training: {workers: [1, 2], global_batch: 8, epochs: 2, warmup_steps: 1, optimizer: {lr: 1.0e-3}, blocks: 1}
"""
LOCAL = ("snakemake", "--profile", "local", "--configfile", "tiny.yaml")


def planned(output: str) -> dict[str, int]:
    """Jobs of each rule that a dry run lists."""
    counts = Counter(re.findall(r"^(?:local)?rule (\w+):", output, flags=re.MULTILINE))
    return dict(counts)


def dry_run(run: Run, checkout: Path, *more: str) -> dict[str, int]:
    return planned(run(checkout, *LOCAL, "-n", *more).stdout)


@pytest.fixture(scope="module")
def finished(pictures: Path, run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in which the tiny study has been run; never changed by a test."""
    checkout = copy_checkout(tmp_path_factory.mktemp("finished"))
    shutil.copytree(pictures, checkout / "pictures")
    (checkout / "pictures" / "ash" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 cut")
    (checkout / "pictures" / "ash" / "dangling.jpg").symlink_to("gone.jpg")
    write_jpeg(checkout / "pictures" / "ash" / "{odd}.jpg", seed=7)
    (checkout / "tiny.yaml").write_text(STUDY)
    (checkout / "said.txt").write_text(run(checkout, *LOCAL).stderr)
    return checkout


@pytest.fixture
def checkout(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished study, with its history, to change."""
    return shutil.copytree(finished, tmp_path / "checkout", symlinks=True)


def test_the_whole_study_runs_to_its_page_and_tables(finished: Path) -> None:
    results = finished / "results" / "tiny"
    loading, training = (pd.read_csv(results / "scaling" / f"{name}.csv") for name in ("loading", "training"))
    ceilings, ways = ["decode_only-1", "headspace-1"], ["serial-1", "pool_map-2-4", "dask_threads-2-4", "packed-1"]
    assert loading["point"].tolist() == [*ceilings, *ways]
    assert training["point"].tolist() == ["resnet18-serial-1", "resnet18-ddp-1", "resnet18-ddp-2"]
    for row in [*loading.itertuples(), *training.itertuples()]:
        assert row.validity == "valid" or row.reason
    jobs = pd.read_csv(results / "scaling" / "jobs.csv")
    assert jobs["point"].tolist() == [*training["point"], *loading["point"]]
    assert set(jobs["accounting"]) == {"not a Slurm job"}
    assert "resnet18-ddp-2" in (results / "report" / "index.html").read_text()
    rejects = pd.read_csv(results / "images" / "rejects.csv")
    assert rejects["path"].tolist() == ["ash/broken.jpg", "ash/dangling.jpg"]
    assert not list(results.rglob("*.tmp"))
    said = (finished / "said.txt").read_text()
    assert "\n9 of 9 measured; " in said
    assert "\nrule train:" not in said


def test_a_second_run_does_nothing(finished: Path, run: Run) -> None:
    assert "Nothing to be done" in run(finished, *LOCAL).stderr


def test_a_measurement_ran_alone_and_recorded_what_it_did(finished: Path) -> None:
    record = json.loads((finished / "results/tiny/training/records/resnet18-ddp-2/b1.json").read_text())
    assert record["point"]["workers"] == 2
    assert record["quality"]["steps_per_epoch"] == 2
    assert record["validity"] == {"ok": True, "faults": []}


def test_a_run_whose_time_is_over_makes_its_page_of_what_is_there_and_the_next_one_goes_on(
    checkout: Path, run: Run
) -> None:
    (checkout / "tiny.yaml").write_text(STUDY.replace("blocks: 1", "blocks: 2"))
    limit = ("--config", "measuring={'budget_minutes': 0.0001}")  # over before the first launch of the second block
    done = run(checkout, *LOCAL, *limit, fresh=True)
    assert "measuring.budget_minutes: 0.0001 minutes are over; no further launch is started." in done.stderr
    assert "did not complete" not in done.stderr
    said = "9 launches left out, since 0.0001 minutes (measuring.budget_minutes) were over: block 2 of "
    assert said in done.stdout
    assert said in (checkout / "results/tiny/report/index.html").read_text()
    table = pd.read_csv(checkout / "results/tiny/scaling/training.csv")
    assert len(table) == 3

    left = dry_run(run, checkout)
    assert (left["measure_loading"], left["train"]) == (6, 3)
    assert dry_run(run, checkout, *limit) == left  # another run has its own minutes
    (checkout / "tiny.yaml").write_text(STUDY)
    run(checkout, *LOCAL)
    assert "left out" not in (checkout / "results/tiny/report/index.html").read_text()
    assert not (checkout / "results/tiny/scaling/left_out.json").exists()
    assert "train" not in dry_run(run, checkout)


def test_a_run_whose_time_is_over_before_there_is_a_baseline_says_so(checkout: Path, run: Run) -> None:
    shutil.rmtree(checkout / "results/tiny/training/records/resnet18-serial-1")
    limit = ("--config", "measuring={'budget_minutes': 0.0001}")
    done = run(checkout, *LOCAL, *limit, check=False, fresh=True)
    assert done.returncode == 1
    assert "error: measuring.budget_minutes: found 0.0001, which were over before results/tiny/training/" in done.stderr


def test_a_split_that_is_made_anew_of_the_same_training_images_leaves_loading_as_it_is(
    checkout: Path, run: Run
) -> None:
    index = pd.read_parquet(checkout / "results/tiny/images/index.parquet")
    images = index[index["status"] == "ok"].reset_index(drop=True)
    fractions, picture = {"train": 0.6, "valid": 0.2, "test": 0.2}, checkout / "new.jpg"
    before = assign_splits(images, fractions, seed=0)
    path = images["path"][before == "valid"].iloc[0]
    for seed in range(
        900, 1000
    ):  # the first picture that validates in place of the old one, and moves none that trains
        write_jpeg(picture, seed)
        group = f"sha256:{hashlib.sha256(picture.read_bytes()).hexdigest()}"
        after = assign_splits(
            images.assign(group=images["group"].mask(images["path"] == path, group)), fractions, seed=0
        )
        if before.eq("train").equals(after.eq("train")):
            break
    picture.rename(checkout / "pictures" / path)
    run(checkout, *LOCAL, "--until", "split")
    jobs = dry_run(run, checkout)
    assert jobs["train"] == 3
    assert not {"split", "reference_digest", "measure_loading"} & jobs.keys()


def test_launches_that_do_not_count_are_measured_again_on_request(checkout: Path, run: Run) -> None:
    records = ("loading/records/packed-1/b1.json", "training/records/resnet18-ddp-2/b1.json")
    paths = [checkout / "results/tiny" / record for record in records]
    for path in paths:
        time, one = path.stat().st_mtime_ns, json.loads(path.read_text())
        fault = {"parameter": "backend", "expected": "every image", "actual": "failed: OSError: AF_UNIX path too long"}
        path.write_text(json.dumps(one | {"validity": {"ok": False, "faults": [fault]}}))
        os.utime(path, ns=(time, time))
    printed = run(checkout, *LOCAL, "-n", "--config", "again=invalid").stdout
    uncounted = int(re.findall(r"measured again +(\d+) launches that did not count", printed)[0])
    jobs = planned(printed)
    assert jobs["measure_loading"] + jobs["train"] == uncounted
    for path in paths:
        assert str(path.relative_to(checkout)) in printed
    assert dry_run(run, checkout) == {}


def test_the_answer_for_a_trainer_that_the_config_names_needs_no_training(checkout: Path, run: Run) -> None:
    shutil.rmtree(checkout / "results/tiny/training")
    asked = ("--config", "loading={'needed_images_per_second': 100}")
    assert dry_run(run, checkout, "--until", "answer_loading", *asked) == {"answer_loading": 1}
    run(checkout, *LOCAL, "--until", "answer_loading", *asked)
    answer = json.loads((checkout / "results/tiny/scaling/loading.json").read_text())
    assert answer["feeding"]["needed_by"] == "loading.needed_images_per_second"


def test_results_can_be_written_elsewhere(pictures: Path, run: Run, tmp_path: Path) -> None:
    config = [f"images={{'folder': '{pictures}', 'shards': 1}}", "study=away", "training={'global_batch': 8}"]
    run(ROOT, "snakemake", "--profile", "local", "--directory", str(tmp_path), "--until", "split", "--config", *config)
    assert (tmp_path / "results/away/images/split.parquet").exists()


@pytest.mark.parametrize("target", ["model", "features"])
def test_the_trained_network_is_a_target_of_its_own(target: str, run: Run) -> None:
    jobs = planned(run(ROOT, "snakemake", "--profile", "local", "-n", "--forceall", target).stdout)
    assert jobs["train_model"] == jobs[target] == 1
    assert not {"train", "measure_loading"} & jobs.keys()


@pytest.mark.parametrize("profile", ["local", "slurm"])
def test_a_dry_run_of_each_profile_needs_no_cluster(profile: str, run: Run) -> None:
    printed = run(ROOT, "snakemake", "--profile", profile, "-n", "--forceall").stdout
    jobs = planned(printed)
    assert jobs["draw_sample"] == 5
    assert jobs["train"] == 9
    assert len(printed) < 40_000  # bytes that a person can read


def test_the_lung_and_colon_study_can_be_planned_without_its_images(run: Run) -> None:
    study = "config/studies/lc25000.yaml"
    jobs = planned(run(ROOT, "snakemake", "--profile", "slurm", "-n", "--forceall", "--configfile", study).stdout)
    assert jobs["train"] == 2 * 7 * 6  # models, serial and six worker counts, blocks
    assert jobs["pack_shard"] == 64


def test_the_rule_graph_can_be_drawn(run: Run) -> None:
    graph = run(ROOT, "snakemake", "--profile", "local", "--rulegraph", "mermaid-js").stdout
    assert "flowchart" in graph
    assert "measure_loading" in graph


def test_without_a_cluster_the_slurm_profile_ends_with_one_sentence(run: Run, tmp_path: Path) -> None:
    checkout = copy_checkout(tmp_path / "fresh")
    lines = ["ClusterName=none", "SlurmctldHost=localhost", "SlurmctldPort=1", "NodeName=n", "PartitionName=p Nodes=n"]
    lines.append("MessageTimeout=1")  # seconds; Slurm's programs would ask again for nine
    (tmp_path / "slurm.conf").write_text("\n".join(lines))  # without a file, Slurm's programs wait for one for a minute
    done = run(checkout, "env", f"SLURM_CONF={tmp_path}/slurm.conf", "snakemake", "--profile", "slurm", check=False)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("error: --profile slurm: no Slurm cluster answers here (")
    assert "Traceback" not in done.stderr
    assert not (checkout / "results").exists()


def test_memory_asked_of_slurm_follows_from_the_network(checkout: Path, run: Run) -> None:
    def megabytes(*changes: str) -> dict[str, str]:
        command = ("snakemake", "-n", "--profile", "slurm", "--configfile", "tiny.yaml", "--forcerun", "train")
        printed = run(checkout, *command, *changes).stdout
        jobs = re.findall(r"^rule train:.*?point=(\S+?),.*?^    resources: (.*?)$", printed, re.MULTILINE | re.DOTALL)
        return {point: "".join(re.findall(r"\bmem_mb=(\d+)", resources)) for point, resources in jobs}

    asked = megabytes()
    serial, two = int(asked["resnet18-serial-1"]), int(asked["resnet18-ddp-2"])
    assert 1_500 < serial < 3_000
    assert serial + 700 < two < serial + 1_500
    more = megabytes("--config", "training={loader_workers: [0, 4]}")
    assert int(more["resnet18-serial-1l4"]) > serial + 4 * 500
    (checkout / "results/tiny/training/facts/resnet18.json").unlink()
    assert megabytes() == dict.fromkeys(asked, "")  # until the network has been described


def test_minutes_asked_of_slurm_follow_from_earlier_records_of_the_same_work(checkout: Path, run: Run) -> None:
    def minutes(*changes: str) -> set[str]:
        command = ("snakemake", "-n", "--profile", "slurm", "--configfile", "tiny.yaml", "--forcerun", "train")
        printed = run(checkout, *command, *changes).stdout
        jobs = re.findall(r"^rule train:.*?^    resources: (.*?)$", printed, re.MULTILINE | re.DOTALL)
        assert len(jobs) == 3
        return {re.findall(r"\bruntime=(\d+)", job)[0] for job in jobs}

    for path in checkout.glob("results/tiny/training/records/*/b1.json"):
        record = json.loads(path.read_text())
        record["phases"]["startup"] += 600.0 - record["wall_seconds"]
        path.write_text(json.dumps(record | {"wall_seconds": 600.0}))
        path.with_name("b2.json").write_text(path.read_text()[:100])  # a broken one tells nothing
    assert minutes() == {"40"}
    assert minutes("--config", "training={epochs: 50}") == {"240"}
