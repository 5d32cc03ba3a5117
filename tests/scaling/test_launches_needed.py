"""How many more launches would tell: often enough as many as it says."""

import math

import numpy as np
import pytest
from scipy import special

from scripts.scaling.comparing.comparison import Comparison
from scripts.scaling.comparing.launches_needed import POWER, launches_needed, more_would, power
from scripts.scaling.comparing.ratios import paired_ratio


@pytest.mark.parametrize(("distance", "deviation", "launches"), [(0.05, 0.02, 4), (0.02, 0.02, 10), (-0.05, 0.1, 34)])
def test_so_many_launches_are_needed(distance: float, deviation: float, launches: int) -> None:
    assert launches_needed(distance, deviation, 0.95) == launches


def test_the_power_is_that_of_a_noncentral_t() -> None:
    for freedom, reach in ((2, 4.3), (5, 2.6), (40, 2.0), (6, 12.0)):
        exact = next(d for d in np.arange(0, 60, 0.01) if special.nctdtr(freedom, d, reach) <= 1 - POWER)
        assert power(exact, freedom, reach) == pytest.approx(POWER, abs=0.03)
    assert power(200.0, 2, 2.0) == 1.0


def test_more_noise_and_less_distance_need_more_launches() -> None:
    needed = [launches_needed(distance, 0.03, 0.95) or math.inf for distance in (0.1, 0.05, 0.02, 0.001, 0.0)]
    assert needed == sorted(needed)
    assert needed[-1] == math.inf
    assert launches_needed(0.1, 0.0, 0.95) == 3


def test_the_end_of_the_sentence_says_it() -> None:
    assert [more_would(6), more_would(None)] == ["about 6 more would", "even 100 would not"]


@pytest.mark.parametrize("n", [4, 10])
def test_so_many_launches_tell_as_often_as_promised(n: int) -> None:
    """At the least distance for which n launches are said to be enough."""
    rng = np.random.default_rng(n)
    distance = next(d for d in np.arange(0.001, 0.2, 0.0005) if launches_needed(d, 0.02, 0.95) == n)
    draws = np.exp(rng.normal(distance, 0.02, (1000, n)))
    told = sum((paired_ratio(some, np.ones(n), 0.95).low or 0) > 1 for some in draws)
    assert POWER - 0.04 <= told / 1000 <= POWER + 0.08


@pytest.mark.parametrize(("truth", "noise", "least"), [(1.02, 0.014, 0.8), (1.05, 0.05, 0.7)])
def test_after_a_tie_as_many_more_as_are_said_mostly_tell(truth: float, noise: float, least: float) -> None:
    """The three launches that leave it open are also all that is known of their noise."""
    rng = np.random.default_rng(1)
    told = []
    for _ in range(400):
        logs = rng.normal(math.log(truth), noise, 3)
        if not paired_ratio(np.exp(logs), np.ones(3), 0.95).tied:
            continue
        rates = {"a": dict(enumerate(np.exp(logs))), "b": dict.fromkeys(range(3), 1.0)}
        more = Comparison(rates, rates, 0.95).more_launches("a", "b")
        if more is not None:
            logs = np.append(logs, rng.normal(math.log(truth), noise, more))
            told.append(not paired_ratio(np.exp(logs), np.ones(len(logs)), 0.95).tied)
    assert len(told) > 100
    assert np.mean(told) >= least


def test_the_bound_may_be_another_than_1() -> None:
    rates = {"a": {1: 0.97, 2: 0.99, 3: 1.01}, "b": {1: 1.0, 2: 1.0, 3: 1.0}}
    found = Comparison(rates, rates, 0.95)
    assert found.more_launches("a", "b", bound=0.95) == 2
    assert found.more_launches("a", "b", bound=0.5) == 1


def test_as_one_of_many_statements_more_launches_are_needed() -> None:
    rng = np.random.default_rng(3)
    rates = {p: {b: float(np.exp(rng.normal(0, 0.02))) for b in (1, 2, 3)} for p in "cdefgh"}
    rates |= {"a": {1: 1.01, 2: 1.03, 3: 1.05}, "b": {1: 1.0, 2: 1.0, 3: 1.0}}
    found = Comparison(rates, rates, 0.95)
    alone, together = found.more_launches("a", "b"), found.more_launches("a", "b", together=True)
    assert alone is not None
    assert together is not None
    assert 1 < alone < together


def test_what_may_have_biased_launches_is_not_told_by_more_of_them() -> None:
    steady = dict.fromkeys(range(3), 1.0)
    measured = {"a": {0: 1.38, 1: 1.40, 2: 1.39}, "b": steady}
    assert Comparison(measured, measured, 0.95).more_launches("a", "b") == 1

    turned = {"a": {0: 0.95, 1: 0.96, 2: 0.94}, "b": steady}
    assert Comparison(measured, turned, 0.95).more_launches("a", "b") is None
    scattered = {"a": {0: 1.0, 1: 1.3, 2: 1.05}, "b": steady}
    alone = Comparison(scattered, scattered, 0.95).more_launches("a", "b")
    assert alone is not None
    assert Comparison(measured, scattered, 0.95).more_launches("a", "b") == alone > 1
