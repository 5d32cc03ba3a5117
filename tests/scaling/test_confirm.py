"""A recommendation against fresh blocks."""

from collections.abc import Iterable, Sequence

import numpy as np
import pytest
from test_recommend import SPEC, SPEEDUPS, advice, noisy
from test_tables import fault, made

from scripts.errors import UserError
from scripts.record import Record
from scripts.scaling.answers.answer import Confirmation, Recommendation
from scripts.scaling.answers.confirm import ConfirmSpec, confirm
from scripts.scaling.comparing.comparison import Comparison

FRESH = range(1001, 1004)
CONFIRMING = ConfirmSpec(confidence=SPEC.confidence, tolerance=SPEC.tolerance)


@pytest.fixture(scope="module")
def recommended() -> Recommendation:
    """6 cores, beside 4 and 8, of which 8 are the fastest."""
    return advice(noisy(SPEEDUPS))


def fresh(speedups: dict[str, float]) -> dict[str, list[Record]]:
    return {
        f"resnet18-{point}": [made(point, block, 100 / (value * (1 + 0.002 * (block % 3)))) for block in FRESH]
        for point, value in speedups.items()
    }


def confirmed(advice: Recommendation, speedups: dict[str, float]) -> Confirmation:
    return confirm(advice, fresh(speedups), CONFIRMING)


@pytest.mark.parametrize(
    ("speedups", "verdict"),
    [
        ({"ddp-4": 3.2, "ddp-6": 4.0, "ddp-8": 4.05}, "confirmed"),
        ({"ddp-4": 3.2, "ddp-6": 3.5, "ddp-8": 4.05}, "contradicted"),
        ({"ddp-4": 4.5, "ddp-6": 4.0, "ddp-8": 4.05}, "contradicted"),
        ({"ddp-6": 4.0}, "not measured"),
        ({"ddp-6": 4.0, "ddp-8": 4.05}, "not measured"),
    ],
)
def test_fresh_blocks_confirm_or_contradict(
    recommended: Recommendation, speedups: dict[str, float], verdict: str
) -> None:
    found = confirmed(recommended, speedups)
    assert found.verdict == verdict
    assert found.point == "resnet18-ddp-6"


def scattered(ddp_6: Sequence[float], blocks: Iterable[int] = FRESH) -> dict[str, list[Record]]:
    """Fresh records in which 6 cores have these shares of the rate of 8."""
    speedups = {"ddp-4": [3.2] * 3, "ddp-6": [4.0 * share for share in ddp_6], "ddp-8": [4.0] * 3}
    return {
        f"resnet18-{point}": [made(point, b, 100 / speedup) for b, speedup in zip(blocks, some, strict=True)]
        for point, some in speedups.items()
    }


def test_an_interval_that_reaches_beyond_the_tolerance_confirms_nothing(recommended: Recommendation) -> None:
    found = confirm(recommended, scattered([0.73, 0.98, 1.3]), CONFIRMING)

    assert found.verdict == "not confirmed"
    assert found.sentence == (
        "In 3 fresh blocks resnet18-ddp-6 has 0.98 [0.60, 1.58] times the rate of resnet18-ddp-8, the fastest beside "
        "it. Not confirmed, the interval is too wide for a loss of at most 5 %; even 100 would not tell."
    )


def test_how_many_more_blocks_would_confirm_is_said(recommended: Recommendation) -> None:
    found = confirm(recommended, scattered([0.96, 0.98, 1.0]), CONFIRMING)
    assert found.verdict == "not confirmed"
    assert found.sentence.endswith("of at most 5 %; about 2 more would tell (scaling.confirm_blocks: 5).")


def test_what_seems_to_lose_more_is_not_confirmed_either(recommended: Recommendation) -> None:
    found = confirm(recommended, scattered([0.92, 0.94, 0.96]), CONFIRMING)
    assert found.verdict == "not confirmed"
    assert "Not confirmed, it loses more than 5 %, though not surely; about " in found.sentence


def test_a_close_call_has_the_digits_that_decide_it(recommended: Recommendation) -> None:
    found = confirm(recommended, scattered([0.9515, 0.952, 0.9525]), CONFIRMING)
    assert found.verdict == "confirmed"
    assert "0.952 [0.951, 0.953] times" in found.sentence


def test_a_busy_machine_is_said(recommended: Recommendation) -> None:
    records = scattered([0.98, 0.98, 0.981])
    records["resnet18-ddp-8"][1] = made("ddp-8", 1002, 100 / 4.0, **fault("disturbed"))
    assert confirm(recommended, records, CONFIRMING).sentence.startswith(
        "In 3 fresh blocks on a busy machine resnet18-"
    )


def test_blocks_that_the_choice_has_seen_are_refused(recommended: Recommendation) -> None:
    with pytest.raises(UserError, match=r"found resnet18-ddp-6 in block 1, which the .* expected blocks from 1001 on"):
        confirm(recommended, scattered([0.98] * 3, blocks=(1, 2, 3)), CONFIRMING)


@pytest.mark.parametrize(("share", "least", "most"), [(1.0, 75, 95), (0.95, 0, 7), (0.9, 0, 0)])
def test_three_blocks_at_1_percent_noise_confirm_what_holds_and_hardly_ever_what_does_not(
    share: float, least: int, most: int
) -> None:
    rng = np.random.default_rng(0)
    sure = 0
    for _ in range(100):
        rates = {
            name: dict(enumerate(its * np.exp(rng.normal(0, 0.01, 3)))) for name, its in (("a", share), ("b", 1.0))
        }
        ratio = Comparison(rates, rates, 0.95).ratio("a", "b")
        assert ratio is not None
        assert ratio.low is not None
        sure += ratio.low >= 0.95
    assert least <= sure <= most


def test_the_sentence_says_by_how_much(recommended: Recommendation) -> None:
    found = confirmed(recommended, {"ddp-4": 3.2, "ddp-6": 4.0, "ddp-8": 4.05})
    assert found.sentence.startswith("In 3 fresh blocks resnet18-ddp-6 has 0.98")
    assert found.sentence.endswith(" times the rate of resnet18-ddp-8, the fastest beside it. It is confirmed.")


@pytest.mark.parametrize(
    ("ddp_4", "share", "verdict"), [(2.5, 1.28, "confirmed"), (3.3, 0.97, "confirmed"), (3.6, 0.89, "contradicted")]
)
def test_the_fastest_must_hold_its_place_against_its_neighbours(ddp_4: float, share: float, verdict: str) -> None:
    alone = advice(noisy({name: SPEEDUPS[name] for name in ("serial-1", "ddp-2", "ddp-4")} | {"ddp-8": 3.9}))
    assert alone.recommended == alone.fastest
    found = confirmed(alone, {"ddp-4": ddp_4, "ddp-8": 3.2})
    assert (found.verdict, found.fastest) == (verdict, "resnet18-ddp-4")
    assert found.of_best == pytest.approx(share, abs=0.02)
