"""Time goes into the phase that it was spent in."""

import time

import pytest

from scripts.training.watch.scalecard_watch.phases import DATA, NAMES, OPTIMIZER, OTHER, Phases


def test_time_goes_to_the_phase_that_was_entered_and_is_taken_once() -> None:
    began = time.perf_counter()
    phases = Phases(began)
    phases.switch(DATA)
    time.sleep(0.02)
    phases.switch(OPTIMIZER)
    time.sleep(0.01)
    end = phases.switch(OTHER)
    taken = dict(zip(NAMES, phases.take(), strict=True))
    assert taken["data"] >= 0.02
    assert taken["optimizer"] >= 0.01
    assert taken["forward_backward"] == taken["evaluation"] == 0
    assert sum(taken.values()) == pytest.approx(end - began)
    assert phases.take() == [0.0] * len(NAMES)
