"""When a launch is measured again, and which one counts; the launches here are records that are made."""

import os
import platform
from collections.abc import Iterator
from pathlib import Path

import pytest
from report.quirks import lasting, on_four_cores, training_record

from scripts import again, record
from scripts.again import Measured, Stop, restless_launches, until_calm
from scripts.record import Fault, Record, Validity

CALM = on_four_cores(training_record("resnet18-ddp-2", 1))


def disturbed(cores: float) -> Record:
    """By neighbours that use so many cores; it takes so many times as long as undisturbed."""
    noise = CALM.noise.model_copy(update={"foreign_cores": cores})
    return lasting(CALM, CALM.wall_seconds * cores).model_copy(update={"noise": noise})


def drifted() -> Record:
    return CALM.model_copy(update={"noise": CALM.noise.model_copy(update={"calibration_after": 0.0036})})


@pytest.fixture(autouse=True)
def _calm_comes_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(again, "wait_for_calm", lambda longest, stop: True)  # noqa: ARG005


@pytest.fixture
def stop(monkeypatch: pytest.MonkeyPatch) -> Stop:
    monkeypatch.setattr(again.signal, "signal", lambda number, handler: None)  # noqa: ARG005
    monkeypatch.setattr(again.os, "register_at_fork", lambda after_in_child: None)  # noqa: ARG005
    return Stop()


@pytest.fixture
def output(tmp_path: Path) -> Path:
    path = tmp_path / CALM.study / "training" / "records" / CALM.point_id / "b1.json"
    path.parent.mkdir(parents=True)
    return path


def measured(output: Path, stop: Stop, *launches: Record | int, again: int = 3) -> Measured:
    """What comes of launches that leave these records, or end with these statuses."""
    left: Iterator[Record | int] = iter(launches)

    def launch(number: int, path: Path) -> int:
        del number
        found = next(left)
        if isinstance(found, int):
            return found
        record.write(found, path)
        return 0

    made = until_calm(launch, output, again, stop)
    assert not list(left), "not all were launched"
    assert list(output.parent.iterdir()) == []
    return made


def test_a_calm_launch_is_the_only_one(output: Path, stop: Stop) -> None:
    assert measured(output, stop, CALM) == Measured(CALM, 0)


def test_what_was_disturbed_or_had_drifted_is_set_aside_with_its_seconds_and_reason(output: Path, stop: Stop) -> None:
    found = measured(output, stop, disturbed(1.5), drifted(), CALM)
    assert found.launch == 2
    assert [(one.seconds, one.reason) for one in found.record.set_aside] == [
        (disturbed(1.5).seconds, "disturbed: other processes used 1.50 cores"),
        (CALM.seconds, "drifted: calibrations differ by 20%"),
    ]
    assert found.record.model_copy(update={"set_aside": []}) == CALM


def test_where_no_calm_comes_the_least_disturbed_launch_counts(output: Path, stop: Stop) -> None:
    found = measured(output, stop, disturbed(1.5), disturbed(0.9), disturbed(1.1), again=2)
    assert (found.launch, found.record.seconds) == (1, disturbed(0.9).seconds)
    assert [one.seconds for one in found.record.set_aside] == [disturbed(1.5).seconds, disturbed(1.1).seconds]


def test_a_launch_that_is_wrong_is_not_measured_again(output: Path, stop: Stop) -> None:
    wrong = Validity(ok=False, faults=[Fault(parameter="backend", expected="every image", actual="failed")])
    for final in ({"validity": wrong}, {"resumed": True}):
        one = disturbed(1.5).model_copy(update=final)
        assert measured(output, stop, one) == Measured(one, 0)


def test_none_is_measured_again_where_the_study_asks_for_none(output: Path, stop: Stop) -> None:
    assert measured(output, stop, disturbed(1.5), again=0).record.set_aside == []


def test_a_first_launch_that_fails_ends_the_job_with_its_status(output: Path, stop: Stop) -> None:
    with pytest.raises(SystemExit) as ended:
        measured(output, stop, 75)
    assert ended.value.code == 75


def test_a_launch_that_fails_as_it_measures_again_costs_nothing_that_was_measured(output: Path, stop: Stop) -> None:
    found = measured(output, stop, disturbed(1.5), 1)
    assert (found.launch, found.record.seconds) == (0, disturbed(1.5).seconds)
    assert [one.reason for one in found.record.set_aside] == ["failed: ended with 1"]
    assert measured(output, stop, disturbed(1.5), 75) == Measured(disturbed(1.5), 0)  # stopped by its cluster


def test_a_job_that_is_told_to_stop_keeps_what_it_has_measured(output: Path, stop: Stop) -> None:
    def launch(number: int, path: Path) -> int:
        if number == 0:
            record.write(disturbed(1.5), path)
            return 0
        stop.hand_on = lambda: None
        stop._hear()
        return 75

    found = until_calm(launch, output, 3, stop)
    assert (found.record, found.launch) == (disturbed(1.5), 0)


def newest(output: Path, *launches: Record, host: str = "node1") -> int:
    """How many of these records, in the order of their writing, came to no calm at the end."""
    for path in output.parent.iterdir():
        path.unlink()
    for number, one in enumerate(launches, start=2):
        path = output.with_name(f"b{number}.json")
        record.write(one.model_copy(update={"block": number}), path)
        os.utime(path, (number, number))
    return restless_launches(output.parent.parent, host)


def test_launches_that_came_to_no_calm_are_counted_back_to_the_last_calm_one(output: Path) -> None:
    assert newest(output, disturbed(1.5), CALM, disturbed(1.5), drifted()) == 2
    assert newest(output, disturbed(1.5), host="elsewhere") == 0
    assert newest(output, disturbed(1.5), CALM) == 0
    (output.parent / "b9.json").write_text("of another version")
    assert restless_launches(output.parent.parent, "node1") == 0


def test_a_machine_that_is_never_calm_is_tried_less_and_less(output: Path, stop: Stop) -> None:
    busy, tries = disturbed(1.5), []
    for block in range(1, 5):
        launches = 0

        def launch(number: int, path: Path) -> int:
            nonlocal launches
            del number
            launches += 1
            record.write(busy, path)
            return 0

        path = output.with_name(f"b{block}.json")
        found = until_calm(launch, path, 3, stop)
        record.write(found.record.model_copy(update={"block": block}), path)
        tries.append(launches)
    assert tries == [4, 2, 1, 1]
    assert platform.node() != busy.environment.host  # the records' host is what counts
