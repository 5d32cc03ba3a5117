"""A recommendation against fresh blocks."""

import pytest
from test_recommend import SPEC, SPEEDUPS, advice, noisy
from test_tables import made

from scripts.record import Record
from scripts.scaling.answers.answer import Confirmation, Recommendation
from scripts.scaling.answers.confirm import ConfirmSpec, confirm

FRESH = range(1001, 1004)


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
    spec = ConfirmSpec(confidence=SPEC.confidence, tolerance=SPEC.tolerance)
    return confirm(advice, fresh(speedups), spec)


@pytest.mark.parametrize(
    ("speedups", "verdict"),
    [
        ({"ddp-4": 3.2, "ddp-6": 4.0, "ddp-8": 4.05}, "confirmed"),
        ({"ddp-4": 3.2, "ddp-6": 3.5, "ddp-8": 4.05}, "contradicted"),
        ({"ddp-4": 4.5, "ddp-6": 4.0, "ddp-8": 4.05}, "contradicted"),
        ({"ddp-6": 4.0}, "not measured"),
    ],
)
def test_fresh_blocks_confirm_or_contradict(
    recommended: Recommendation, speedups: dict[str, float], verdict: str
) -> None:
    found = confirmed(recommended, speedups)
    assert found.verdict == verdict
    assert found.point == "resnet18-ddp-6"


def test_the_sentence_says_by_how_much(recommended: Recommendation) -> None:
    found = confirmed(recommended, {"ddp-4": 3.2, "ddp-6": 4.0, "ddp-8": 4.05})
    assert found.sentence.startswith("In 3 fresh blocks resnet18-ddp-6 has 0.98")
    assert found.sentence.endswith(" times the rate of resnet18-ddp-8, the fastest beside it: confirmed.")


@pytest.mark.parametrize(
    ("ddp_4", "share", "verdict"), [(2.5, 1.28, "confirmed"), (3.3, 0.97, "confirmed"), (3.6, 0.89, "contradicted")]
)
def test_the_fastest_must_hold_its_place_against_its_neighbours(ddp_4: float, share: float, verdict: str) -> None:
    alone = advice(noisy({name: SPEEDUPS[name] for name in ("serial-1", "ddp-2", "ddp-4")} | {"ddp-8": 3.9}))
    assert alone.recommended == alone.fastest
    found = confirmed(alone, {"ddp-4": ddp_4, "ddp-8": 3.2})
    assert (found.verdict, found.fastest) == (verdict, "resnet18-ddp-4")
    assert found.of_best == pytest.approx(share, abs=0.02)
