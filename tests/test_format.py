"""Numbers as people read them."""

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scripts import format as show
from scripts.scaling.history.history import ComparisonRow
from scripts.scaling.tables.table_file import write_table

NEAR_1 = st.floats(-0.05, 0.05).map(lambda off: 1 + off)
RATIOS = st.one_of(NEAR_1, st.floats(1e-6, 1e6), st.integers(-12, -2).map(lambda power: 1 + 10.0**power))
INTERVALS = st.lists(RATIOS, min_size=3, max_size=3).map(sorted)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0760, "0.0760"),
        (1.279, "1.28"),
        (9.999, "10.0"),
        (12.84, "12.8"),
        (201_433.0, "201,000"),
        (0.0, "0"),
        (None, "–"),
    ],
)
def test_a_number_has_three_significant_digits(value: float | None, text: str) -> None:
    assert show.number(value) == text


def test_whole_seconds_and_words_may_be_missing() -> None:
    assert [show.whole(1279.5), show.whole(None), show.word("COMPLETED"), show.word(None)] == [
        "1,280",
        "–",
        "COMPLETED",
        "–",
    ]


def test_a_ratio_carries_its_interval_whose_ends_are_rounded_outwards() -> None:
    assert show.ratio(1.8512, 1.7804, 1.9301) == "1.85 [1.78, 1.94]"


def test_a_ratio_without_an_interval_has_no_brackets() -> None:
    assert show.ratio(0.879161, None, None) == "0.88"


def test_a_narrow_interval_that_misses_1_is_not_rounded_onto_it() -> None:
    assert show.ratio(1.0031, 1.0022, 1.0040) == "1.003 [1.002, 1.004]"


@pytest.mark.parametrize(
    ("interval", "text"),
    [
        ((1.0123, 1.0032, 1.0214), "1.012 [1.003, 1.022]"),
        ((0.9875, 0.9781, 0.9969), "0.988 [0.978, 0.997]"),
        ((1.5, 1.0000004, 2.0), "1.5000000 [1.0000004, 2.0000000]"),
        ((1.01, 0.9996, 1.0214), "1.01 [0.99, 1.03]"),
        ((1.01, 1.0, 1.02), "1.01 [1.00, 1.02]"),
    ],
)
def test_an_end_is_shown_on_its_side_of_1(interval: tuple[float, float, float], text: str) -> None:
    assert show.ratio(*interval) == text


def test_where_another_edge_decides_there_are_digits_enough_for_it() -> None:
    assert show.ratio(0.973, 0.9504, 0.9961) == "0.973 [0.950, 0.997]"
    assert show.ratio(0.973, 0.9504, 0.9961, edges=(1.0, 0.95)) == "0.9730 [0.9504, 0.9961]"
    assert show.ratio(0.05, 0.00004, 0.1, edges=(0.0,)) == "0.05000 [0.00004, 0.10000]"


def shown(text: str) -> list[float]:
    return [float(number.replace(",", "")) for number in re.findall(r"[\d,]*\d(?:\.\d+)?", text)]


@given(INTERVALS)
@example([1.0032, 1.0123, 1.0214])
@example([0.9999999999999999, 1.0, 1.0000000000000002])
def test_a_shown_interval_holds_the_true_one_and_is_on_the_same_side_of_1(interval: list[float]) -> None:
    low, value, high = interval
    middle, below, above = shown(show.ratio(value, low, high))

    assert below <= low * (1 + 1e-11)
    assert above >= high * (1 - 1e-11)
    assert below <= middle <= above
    assert (below > 1, below == 1) == (low > 1, low == 1)
    assert (above < 1, above == 1) == (high < 1, high == 1)


@given(INTERVALS)
def test_a_shown_rate_lies_in_an_interval_that_holds_the_true_one(interval: list[float]) -> None:
    low, value, high = interval
    middle, below, above = shown(show.rate(value, low, high))

    assert below <= low * (1 + 1e-11)
    assert above >= high * (1 - 1e-11)
    assert below <= middle <= above
    assert (below > 1, above < 1) == (low > 1, high < 1)


def test_a_rate_and_an_interval_alone_have_three_digits() -> None:
    assert show.rate(61_000, 60_149, 62_351) == "61,000 [60,100, 62,400]"
    assert show.interval(1.3149, 1.3151) == "1.31 to 1.32"
    assert [show.at_least(1005.4), show.at_least(None), show.at_most(9.991)] == ["1,000", "–", "10.0"]


@pytest.mark.parametrize(("value", "text"), [(1.00000032, "1.00000032"), (1.0, "1"), (12.34567, "12.3457")])
def test_a_table_for_people_rounds_nothing_onto_1(value: float, text: str) -> None:
    assert show.six_digits(value) == text


def test_a_table_for_people_has_the_ends_of_an_interval_on_their_side_of_1(tmp_path: Path) -> None:
    row = ComparisonRow(stage="loading", point="a", verdict="faster", ratio=1.01, low=1.00000032, high=1.02)
    write_table([row], ComparisonRow, tmp_path / "table.csv", tmp_path / "table.parquet")
    assert (
        (tmp_path / "table.csv").read_text().splitlines()[1].startswith("loading,a,,faster,False,1.01,1.00000032,1.02,")
    )


def test_a_large_ratio_has_no_digits_that_mean_nothing() -> None:
    assert show.ratio(191.36, 180.2, 202.9) == "191 [180, 203]"


def test_a_small_ratio_does_not_become_zero() -> None:
    assert show.ratio(0.00123) == "0.00123"


def test_memory_is_in_gib() -> None:
    assert show.gibibytes(2_262_417_408) == "2.11"


def test_a_fraction_that_rounds_to_zero_has_no_sign() -> None:
    assert show.fraction(-0.001) == "0.00"


def test_a_level_has_only_the_decimals_it_needs() -> None:
    assert [show.percent(0.95), show.percent(0.999)] == ["95 %", "99.9 %"]
