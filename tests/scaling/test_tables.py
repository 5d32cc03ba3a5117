"""Rows from records: what counts, what does not, and that it says why."""

import itertools
import math
from pathlib import Path

import pandas as pd
import pytest
from helping import training_point

from scripts import record
from scripts.errors import UserError
from scripts.record import ClassScores, Environment, Epoch, Noise, Quality, Record, SetAside, Validity
from scripts.scaling.tables import tabulate_training
from scripts.scaling.tables.read_records import read_all
from scripts.scaling.tables.rows import TrainingRow
from scripts.scaling.tables.table_file import write_table
from scripts.scaling.tables.tabulate_training import TableSpec

PIDS = itertools.count(1)  # of launches: no two have the same
SCALING = TableSpec(baseline="serial-1", confidence=0.95, loss_tolerance=0.25)


def made(point: str, block: int, seconds: float, **changes: object) -> Record:
    """A training record of `resnet18-<point>`, valid unless `changes` says otherwise."""
    strategy, workers = point.split("-")
    loss = changes.pop("loss", 0.5)
    accuracy = changes.pop("accuracy", [0.5, 0.95])
    images = changes.pop("images", 100)
    fields = {
        "study": "t",
        "stage": "training",
        "point_id": f"resnet18-{point}",
        "point": training_point(strategy, int(workers)).model_dump(),
        "key": {"model": "resnet18", "device": "cpu", "epochs": 2},
        "block": block,
        "cores": int(workers),
        "images": images,
        "seconds": seconds,
        "images_per_second": images / seconds,
        "phases": {"data": seconds},
        "wall_seconds": seconds,
        "cpu_seconds": seconds,
        "peak_rss_bytes": 1,
        "quality": Quality(
            epochs=[Epoch(loss=loss, valid_accuracy=a, seconds=seconds / 2) for a in accuracy],
            steps_per_epoch=3,
            classes=["a", "b"],
            test_accuracy=0.9,
            precision=0.9,
            recall=0.9,
            f1=0.9,
            per_class=[ClassScores(precision=0.9, recall=0.9, f1=0.9, images=10)] * 2,
            confusion=[[9, 1], [1, 9]],
            seconds_to_target=seconds if accuracy[-1] >= 0.9 else None,
            precision_emulated=False,
        ),
        "validity": Validity.of({}),
        "environment": Environment(
            started="2026-01-01T00:00:00+00:00",
            host="h",
            pid=next(PIDS),
            cpu_model="c",
            usable_cores=2,
            machine_cores=2,
            memory_bytes=1,
            kernel="k",
            gpu=None,
            python="3",
            packages={},
            threads={},
            job_id=None,
            nodes=["h"],
            start_method=None,
            page_cache="warm",
            allocator="glibc",
        ),
        "noise": Noise(
            calibration_before=1.0,
            calibration_after=1.0,
            load_average=0,
            foreign_cores=0.0,
            cpu_mhz=None,
            involuntary_context_switches=0,
        ),
    }
    return Record(**(fields | changes))


def tabulated(*records: Record) -> dict[str, TrainingRow]:
    found: dict[str, list[Record]] = {}
    for one in records:
        found.setdefault(one.point_id, []).append(one)
    return {row.point: row for row in tabulate_training.rows(found, list(found), SCALING)}


def serial(blocks: int = 3) -> list[Record]:
    return [made("serial-1", block, 10.0 + block) for block in range(1, blocks + 1)]


def test_a_speedup_is_paired_by_block() -> None:
    rows = tabulated(*serial(), *[made("ddp-2", block, (10.0 + block) / 1.8) for block in (1, 2, 3)])
    row = rows["resnet18-ddp-2"]
    assert row.speedup == pytest.approx(1.8)
    assert row.speedup_low == pytest.approx(1.8)
    assert row.efficiency == pytest.approx(0.9)
    assert row.serial_fraction == pytest.approx((1 / 1.8 - 1 / 2) / (1 - 1 / 2))
    assert (row.blocks, row.validity, row.marks, row.reason) == (3, "valid", "", "")
    assert (row.baseline, row.baseline_seconds) == ("resnet18-serial-1", 12.0)


