import numpy as np
import pytest
from scipy import stats

from scripts.scaling.comparing.ratios import (
    efficiency,
    paired_ratio,
    serial_fraction,
    unpaired_ratio,
)


def test_a_ratio_is_the_exp_of_the_mean_log_ratio() -> None:
    assert paired_ratio([2.0, 8.0], [1.0, 2.0], 0.95).value == pytest.approx(8**0.5)


def test_the_interval_is_that_of_a_paired_t_test_on_logs() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.lognormal(1, 0.1, 6), rng.lognormal(0, 0.1, 6)
    found = paired_ratio(a, b, 0.9)
    expected = stats.ttest_rel(np.log(a), np.log(b)).confidence_interval(0.9)
    assert (found.low, found.high) == pytest.approx((np.exp(expected.low), np.exp(expected.high)))


def test_drift_that_a_block_shares_does_not_widen_the_interval() -> None:
    drift = np.array([1.0, 1.5, 2.0, 0.7])
    found = paired_ratio(3.0 * drift, 1.5 * drift, 0.95)
    assert (found.low, found.value, found.high) == pytest.approx((2, 2, 2))


@pytest.mark.parametrize("n", [3, 6])
def test_nominal_intervals_cover_the_truth(n: int) -> None:
    rng = np.random.default_rng(n)
    hits = 0
    for _ in range(1000):
        drift = rng.lognormal(0, 0.2, n)
        found = paired_ratio(1.8 * drift * rng.lognormal(0, 0.05, n), drift * rng.lognormal(0, 0.05, n), 0.95)
        hits += found.low <= 1.8 <= found.high
    assert 930 <= hits <= 980


def test_series_without_common_blocks_are_compared_by_welch_on_logs() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.lognormal(1, 0.1, 5), rng.lognormal(0, 0.2, 3)
    found = unpaired_ratio(a, b, 0.95)
    expected = stats.ttest_ind(np.log(a), np.log(b), equal_var=False).confidence_interval(0.95)
    assert found.value == pytest.approx(stats.gmean(a) / stats.gmean(b))
    assert (found.low, found.high) == pytest.approx((np.exp(expected.low), np.exp(expected.high)))


def test_fewer_than_three_blocks_give_no_interval() -> None:
    found = paired_ratio([2.0, 2.1], [1.0, 1.0], 0.95)
    assert found.low is None
    assert found.high is None
    assert not found.tied


def test_a_ratio_whose_interval_holds_one_is_tied() -> None:
    assert paired_ratio([1.0, 1.1, 0.9], [1.0, 1.0, 1.0], 0.95).tied
    assert not paired_ratio([2.0, 2.1, 1.9], [1.0, 1.0, 1.0], 0.95).tied


def test_efficiency_is_speedup_for_each_core() -> None:
    assert efficiency(1.41, cores=4, baseline_cores=1) == pytest.approx(0.3525)
    assert efficiency(1.5, cores=4, baseline_cores=2) == pytest.approx(0.75)


def test_the_serial_fraction_recovers_amdahls() -> None:
    for fraction, cores in ((0.0, 4), (0.1, 2), (0.25, 16)):
        speedup = 1 / (fraction + (1 - fraction) / cores)
        assert serial_fraction(speedup, cores, 1) == pytest.approx(fraction)
    assert serial_fraction(1.0, 1, 1) is None
