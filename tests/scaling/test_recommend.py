"""What is recommended, on rates whose best answer is known."""

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from rows_of import rows_of

from scripts.scaling.answers.answer import Recommendation
from scripts.scaling.answers.recommend import RecommendSpec, recommend
from scripts.scaling.tables.costs import Prices

SPEC = RecommendSpec(confidence=0.95, tolerance=0.05, marginal_efficiency=0.5, deadline_seconds=None, currency="EUR")
NOISE = [0.998, 1.0, 1.002]
SPEEDUPS = {"serial-1": 1.0, "ddp-2": 1.9, "ddp-4": 3.2, "ddp-6": 4.0, "ddp-8": 4.05}


def noisy(speedups: Mapping[str, float], noise: Sequence[float] = NOISE) -> dict[str, list[float]]:
    """Each point's noise is its own: turned by its place."""
    return {
        point: [value * noise[(i + block) % len(noise)] for block in range(len(noise))]
        for i, (point, value) in enumerate(speedups.items())
    }


def advice(speedups: Mapping[str, Sequence[float]], spec: RecommendSpec = SPEC, **changes: object) -> Recommendation:
    (found,) = recommend(list(rows_of(speedups, **changes).values()), spec).recommendations
    return found


def test_the_fewest_cores_that_are_sure_to_lose_little_are_recommended() -> None:
    found = advice(noisy(SPEEDUPS | {"ddp-8": 4.01}))

    assert found.recommended is not None
    assert (found.recommended.point, found.recommended.cores) == ("resnet18-ddp-6", 6)
    assert found.cores_low == 6
    assert found.fastest is not None
    assert found.fastest.point == "resnet18-ddp-8"
    assert found.tied == ["resnet18-ddp-6"]
    assert found.neighbours == ["resnet18-ddp-4", "resnet18-ddp-8"]
    assert found.sentences[0] == "Ask for 6 cores (95 %: 6): resnet18-ddp-6."
    assert found.sentences[1].startswith("It reaches 1.00")
    more = r"\((about \d+ more launches would|even 100 launches would not) tell\)"
    assert re.fullmatch(rf"Tied with the fastest: resnet18-ddp-6 {more}\.", found.sentences[2])
    assert found.sentences[3].startswith("A launch takes 25.0 s, ")


def test_a_fastest_baseline_is_measured_again_beside_the_next_best() -> None:
    found = advice(noisy({"serial-1": 1.0, "ddp-1": 0.8, "ddp-2": 0.9}))

    assert found.recommended is not None
    assert found.recommended.point == "resnet18-serial-1"
    assert found.neighbours == []
    assert found.to_confirm == ["resnet18-serial-1", "resnet18-ddp-2"]


def test_a_recommendation_from_a_busy_machine_says_so() -> None:
    rows = rows_of(noisy(SPEEDUPS))
    rows["resnet18-ddp-4"] = rows["resnet18-ddp-4"].model_copy(update={"marks": "noisy"})
    (found,) = recommend(list(rows.values()), SPEC).recommendations
    assert "Measured on a busy machine." in found.sentences


def test_what_noise_leaves_open_widens_the_answer() -> None:
    found = advice(noisy(SPEEDUPS | {"ddp-4": 3.8}, [0.93, 1.0, 1.06]))

    assert found.recommended is not None
    assert found.recommended.cores == 8
    assert found.cores_low == 4
    assert "(95 %: 4 to 8)" in found.sentences[0]


def test_the_knee_is_where_a_worker_brings_less_than_half_of_its_ideal() -> None:
    found = advice(noisy(SPEEDUPS))

    assert found.knee is not None
    # From 2: (3.2 - 1.9) / 2 = 0.65 of the 0.95 that each of two brings; then 0.40 / 0.95.
    assert (found.knee.curve, found.knee.low, found.knee.cores, found.knee.high) == ("resnet18-ddp", 4, 4, 4)


def test_the_cheapest_must_be_sure_to_meet_the_deadline() -> None:
    deadline = SPEC.model_copy(update={"deadline_seconds": 100 / 3})
    found = advice(noisy(SPEEDUPS), deadline, prices=Prices(core_hour=0.04, currency="EUR"))

    assert found.cheapest is not None
    # ddp-4 takes 31 s, but at the lower end of its interval 32; in core-hours it is cheaper than ddp-6 and ddp-8.
    assert found.cheapest.point == "resnet18-ddp-4"
    assert found.cheapest.cost == pytest.approx(0.04 * 4 * 100 / 3.2 / 3600, rel=0.02)
    assert advice(noisy(SPEEDUPS)).cheapest.point == "resnet18-serial-1"  # type: ignore[union-attr]
    none = advice(noisy(SPEEDUPS), SPEC.model_copy(update={"deadline_seconds": 20}))
    assert none.cheapest is None
    assert "No point is sure to train within 20.0 s." in none.sentences


def test_oversubscribed_points_are_not_recommended() -> None:
    found = advice(noisy(SPEEDUPS), cores=4)

    assert found.recommended is not None
    assert found.recommended.point == "resnet18-ddp-4"


def test_too_few_blocks_recommend_nothing_and_say_so() -> None:
    found = advice(noisy(SPEEDUPS, [1.0, 1.01]), cores=4)

    assert found.recommended is None
    assert found.sentences == [
        "Nothing can be recommended among what is compared with resnet18-serial-1.",
        "0 points can be compared; expected 2 or more.",
        "3 with under 3 valid blocks.",
        "2 with more cores than the machine has.",
    ]


def test_the_recommendation_is_right_in_nearly_all_draws() -> None:
    """The truth loses 5 % or less from 6 cores on: fewer are recommended in at most 5 % of the draws."""
    rng = np.random.default_rng(3)
    chosen = []
    for _ in range(200):
        drift = rng.normal(0, 0.2, 6)
        draws = {p: list(v * np.exp(drift + rng.normal(0, 0.02, 6))) for p, v in SPEEDUPS.items()}
        found = advice(draws)
        assert found.recommended is not None
        assert found.cores_low is not None
        chosen.append((found.cores_low, found.recommended.cores))
    assert sum(cores < 6 for _, cores in chosen) <= 10
    assert sum(low <= 6 <= cores for low, cores in chosen) >= 190