def test_a_row_says_over_how_many_nodes_it_is_spread_and_what_one_holds() -> None:
    spread = training_point("ddp", 4, nodes=2).model_dump()
    ddp = [made("ddp-4", block, 4.0).model_copy(update={"point": spread}) for block in (1, 2, 3)]
    rows = tabulated(*serial(), *ddp)
    assert [(row.nodes, row.node_holds) for row in rows.values()] == [(1, 2), (2, None)]


def test_the_baseline_is_one_without_an_interval() -> None:
    row = tabulated(*serial())["resnet18-serial-1"]
    assert (row.speedup, row.speedup_low, row.marks) == (1.0, None, "baseline")


def test_two_blocks_are_exploratory() -> None:
    rows = tabulated(*serial(2), made("ddp-2", 1, 6.0), made("ddp-2", 2, 6.0))
    assert rows["resnet18-ddp-2"].marks == "exploratory"
    assert rows["resnet18-ddp-2"].speedup_low is None


def test_more_cores_than_the_machine_has_are_marked() -> None:
    rows = tabulated(*serial(), *[made("ddp-4", block, (10.0 + block) / 1.9) for block in (1, 2, 3)])
    assert rows["resnet18-ddp-4"].marks == "oversubscribed"


@pytest.mark.parametrize(
    ("usable", "physical", "marks"),
    [(8, "2", "shared_cores"), (8, "4", ""), (8, "", ""), (8, None, ""), (3, "2", "oversubscribed")],
)
def test_more_cores_than_the_machine_has_physical_ones_are_marked_where_it_tells(
    usable: int, physical: str | None, marks: str
) -> None:
    environment = made("ddp-4", 1, 1.0).environment
    threads = {} if physical is None else {"physical cores": physical}
    changes = {"usable_cores": usable, "threads": threads}
    some = [made("ddp-4", block, (10.0 + block) / 1.9) for block in (1, 2, 3)]
    some = [one.model_copy(update={"environment": environment.model_copy(update=changes)}) for one in some]
    assert tabulated(*serial(), *some)["resnet18-ddp-4"].marks == marks


def test_a_tie_is_an_answer() -> None:
    rows = tabulated(*serial(), *[made("ddp-1", b, (10.0 + b) * f) for b, f in ((1, 1.1), (2, 0.9), (3, 1.02))])
    assert rows["resnet18-ddp-1"].marks == "tied"


def fault(name: str) -> dict[str, object]:
    return {
        "invalid": {"validity": Validity.of({"test images evaluated": (30, 32)})},
        "drifted": {"noise": made("ddp-2", 1, 1).noise.model_copy(update={"calibration_after": 1.2})},
        "disturbed": {"noise": made("ddp-2", 1, 1).noise.model_copy(update={"foreign_cores": 0.3})},
        "resumed": {"resumed": True},
        "key": {"key": {"model": "resnet18", "device": "cuda", "epochs": 2}},
        "loss": {"loss": 0.9},
        "half": {"images": 36},  # of 100 in two epochs, in steps of 32
        "nan": {"loss": math.nan},
    }[name]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("invalid", "block 2: test images evaluated: expected 30, found 32"),
        ("resumed", "block 2: resumed: accuracy, no timing"),
        ("key", "block 2: cannot be divided: resnet18-ddp-2 and resnet18-serial-1 differ in device (cuda against cpu)"),
        ("loss", "block 2: its loss curve is 0.58 ln(classes) from resnet18-serial-1's, over 0.25"),
        ("half", "block 2: no equal work: 18 images an epoch against 50 of resnet18-serial-1"),
        ("nan", "block 2: its training loss is nan in epoch 1"),
    ],
)
def test_a_block_that_breaks_a_rule_takes_no_part_and_says_why(name: str, reason: str) -> None:
    others = [made("ddp-2", 1, 6.0), made("ddp-2", 3, 6.0)]
    row = tabulated(*serial(), *others, made("ddp-2", 2, 0.1, **fault(name)))["resnet18-ddp-2"]
    assert row.reason == reason
    assert row.blocks == 2
    assert row.seconds_min == 6.0


