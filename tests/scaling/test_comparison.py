"""Points compared along the blocks that they share, and what a machine's drift may not do to them."""

import numpy as np
import pytest
from test_tables import made

from scripts.record import Record
from scripts.scaling.comparing.comparison import Comparison
from scripts.scaling.comparing.levelling import cores_left, levelled
from scripts.scaling.comparing.ratios import paired_ratio
from scripts.scaling.comparing.two_way import fit

HOURS = {1: 0.7, 2: 0.7, 3: 0.7, 4: 1.0, 5: 1.0, 6: 1.0}  # speed of the machine in each block


def compared(rates: dict[str, dict[int, float]], confidence: float = 0.95) -> Comparison[str]:
    return Comparison(rates, rates, confidence)


def test_without_gaps_two_points_have_the_paired_interval() -> None:
    rng = np.random.default_rng(0)
    rates = {p: {b: float(rng.lognormal(0, 0.1)) for b in HOURS} for p in "ab"}
    found, paired = compared(rates).ratio("a", "b"), paired_ratio(*(list(m.values()) for m in rates.values()), 0.95)
    assert found is not None
    assert (found.value, found.low, found.high) == pytest.approx((paired.value, paired.low, paired.high))


def test_what_was_measured_in_slower_blocks_is_levelled_by_what_shares_them() -> None:
    rates = {"a": {b: 110 * HOURS[b] for b in (1, 2, 3)}, "b": {b: 100 * HOURS[b] for b in HOURS}}
    found = compared(rates)
    assert found.fastest_first(rates) == ["a", "b"]
    ratio = found.ratio("a", "b")
    assert ratio is not None
    assert ratio.value == pytest.approx(1.1)


def test_two_that_share_no_block_are_compared_through_one_that_shares_with_both() -> None:
    rates = {
        "early": {b: 110 * HOURS[b] for b in (1, 2, 3)},
        "late": {b: 100 * HOURS[b] for b in (4, 5, 6)},
        "both": {b: 50 * HOURS[b] for b in HOURS},
    }
    ratio = compared(rates).ratio("early", "late")
    assert ratio is not None
    assert ratio.value == pytest.approx(1.1)


def test_days_that_nothing_joins_are_never_compared() -> None:
    rates = {"a": {1: 135.0, 2: 136.0, 3: 134.0}, "b": {4: 100.0, 5: 101.0, 6: 99.0}, "c": {4: 90.0, 5: 91.0, 6: 89.0}}
    found = compared(rates)
    assert found.ratio("a", "b") is None
    assert found.together("a", "b") is None
    leads = found.leads(rates)
    assert leads is not None
    assert (leads.first, list(leads.over), leads.apart) == ("b", ["c"], ["a"])


def test_a_launch_that_is_alone_in_its_block_tells_nothing_of_the_noise() -> None:
    rates = {"a": {1: 10.0, 2: 10.1, 3: 9.9, 7: 1000.0}, "b": {1: 5.0, 2: 5.0, 3: 5.0}}
    model = fit(rates)
    assert model.freedoms.sum() == pytest.approx(2)
    alone = compared(rates).ratio("a", "b")
    without = compared({"a": {b: rates["a"][b] for b in (1, 2, 3)}, "b": rates["b"]}).ratio("a", "b")
    assert alone is not None
    assert without is not None
    assert (alone.value, alone.low) == pytest.approx((without.value, without.low))


def test_fewer_than_three_launches_have_no_interval() -> None:
    found = compared({"a": {1: 2.0, 2: 2.1}, "b": {1: 1.0, 2: 1.0, 3: 1.0}}).ratio("a", "b")
    assert found is not None
    assert (found.low, found.high) == (None, None)


def test_one_lucky_launch_makes_no_fastest() -> None:
    leads = compared({"lucky": {1: 9.0}, "a": {1: 2.0, 2: 2.1, 3: 2.0}, "b": {1: 1.0, 2: 1.0, 3: 1.0}}).leads(
        ["lucky", "a", "b"]
    )
    assert leads is not None
    assert leads.first == "a"
    assert leads.over["lucky"].low is None


Speeds = dict[str, list[float]]  # of the machine at each launch of a point, as its calibrations show them


def launches(speeds: Speeds, rates: dict[str, list[float]]) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for point, mine in rates.items():
        for block, (speed, rate) in enumerate(zip(speeds[point], mine, strict=True), start=1):
            one = made(point, block, 100 / rate)
            ends = {"calibration_before": 1 / speed, "calibration_after": 1 / speed}
            found.setdefault(point, []).append(one.model_copy(update={"noise": one.noise.model_copy(update=ends)}))
    return found


