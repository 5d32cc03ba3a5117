"""What a run says of itself, from its jobs and their records: no process runs here."""

import time
from pathlib import Path

import pytest
from quirks import lasting, loading_record, training_record

from scripts import record
from scripts.record import Record, SetAside, Validity
from scripts.report.terminal.estimate import Pace, Work, seconds_left, seconds_left_side_by_side
from scripts.report.terminal.live_line import standing
from scripts.report.terminal.progress import Job, Progress, clock, measuring

NOON = time.mktime((2026, 3, 2, 12, 0, 0, 0, 0, -1))  # a Monday
DDP, SERIAL, POOL = "resnet18-ddp-2", "resnet18-serial-1", "pool_map-2-16"


def disturbed(one: Record) -> Record:
    return one.model_copy(update={"noise": one.noise.model_copy(update={"foreign_cores": 2.25})})


@pytest.fixture
def progress(tmp_path: Path) -> Progress:
    """A run of 1: two jobs that pack, 2: two blocks of a training, 3: one of loading, 4: a target."""

    def measured(stage: str, rule: str, point: str, block: int, workers: int) -> Job:
        path = tmp_path / "results" / "quirks" / stage / "records" / point / f"b{block}.json"
        return measuring(path, rule, point, block, 2, workers)

    jobs = {
        1: Job("pack_shard", "0000", None, None),
        2: Job("pack_shard", "0001", None, None),
        3: measured("training", "train", DDP, 1, 2),
        4: measured("training", "train", DDP, 2, 2),
        5: measured("loading", "measure_loading", POOL, 1, 2),
        6: Job("all", "", None, None, silent=True),
    }
    return Progress(jobs, Pace(), side_by_side=False)


def finish(progress: Progress, number: int, one: Record, started: float, ended: float) -> str:
    """What is said of a measurement that ran and left `one`."""
    progress.start([number], started)
    path = progress.jobs[number].record
    assert path is not None
    path.parent.mkdir(parents=True, exist_ok=True)
    record.write(one, path)
    said = progress.finish(number, ended)
    assert said is not None
    assert said.measured
    return said.text


def test_a_rule_that_measures_nothing_gets_a_word_when_the_last_of_its_jobs_is_done(progress: Progress) -> None:
    progress.start([1, 2, 6], NOON)
    assert progress.headline() == "2 running: pack_shard 0000 and pack_shard 0001"
    assert progress.finish(1, NOON) is None
    said = progress.finish(2, NOON)
    assert said is not None
    assert said.text == "pack_shard: 2 jobs done"
    assert progress.finish(6, NOON) is None


def test_a_measurement_is_said_with_its_seconds_and_its_rate(progress: Progress) -> None:
    one = lasting(training_record(DDP, 1), 21.63, images=2669)
    said = finish(progress, 3, one, NOON, NOON + 25)
    assert said == f"1 of 3: measured {DDP} (training, block 1 of 2) in 21.6 s, 123 images/s"


def test_a_launch_that_does_not_count_is_said_with_the_reason_that_the_tables_give(progress: Progress) -> None:
    resumed = {"resumed": True}
    said = finish(progress, 3, training_record(DDP, 1).model_copy(update=resumed), NOON, NOON + 25)
    assert said == f"1 of 3: {DDP} (training, block 1 of 2) does not count: resumed: accuracy, no timing"
    wrong = loading_record(POOL, 1).model_copy(update={"validity": Validity.of({"checksum": ("a1b2", "ffff")})})
    assert "checksum: expected a1b2, found ffff" in finish(progress, 5, wrong, NOON, NOON + 25)
    finish(progress, 4, training_record(DDP, 2).model_copy(update=resumed), NOON, NOON + 25)
    assert progress.summary(NOON) == "3 of 3 measured · 3 did not count (2 resumed, 1 checksum)"
    assert progress.last_words() == "3 of 3 measured; 3 did not count (2 resumed, 1 checksum)."


def test_launches_that_were_set_aside_and_those_that_no_calm_came_for_are_said_and_counted(progress: Progress) -> None:
    aside = [SetAside(seconds=20.0, reason=f"disturbed: other processes used {cores} cores") for cores in (0.91, 0.84)]
    one = lasting(training_record(DDP, 1), 21.63, images=2669)
    measured = f"measured {DDP} (training, block 1 of 2) in 21.6 s, 123 images/s"
    said = finish(progress, 3, one.model_copy(update={"set_aside": aside}), NOON, NOON + 60)
    assert said == f"1 of 3: {measured}, 2 launches set aside ({aside[0].reason}; {aside[1].reason})"
    noisy = disturbed(training_record(DDP, 2)).model_copy(update={"set_aside": aside[:1]})
    said = finish(progress, 4, noisy, NOON, NOON + 60)
    assert ", noisy (disturbed: other processes used 2.25 cores), 1 launch set aside (disturbed: " in said
    assert progress.summary(NOON) == "2 of 3 measured · 3 launches set aside (3 disturbed) · 1 noisy (1 disturbed)"
    assert progress.last_words() == (
        "2 of 3 measured; all of them count; 3 launches set aside (3 disturbed); 1 noisy (1 disturbed)."
    )


