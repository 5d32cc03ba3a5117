"""The fixed work that shows whether cores change their speed."""

import threading
import time
import zlib

import pytest

from scripts import calibration
from scripts.calibration import Calibration, calibrate, mean


def test_the_time_for_which_others_have_the_core_is_none_of_its_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    crc32, away = zlib.crc32, 0.02

    def interrupted(data: bytes, check: int) -> int:
        time.sleep(away)
        return crc32(data, check)

    monkeypatch.setattr(zlib, "crc32", interrupted)
    assert calibrate().seconds < 8 * away  # which each run of the work was away


def test_a_core_that_wakes_up_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    waking = iter([0.009 - 0.0005 * step for step in range(10)])  # faster with each run
    monkeypatch.setattr(calibration, "_work", lambda: next(waking, 0.004))
    assert calibrate() == Calibration(0.004, 0.0)


def test_a_core_that_never_steadies_is_calibrated_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = iter(range(10**9))
    monkeypatch.setattr(calibration, "_work", lambda: 0.004 * 1.2 ** (next(runs) // calibration.ALIKE_RUNS % 2))
    found = calibrate()
    assert 0.004 <= found.seconds <= 0.0048
    assert found.spread == pytest.approx(0.2, abs=0.05)


def test_as_many_cores_work_at_once_as_are_asked_for_and_there(monkeypatch: pytest.MonkeyPatch) -> None:
    workers: set[int] = set()

    def work() -> float:
        workers.add(threading.get_ident())
        return 0.004

    monkeypatch.setattr(calibration, "sched_getaffinity", lambda process: {0, 1, 2})  # noqa: ARG005
    monkeypatch.setattr(calibration, "_work", work)
    assert calibrate(2) == Calibration(0.004, 0.0)
    assert len(workers) == 2
    workers.clear()
    calibrate(8)
    assert len(workers) == 3


def test_several_ranks_of_a_machine_are_as_fast_as_they_are_on_average() -> None:
    assert mean([Calibration(0.004, 0.01), Calibration(0.006, 0.03)]) == pytest.approx((0.005, 0.02))