def calibrated(speeds: Speeds, rates: dict[str, list[float]]) -> Comparison[str]:
    found = launches(speeds, rates)
    measured = {point: {one.block: one.images_per_second for one in mine} for point, mine in found.items()}
    return Comparison(measured, levelled(found), 0.95)


APART = {"serial-1": [1.0, 1.0, 1.0], "ddp-2": [0.92, 0.921, 0.919], "fsdp-2": [1.08, 1.079, 1.081]}


def test_equal_rivals_of_which_one_met_a_machine_8_percent_slower_and_one_8_percent_faster_are_tied() -> None:
    rates = {point: [10 * speed for speed in mine] for point, mine in APART.items()}
    steady = calibrated({point: [1.0] * 3 for point in APART}, rates)
    leads = steady.leads(["ddp-2", "fsdp-2"])
    assert leads is not None
    assert leads.over["ddp-2"].low is not None
    assert leads.over["ddp-2"].low > 1.16  # as the rates alone have it

    leads = calibrated(APART, rates).leads(["ddp-2", "fsdp-2"])
    assert leads is not None
    assert leads.over["ddp-2"].tied


def test_a_lead_smaller_than_the_drift_that_its_calibrations_show_is_a_tie() -> None:
    """In truth 0.98 times as fast, on a machine 9 % faster."""
    speeds = {"ddp-2": [1.0, 1.0, 1.0], "fsdp-2": [1.09, 1.09, 1.09]}
    rates = {"ddp-2": [10.0, 10.02, 9.99], "fsdp-2": [10.68, 10.69, 10.68]}
    found = calibrated(speeds, rates).ratio("fsdp-2", "ddp-2")
    assert found is not None
    assert found.low is not None
    assert found.low < 0.985
    assert found.high is not None
    assert found.high > 1.06


def test_a_drift_that_both_share_widens_nothing() -> None:
    speeds = {"ddp-2": [1.0, 0.9, 1.1], "fsdp-2": [1.0, 0.9, 1.1]}
    rates = {"ddp-2": [10.0 * s for s in speeds["ddp-2"]], "fsdp-2": [11.0 * s for s in speeds["fsdp-2"]]}
    found = calibrated(speeds, rates).ratio("fsdp-2", "ddp-2")
    assert found is not None
    assert (found.low, found.high) == pytest.approx((1.1, 1.1))


def test_more_cores_at_once_may_be_slower_each_and_that_is_no_drift() -> None:
    speeds = {"serial-1": [1.0, 1.0, 1.0], "ddp-2": [0.8, 0.8, 0.8]}
    found = calibrated(speeds, {"serial-1": [10.0, 10.1, 10.2], "ddp-2": [16.0, 16.16, 16.32]}).ratio(
        "ddp-2", "serial-1"
    )
    assert found is not None
    assert (found.low, found.high) == pytest.approx((1.6, 1.6))


@pytest.mark.parametrize(
    ("point", "foreign", "left"),
    [
        ("serial-1", 0.9, 1.0),  # of two cores: there was one to spare
        ("ddp-2", 0.19, 1.0),  # not disturbed
        ("ddp-2", 0.5, 0.75),
        ("serial-1", 1.5, 0.5),
        ("ddp-2", 1.9, 0.5),  # no less than half: beyond that nobody knows
    ],
)
def test_what_others_took_counts_where_there_were_too_few_cores_for_all(
    point: str, foreign: float, left: float
) -> None:
    one = made(point, 1, 10.0)
    one = one.model_copy(update={"noise": one.noise.model_copy(update={"foreign_cores": foreign})})
    assert cores_left(one) == pytest.approx(left)


def test_a_neighbour_on_one_point_alone_makes_no_lead() -> None:
    """Half a core of two was taken from ddp-2 in every block: it may be a third faster than it looks."""
    found = launches({"ddp-2": [1.0] * 3, "fsdp-2": [1.0] * 3}, {"ddp-2": [9.0, 9.05, 8.95], "fsdp-2": [10.0] * 3})
    found["ddp-2"] = [
        one.model_copy(update={"noise": one.noise.model_copy(update={"foreign_cores": 0.5})}) for one in found["ddp-2"]
    ]
    measured = {point: {one.block: one.images_per_second for one in mine} for point, mine in found.items()}
    ratio = Comparison(measured, levelled(found), 0.95).ratio("fsdp-2", "ddp-2")
    assert ratio is not None
    assert ratio.low is not None
    assert ratio.high is not None
    assert ratio.low < 0.9
    assert ratio.high > 1.1
