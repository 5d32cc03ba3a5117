"""What a set of records is believed for: each number, where each stands, and that no launch is there twice."""

import json
import math
import re
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from helping import ROOT, Run
from loading_records import POOL, SERIAL, loaded
from test_tables import SCALING, made

from scripts import record
from scripts.errors import UserError
from scripts.loading.points import LoadingPoint
from scripts.record import Record, SetAside, Validity
from scripts.scaling.tables import tabulate_loading, tabulate_training
from scripts.scaling.tables.read_records import read_records
from scripts.training.points import TrainingPoint

BAD = (math.nan, math.inf, -1, 0, 1e300)
DDP = "resnet18-ddp-2"
# A launch may have none of these.
MAY_BE_ZERO = {
    *("foreign_cores", "steal_cores", "load_average", "cpu_mhz", "involuntary_context_switches", "calibration_spread"),
    *(
        "cpu_seconds",
        "package_joules",
        "gpu_joules",
        "seconds_to_target",
        "valid_accuracy",
        "precision",
        "recall",
        "f1",
    ),
    *("first_batch_seconds", "first_pass_seconds", "steady_cpu_seconds", "storage_bytes", "resident_share", "megabits"),
    *(
        "per_class.0.images",
        "per_class.1.images",
        "epochs.0.seconds",
        "epochs.1.seconds",
        "confusion.0.1",
        "confusion.1.0",
    ),
    *("phases.startup", "phases.shutdown", "left_out_steps"),
}


def training(point: str, block: int, **changes: object) -> Record:
    """A record that has a number wherever one may stand."""
    one = made(point, block, 10.0 + block, package_joules=5.0, gpu_joules=5.0, **changes)
    noise = one.noise.model_copy(update={"steal_cores": 0.1, "cpu_mhz": 2600.0, "calibration_spread": 0.01})
    aside = [SetAside(seconds=12.0, reason="drifted")]
    return one.model_copy(update={"noise": noise, "set_aside": aside})


def loading(block: int) -> Record:
    one = loaded(POOL, block, 1.0)
    assert one.loaded is not None
    return one.model_copy(update={"loaded": one.loaded.model_copy(update={"network": {"megabits": 100.0}})})


def read(paths: Sequence[Path]) -> dict[str, list[Record]]:
    """As the tables read them: all of one stage."""
    kind = LoadingPoint if "loading" in {path.parent.parent.parent.name for path in paths} else TrainingPoint
    return read_records(paths, kind.model_validate)


def put(one: Record, results: Path) -> Path:
    """Write a record where it belongs."""
    path = results / one.study / one.stage / "records" / one.point_id / f"b{one.block}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    record.write(one, path)
    return path


def numbers(value: Any, *where: str | int) -> Iterator[tuple[str | int, ...]]:
    """Where the numbers of a JSON document stand."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from numbers(inner, *where, name)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from numbers(inner, *where, number)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield where


def altered(path: Path, value: object, *where: str | int) -> None:
    """Put another value into a record's file."""
    document = inner = json.loads(path.read_text())
    for part in where[:-1]:
        inner = inner[part]
    inner[where[-1]] = value
    path.write_text(json.dumps(document))


def refusal(*paths: Path) -> str:
    """What is said of records of which one is broken: one line."""
    with pytest.raises(UserError) as caught:
        read(paths)
    [line] = str(caught.value).splitlines()
    return line


def measured(one: Record) -> list[tuple[str | int, ...]]:
    """Where the numbers stand that a launch measured, or counted; not those of its settings."""
    found = [
        where for where in numbers(json.loads(one.model_dump_json(by_alias=True))) if where[0] not in {"point", "key"}
    ]
    assert len(found) > 25
    return found


def is_refused(where: tuple[str | int, ...], value: float) -> bool:
    if where[-1] == "loss":  # of a training that diverged: its launch does not count
        return False
    names = {".".join(map(str, where[start:])) for start in range(len(where))}
    return value != 0 or not names & MAY_BE_ZERO


