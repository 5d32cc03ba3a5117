"""Numbers as people read them."""

import pytest

from scripts import format as show


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


def test_a_ratio_carries_its_interval() -> None:
    assert show.ratio(1.8512, 1.7804, 1.9301) == "1.85 [1.78, 1.93]"


def test_a_ratio_without_an_interval_has_no_brackets() -> None:
    assert show.ratio(0.879161, None, None) == "0.88"


def test_a_narrow_interval_that_misses_1_is_not_rounded_onto_it() -> None:
    assert show.ratio(1.0031, 1.0022, 1.0040) == "1.003 [1.002, 1.004]"


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