def test_an_epoch_may_leave_out_the_images_of_a_last_partial_step() -> None:
    fewer = [made("ddp-2", block, 6.0, images=100 - 2 * 31) for block in (1, 2, 3)]
    assert tabulated(*serial(), *fewer)["resnet18-ddp-2"].blocks == 3


@pytest.mark.parametrize("accuracy", [[0.95], [0.4, 0.5, 0.95]])
def test_a_training_that_reaches_its_target_in_another_epoch_is_compared_over_those_that_both_have(
    accuracy: list[float],
) -> None:
    how = {"accuracy": accuracy, "images": 50 * len(accuracy), "loss": 0.6}
    row = tabulated(*serial(), *[made("ddp-2", block, 6.0, **how) for block in (1, 2, 3)])["resnet18-ddp-2"]
    assert (row.validity, row.blocks, row.reason) == ("valid", 3, "")
    assert row.loss_distance == pytest.approx(0.1 / math.log(2))


def test_a_row_without_a_valid_block_stays_visible_and_has_no_numbers() -> None:
    bad = [made("ddp-2", block, 6.0, **fault("invalid")) for block in (1, 2, 3)]
    row = tabulated(*serial(), *bad)["resnet18-ddp-2"]
    assert row.validity == "invalid"
    assert (row.seconds, row.speedup, row.efficiency, row.test_accuracy) == (None, None, None, None)
    assert row.reason.count("expected 30, found 32") == 3


def test_without_a_valid_baseline_nothing_is_divided() -> None:
    bad = [made("serial-1", block, 6.0, **fault("invalid")) for block in (1, 2, 3)]
    row = tabulated(*bad, *[made("ddp-2", block, 6.0) for block in (1, 2, 3)])["resnet18-ddp-2"]
    assert (row.seconds, row.speedup, row.efficiency) == (6.0, None, None)
    assert row.reason == "no valid resnet18-serial-1 to divide by"


@pytest.mark.parametrize(
    ("name", "noise"),
    [
        ("drifted", "block 2: drifted: calibrations differ by 20% (no calm came: it counts)"),
        ("disturbed", "block 2: disturbed: other processes used 0.30 cores (no calm came: it counts)"),
    ],
)
def test_a_launch_that_found_no_calm_counts_and_its_row_says_so(name: str, noise: str) -> None:
    row = tabulated(*serial(), *[made("ddp-2", b, 6.0, **(fault(name) if b == 2 else {})) for b in (1, 2, 3)])[
        "resnet18-ddp-2"
    ]
    assert (row.blocks, row.marks, row.reason, row.noise) == (3, "noisy", "", noise)


def test_launches_that_were_set_aside_are_counted() -> None:
    again = [SetAside(seconds=9.0, reason="disturbed"), SetAside(seconds=8.0, reason="drifted")]
    rows = tabulated(*serial(), *[made("ddp-2", b, 6.0, **({"set_aside": again} if b == 2 else {})) for b in (1, 2, 3)])
    assert (rows["resnet18-ddp-2"].set_aside, rows["resnet18-serial-1"].set_aside) == (2, 0)