def test_a_record_that_cannot_be_read_does_not_count(progress: Progress) -> None:
    progress.start([3], NOON)
    said = progress.finish(3, NOON)
    assert said is not None
    assert not said.counts
    assert "does not count: no record: " in said.text


def test_a_job_that_failed_is_neither_running_nor_done(progress: Progress) -> None:
    progress.start([3], NOON)
    assert progress.headline() == f"measuring {DDP} (training, block 1 of 2) since 12:00"
    progress.fail(3)
    assert progress.headline() == ""
    assert progress.summary(NOON) == "0 of 3 measured · 1 failed"
    progress.start([3], NOON)
    assert progress.summary(NOON) == "0 of 3 measured"


def test_jobs_of_a_cluster_are_called_submitted(progress: Progress) -> None:
    progress.side_by_side = True
    progress.start([3], NOON)
    assert progress.headline() == f"submitted {DDP} (training, block 1 of 2) since 12:00"
    progress.start([5], NOON)
    assert progress.headline() == (f"2 submitted: {DDP} (training, block 1 of 2) and {POOL} (loading, block 1 of 2)")


def test_a_block_that_confirms_is_one_of_none() -> None:
    path = Path("results/quirks/training/records/p-1/b1001.json")
    assert str(measuring(path, "train", "p-1", 1001, 3, 1)) == "p-1 (training, block 1001)"


def test_the_end_is_said_once_there_is_something_to_go_by_for_all_that_is_left(progress: Progress) -> None:
    one = lasting(training_record(DDP, 1), 100.0)
    assert "ends" not in progress.summary(NOON)
    finish(progress, 3, one, NOON, NOON + 120)
    assert "ends" not in progress.summary(NOON)  # nothing is known of loading
    finish(progress, 5, lasting(loading_record(POOL, 1), 10.0), NOON, NOON + 15)
    progress.start([4], NOON + 120)
    assert progress.summary(NOON + 180) == "2 of 3 measured · ends about 12:04"
    assert progress.end(NOON + 600) == "about 12:10"  # it takes longer than thought: now


def test_the_end_of_a_launch_without_a_sibling_is_that_of_its_stage_and_workers() -> None:
    pace = Pace()
    for name, wall in ((SERIAL, 80.0), (DDP, 40.0), ("resnet50-ddp-2", 60.0)):
        one = lasting(training_record(name, 1), wall)
        pace.took(Work("train", "training", name, one.workers), wall + 7, one)
    assert pace.seconds(Work("train", "training", SERIAL, 1)) == 87
    assert pace.seconds(Work("train", "training", "resnet18-fsdp-2", 2)) == 57
    assert pace.seconds(Work("train", "training", "resnet18-ddp-4", 4)) is None
    assert pace.seconds(Work("measure_loading", "loading", "pool_map-2", 2)) is None
    assert pace.seconds(Work("profile", "training", DDP, 2)) == 47


def test_earlier_records_tell_of_launches_and_only_this_run_of_what_is_beside_them() -> None:
    pace = Pace()
    for block, wall in enumerate((30.0, 50.0, 31.0), start=1):
        pace.learn(lasting(training_record(DDP, block), wall))
    pace.learn(lasting(training_record(DDP, 4), 1.0).model_copy(update={"resumed": True}))
    work = Work("train", "training", DDP, 2)
    assert pace.seconds(work) is None
    one = lasting(loading_record(POOL, 1), 2.0)
    pace.took(Work("measure_loading", "loading", POOL, 2), 5.0, one)
    assert pace.seconds(work) == 34
    assert seconds_left(pace, [work, work], [(work, 30.0)]) == 72


def test_records_that_the_run_writes_anew_tell_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, block, wall in ((DDP, 1, 500.0), (DDP, 3, 20.0)):
        path = Path(f"results/quirks/training/records/{name}/b{block}.json")
        path.parent.mkdir(parents=True, exist_ok=True)
        record.write(lasting(training_record(name, block), wall), path)
    (path.parent / "b4.json").write_text("of another version")
    again = measuring(Path(f"results/quirks/training/records/{DDP}/b1.json"), "train", DDP, 1, 3, 2)
    assert standing("quirks", {"training": {}}, {1: again}).walls == {("training", DDP): [20.0]}
    assert len(standing("quirks", {"training": {}}, {}).walls["training", DDP]) == 2


def test_side_by_side_what_is_left_goes_as_fast_as_what_is_done() -> None:
    pace = Pace()
    work, other = Work("train", "training", DDP, 2), Work("train", "training", SERIAL, 1)
    for name, wall in ((DDP, 20.0), (SERIAL, 40.0)):
        one = lasting(training_record(name, 1), wall)
        pace.took(Work("train", "training", name, one.workers), wall, one)
    assert seconds_left_side_by_side(pace, [other, other], [work, work], gone=15.0) == 30
    assert seconds_left_side_by_side(pace, [other], [], gone=15.0) is None


def test_another_day_is_named() -> None:
    assert clock(NOON + 3600, NOON) == "13:00"
    assert clock(NOON + 86_400, NOON) == "Tue 12:00"