@pytest.mark.parametrize("value", BAD)
@pytest.mark.parametrize("make", [lambda: training("ddp-2", 1), lambda: loading(1)], ids=["training", "loading"])
def test_a_number_that_cannot_be_is_one_line_that_names_file_and_field(
    make: Callable[[], Record], value: float, tmp_path: Path
) -> None:
    one = make()
    for where in measured(one):
        if is_refused(where, value):
            path = put(one, tmp_path)
            altered(path, value, *where)
            line = refusal(path)
            assert line.startswith(f"{path}: "), where
            assert re.search(r": found .+, expected .+; remove it, and it is measured again: rm ", line), line


@pytest.mark.parametrize("value", BAD)
def test_whatever_stands_in_a_record_no_table_holds_a_number_that_is_none(value: float, tmp_path: Path) -> None:
    paths = [put(training(point, block), tmp_path) for point in ("serial-1", "ddp-2") for block in (1, 2, 3)]
    for where in numbers(json.loads(paths[-1].read_text())):
        put(training("ddp-2", 3), tmp_path)
        altered(paths[-1], value, *where)
        try:
            records = read(paths)
        except UserError:
            continue
        for row in tabulate_training.rows(records, list(records), SCALING):
            found = [number for number in row.model_dump().values() if isinstance(number, float)]
            assert all(map(math.isfinite, found)), where