def test_a_block_is_not_lost_with_its_baseline() -> None:
    """Block 3 ran half as fast for all; the baseline's launch of it does not count, ddp-1's does and levels it."""
    hour = {1: 1.0, 2: 1.0, 3: 0.5, 4: 1.0}
    baseline = [made("serial-1", b, 10.0, **(fault("invalid") if b == 3 else {})) for b in hour]
    others = [made("ddp-1", b, 10.0 / hour[b]) for b in hour] + [made("ddp-2", b, 5.0 / hour[b]) for b in hour]
    rows = tabulated(*baseline, *others)
    assert rows["resnet18-ddp-2"].blocks == 4
    assert rows["resnet18-ddp-2"].speedup == pytest.approx(2.0)
    assert rows["resnet18-ddp-2"].efficiency == pytest.approx(1.0)


def test_what_was_learned_is_compared_with_the_nearest_block_of_the_baseline() -> None:
    rows = tabulated(*serial(), *[made("ddp-2", b, 6.0, loss=0.5 if b < 4 else 0.9) for b in (1, 2, 3, 4)])
    assert rows["resnet18-ddp-2"].reason.startswith("block 4: its loss curve is")
    assert rows["resnet18-ddp-2"].blocks == 3


def test_a_point_that_missed_the_target_once_has_no_time_to_it() -> None:
    runs = [made("ddp-2", b, 6.0, accuracy=[0.5, 0.95 if b < 3 else 0.8]) for b in (1, 2, 3)]
    assert tabulated(*serial(), *runs)["resnet18-ddp-2"].seconds_to_target is None


def test_each_model_has_its_own_baseline() -> None:
    large = training_point("serial", 1, model="resnet50").model_dump()
    changes = {"point": large, "point_id": "resnet50-serial-1", "key": {"model": "resnet50", "device": "cpu"}}
    others = [made("serial-1", block, 40.0).model_copy(update=changes) for block in (1, 2, 3)]
    rows = tabulated(*serial(), *others)
    assert rows["resnet50-serial-1"].baseline == "resnet50-serial-1"
    assert rows["resnet50-serial-1"].speedup == 1.0


def test_a_table_is_written_for_people_and_for_programs(tmp_path: Path) -> None:
    rows = list(tabulated(*serial(), *[made("ddp-2", b, (10 + b) / 1.7654321) for b in (1, 2, 3)]).values())
    write_table(rows, TrainingRow, tmp_path / "t.csv", tmp_path / "t.parquet")
    assert pd.read_csv(tmp_path / "t.csv")["speedup"].tolist() == [1.0, 1.76543]
    assert pd.read_parquet(tmp_path / "t.parquet")["speedup"].tolist() == pytest.approx([1.0, 1.7654321], abs=1e-12)
    assert list(pd.read_csv(tmp_path / "t.csv")) == list(TrainingRow.model_fields)


def test_records_survive_the_file_and_a_strange_one_is_refused(tmp_path: Path) -> None:
    one = made("serial-1", 1, 3.0)
    record.write(one, tmp_path / "b1.json")
    assert record.read(tmp_path / "b1.json") == one
    assert read_all([tmp_path / "b1.json"]) == [one]
    text = (tmp_path / "b1.json").read_text()
    (tmp_path / "b2.json").write_text(text.replace('"schema": 4', '"schema": 5'))
    with pytest.raises(UserError, match=r"b2.json: no record of schema 4: schema"):
        record.read(tmp_path / "b2.json")
    (tmp_path / "b3.json").write_text(text[:100])
    with pytest.raises(UserError, match=r"b3.json: no record of schema 4"):
        record.read(tmp_path / "b3.json")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_energy_is_the_median_of_launches_that_all_have_it() -> None:
    measured = [
        made("ddp-2", block, 6.0, package_joules=100.0 * block, gpu_joules=None if block == 2 else 1.0)
        for block in (1, 2, 3)
    ]
    row = tabulated(*serial(), *measured)["resnet18-ddp-2"]
    assert (row.package_joules, row.gpu_joules) == (200.0, None)
    assert (row.core_hours, row.gpu_hours) == (pytest.approx(6.0 * 2 / 3600), None)
