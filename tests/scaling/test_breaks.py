"""Where a curve breaks that follows no law, in words."""

from collections import Counter

import numpy as np
import pytest
from known_truth import Truth, amdahl, cached, cliff, drawn, odd

from scripts.scaling.answers.laws import CurveLaws
from scripts.scaling.laws.fit_laws import laws_of

WORKERS = [1, 2, 4, 8, 16]


def told(truth: Truth, workers: list[int], node_holds: int | None = None, seed: int = 0) -> CurveLaws:
    rng = np.random.default_rng(seed)
    return laws_of("c", "strong", drawn(rng, truth, workers, 6, scatter=0.01, node_holds=node_holds), 0.95, 0.05)


def test_a_superlinear_curve_is_said_to_be_and_never_extrapolated() -> None:
    found = told(lambda n: n**1.05, WORKERS)
    assert found.chosen is None
    assert found.breaks is not None
    assert found.breaks.startswith("superlinear up to 16 workers (18.")
    assert found.sentence == (
        f"c (1, 2, 4, 8, 16 workers, 6 blocks) follows no law: {found.breaks}. "
        "What 32 workers would bring cannot be foretold (no law fits): measure 32."
    )
    assert [(one.workers, one.speedup, one.not_foretold) for one in found.predictions] == [
        (32, None, "no law fits"),
        (64, None, "no law fits"),
    ]


@pytest.mark.parametrize(
    ("truth", "workers", "node_holds", "expected"),
    [
        (cached(amdahl(0.05), 4, 1.2), WORKERS, None, "superlinear up to 4 workers"),
        (odd(amdahl(0.05), 12, 0.9), [1, 2, 4, 8, 12, 16], None, "a dip at 12 workers"),
        (odd(amdahl(0.05), 8, 0.9), WORKERS, None, "a dip at 8 workers"),
        (cliff(amdahl(0.05), 8, 0.8), WORKERS, None, "it breaks at 16 workers: 20 % slower"),
        (cliff(amdahl(0.05), 8, 0.8), [*WORKERS, 32], 8, "it breaks at 16 workers, where a second node begins"),
        (cliff(amdahl(0.05), 16, 0.8), [*WORKERS, 32, 64], 16, "it breaks at 32 workers, where a second node begins"),
    ],
)
def test_the_place_is_named(truth: Truth, workers: list[int], node_holds: int | None, expected: str) -> None:
    found = Counter(str(told(truth, workers, node_holds, seed).breaks) for seed in range(20))
    place = expected.partition(":")[0]
    assert sum(often for said, often in found.items() if said.startswith(place)) >= 18
    assert any(said.startswith(expected) for said in found)


def test_a_node_edge_that_fits_is_a_law_and_says_where_it_is() -> None:
    found = told(cliff(amdahl(0.05), 8, 0.8), WORKERS, 8, seed=1)
    assert found.chosen == "node_edge"
    assert found.same_curve == ["hierarchical"]
    assert "follows node_edge, a second node from 16 workers on: " in found.sentence


def test_costs_of_several_kinds_are_no_single_law_and_can_be_foretold() -> None:
    def truth(n: int) -> float:
        return 1 / (1 / n + 0.02 * np.log2(n) + 0.004 * (n - 1))

    found = told(truth, [1, 2, 4, 8, 16, 32])
    assert (found.chosen, found.breaks) == (None, None)
    assert (
        "follows no single law (linear, amdahl, usl, communication, tree lack fit): costs of several" in found.sentence
    )
    beyond = next(one for one in found.predictions if one.workers == 64)
    assert beyond.low is not None
    assert beyond.high is not None
    assert beyond.low <= truth(64) <= beyond.high


def test_three_counts_that_no_law_fits_break_nowhere_in_particular() -> None:
    found = told(lambda n: {1: 1.0, 2: 0.5, 4: 1.5}[n], [1, 2, 4])
    assert found.breaks == "the nearest, amdahl, misses it by up to 47 %, at 2 workers"
