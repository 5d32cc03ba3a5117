"""The steady part of a training, and when enough of it has been seen."""

import random
from typing import Any

import pytest
from scipy import stats

from scripts.training.watch.scalecard_watch import windows
from scripts.training.watch.scalecard_watch.windows import Windows


def after(durations: list[float], warmup_steps: int = 5, **stop_after: Any) -> tuple[Windows, int | None]:
    """What is known after steps of so many seconds, and the step after which it is enough."""
    found = Windows(warmup_steps, stop_after)
    for step, seconds in enumerate(durations):
        found.add(step, seconds)
        if found.enough():
            return found, step
    return found, None


def test_warm_up_is_in_no_window() -> None:
    found, _ = after([9.0] * 5 + [0.25] * 8)
    assert (found.steps, found.seconds, found.edges[0]) == (8, 2.0, 4)
    assert found.size == 1  # as long as the last of the warm-up were


@pytest.mark.parametrize(("enough", "last"), [({"steps": 7}, 11), ({"seconds": 0.95}, 14)])
def test_steps_or_seconds_of_the_steady_part_are_enough(enough: dict[str, float], last: int) -> None:
    assert after([3.0] * 5 + [0.1] * 100, **enough)[1] == last


def test_neighbouring_windows_become_one_so_that_there_are_never_more_than_twenty() -> None:
    found, _ = after([0.1] * 5 + [0.1] * 1000)
    assert 10 <= len(found.windows) < windows.MOST_WINDOWS
    assert found.size == 5 * 2**4
    assert found.windows == pytest.approx([8.0] * len(found.windows))


def test_a_quiet_training_is_known_well_enough_before_a_noisy_one() -> None:
    draw = random.Random(1)
    quiet = [0.5] * 5 + [draw.gauss(0.5, 0.005) for _ in range(500)]
    noisy = [0.5] * 5 + [draw.gauss(0.5, 0.05) for _ in range(500)]
    first, second = (after(durations, relative_width=0.02)[1] for durations in (quiet, noisy))
    assert first == 9  # of the fewest windows there may be
    assert second is not None
    assert second > 20


def test_the_width_is_that_of_students_interval_of_the_windows_rates() -> None:
    durations = [0.5, 0.6, 0.4, 0.55, 0.5, 0.7]
    found, _ = after([0.5] * 5 + durations)
    rates = [1 / seconds for seconds in durations]
    low, high = stats.t.interval(0.95, len(rates) - 1, stats.tmean(rates), stats.sem(rates))
    assert found.relative_width() == pytest.approx((high - low) / 2 / stats.tmean(rates), rel=1e-4)


def test_seconds_are_the_ceiling_of_a_training_too_noisy_to_be_known_well() -> None:
    durations = [0.5] * 5 + [0.1, 2.0] * 500
    assert after(durations, relative_width=0.001, seconds=21)[1] == 5 + 19


def test_the_clock_is_exact_where_a_window_ends() -> None:
    found = Windows(5, {})
    exact = []
    for step in range(20):
        if found.is_edge(step):
            exact.append(step)
        found.add(step, 0.1)
    assert exact == [0, 1, 2, 3, 4, 9, 14, 19]
    assert found.edges == [4, 9, 14, 19]


@pytest.mark.parametrize(("enough", "edges"), [({"steps": 33}, [37]), ({"seconds": 3.3}, [35, 36, 37])])
def test_the_clock_is_exact_where_the_last_step_may_be(enough: dict[str, float], edges: list[int]) -> None:
    found = Windows(5, enough)
    exact = []
    for step in range(38):
        if found.is_edge(step):
            exact.append(step)
        found.add(step, 0.1)
    assert found.enough()
    assert exact == [0, 1, 2, 3, 4, 9, 14, 19, 24, 29, *([34] if 34 not in edges else []), *edges]


@pytest.mark.parametrize("warmup_steps", [0, 1])
def test_without_a_warm_up_the_first_step_tells_how_long_a_window_is(warmup_steps: int) -> None:
    found, last = after([0.1] * 50, warmup_steps=warmup_steps, steps=30)
    assert (found.size, last) == (5, 29 + warmup_steps)