BROKEN: dict[str, tuple[dict[str, object], str]] = {
    "rate": ({"images_per_second": 50.0}, "images_per_second: found 50, expected 9.09091, 100 images in 11 s"),
    "wall": ({"wall_seconds": 5.0, "phases": {"data": 5.0}}, "seconds: found 11 s of work, expected at most 5 s"),
    "phases": ({"phases": {"data": 9.0}}, "phases: found 9 s in all, expected wall_seconds, 11 s"),
    "validity": (
        {"validity": Validity.of({}).model_copy(update={"ok": False})},
        "validity.ok: found False, expected True beside 0 faults",
    ),
    "accuracy": (
        {"quality": training("ddp-2", 1).quality.model_copy(update={"test_accuracy": 0.99})},  # type: ignore[union-attr]
        "quality.test_accuracy: found 0.99, expected 18 of 20 test images",
    ),
    "no quality": ({"quality": None}, "quality: found none, expected what the training learned"),
    "settings": ({"cores": 4}, "cores: found 4, expected 2, as its point says"),
    "device": ({"key": {"model": "resnet18"}}, "key.device: found None, expected cpu or cuda"),
    "study": ({"study": "other"}, "study: found other, expected t, where it stands"),
    "stage": ({"stage": "loading"}, "loaded: found none, expected how a launch without a fault went"),
    "point": (
        {"point_id": "resnet18-ddp-4"},
        "point_id: found resnet18-ddp-4, expected resnet18-ddp-2, where it stands",
    ),
    "block": ({"block": 2}, "block: found b2.json, expected b1.json, where it stands"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_record_that_denies_itself_or_its_place_is_refused_with_what_was_expected(name: str, tmp_path: Path) -> None:
    changes, said = BROKEN[name]
    path = put(training("ddp-2", 1), tmp_path)
    record.write(training("ddp-2", 1).model_copy(update=changes), path)
    assert said in refusal(path)


def test_a_file_that_holds_no_record_is_refused(tmp_path: Path) -> None:
    path = put(training("ddp-2", 1), tmp_path)
    whole = path.read_bytes()
    for content in (b"", whole[:100], b"\xff\xfe", b"[]", whole.replace(b'"schema": 4', b'"schema": 5')):
        path.write_bytes(content)
        assert refusal(path).startswith(f"{path}: no record of schema 4: ")
    path.unlink()
    assert refusal(path) == f"{path}: cannot be read: No such file or directory"


def test_one_launch_copied_into_another_block_is_found_out(tmp_path: Path) -> None:
    first = training("ddp-2", 1)
    paths = [put(first.model_copy(update={"block": block}), tmp_path) for block in (1, 2)]
    started = first.environment.started
    launch = f"found the launch of {paths[0]} (process {first.environment.pid} of h, started {started})"
    assert f"{paths[1]}: {launch}, expected one of its own" in refusal(*paths)


def test_a_block_that_two_studies_have_is_none_of_either(tmp_path: Path) -> None:
    paths = [put(training("ddp-2", 1).model_copy(update={"study": study}), tmp_path) for study in ("old", "new")]
    assert refusal(*paths) == f"{paths[1]}: found block 1 of {DDP} again, after {paths[0]}; expected it once"


def test_a_loss_that_is_no_number_is_kept_and_its_launch_does_not_count(tmp_path: Path) -> None:
    paths = [put(training("serial-1", block), tmp_path) for block in (1, 2)]
    for block, loss in ((1, math.nan), (2, math.inf)):
        path = put(training("ddp-2", block, loss=loss), tmp_path)
        json.loads(path.read_text(), parse_constant=pytest.fail)  # such words are not JSON
        paths.append(path)
    records = read(paths)
    quality = records[DDP][1].quality
    assert quality is not None
    assert quality.epochs[0].loss == math.inf
    row = tabulate_training.rows(records, [DDP], SCALING)[0]
    assert row.reason == "block 1: its training loss is nan in epoch 1. block 2: its training loss is inf in epoch 1"


def test_a_resumed_training_may_have_worked_longer_than_its_last_process(tmp_path: Path) -> None:
    changes = {"resumed": True, "wall_seconds": 2.0, "phases": {"data": 2.0}}
    path = put(training("ddp-2", 1).model_copy(update=changes), tmp_path)
    assert read([path])[DDP][0].resumed


def test_a_record_that_stands_in_no_folder_of_records_is_read_by_itself(tmp_path: Path) -> None:
    record.write(training("ddp-2", 1), tmp_path / "mine.json")
    assert list(read([tmp_path / "mine.json"])) == [DDP]


def test_a_missing_point_is_a_sentence_and_so_is_a_missing_baseline() -> None:
    alone = {DDP: [training("ddp-2", block) for block in (1, 2, 3)]}
    row = tabulate_training.rows(alone, [DDP], SCALING)[0]
    assert row.reason == "no valid resnet18-serial-1 to divide by"
    assert (row.speedup, row.images_per_second) == (None, pytest.approx(100 / 12))
    with pytest.raises(
        UserError, match=r"^--records: found none of resnet18-ddp-4, expected one for each of its blocks"
    ):
        tabulate_training.rows(alone, ["resnet18-ddp-4"], SCALING)
    with pytest.raises(UserError, match=r"^--records: found none of serial-1, expected"):
        tabulate_loading.rows({}, [SERIAL.id], 0.95)


@pytest.mark.parametrize("program", ["tabulate_training", "tabulate_jobs"])
def test_a_program_ends_with_the_line_alone(program: str, run: Run, tmp_path: Path) -> None:
    path = put(training("ddp-2", 1), tmp_path / "a study's results")
    altered(path, -1.0, "seconds")
    spec = {"points": [DDP], "scaling": SCALING.model_dump()}
    flags = ["--records", str(path), "--csv", str(tmp_path / "t.csv"), "--parquet", str(tmp_path / "t.parquet")]
    flags += ["--spec", json.dumps(spec)] if program == "tabulate_training" else []
    done = run(ROOT, sys.executable, "-m", f"scripts.scaling.tables.{program}", *flags, check=False)
    assert done.returncode == 1
    assert done.stderr == (
        f"error: {path}: no record of schema 4: seconds: found -1.0, expected greater than 0; remove it, and it is "
        f"measured again: rm {shlex.quote(str(path))}\n"
    )
