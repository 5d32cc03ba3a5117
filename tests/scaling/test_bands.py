"""What is foretold beyond the largest measured count: a band that holds for each truth of the catalogue, or nothing."""

import numpy as np
import pytest
from known_truth import Truth, amdahl, cliff, drawn, edge, linear, odd, ring, tree, usl

from scripts.scaling.comparing.limits import FORETOLD
from scripts.scaling.laws import bands
from scripts.scaling.laws.bands import FREEDOM, band, foretell
from scripts.scaling.laws.curve import Curve
from scripts.scaling.laws.fits import Estimate, judge
from scripts.scaling.laws.laws import LAWS, MIXED

WORKERS = [1, 2, 4, 8, 16]
DRAWS = 40


def foretold(curve: Curve, workers: int, scaling: str = "strong") -> Estimate | str:
    return foretell(judge(curve, scaling, 0.95, 0.05), curve, workers, 0.95)


def studies(truth: Truth, workers: list[int], node_holds: int | None = None, draws: int = DRAWS) -> list[Curve]:
    """Many of six blocks at 1 % noise."""
    rng = np.random.default_rng(7)
    return [drawn(rng, truth, workers, 6, scatter=0.01, node_holds=node_holds) for _ in range(draws)]


def tries(truth: Truth, workers: list[int], node_holds: int | None = None) -> list[Estimate | str]:
    """What many studies foretell of twice their largest count."""
    return [foretold(curve, 2 * workers[-1]) for curve in studies(truth, workers, node_holds)]


def holds(found: Estimate, truth: float) -> bool:
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.value <= found.high <= found.low * FORETOLD
    return found.low <= truth <= found.high


@pytest.mark.parametrize(
    ("truth", "node_holds"),
    [
        (linear, None),
        (amdahl(0.02), None),
        (amdahl(0.3), None),
        (usl(0.05, 0.01), None),
        (usl(0.02, 0.001), None),
        (tree(0.02), None),
        (tree(0.005), None),
        (ring(0.002, 0.02), None),
        (cliff(amdahl(0.05), 8, 0.8), 8),
        (cliff(amdahl(0.05), 8, 0.95), 8),
        (edge(amdahl(0.05), 8, 0.02), 8),
    ],
)
def test_the_band_at_twice_the_largest_count_holds_the_truth(truth: Truth, node_holds: int | None) -> None:
    workers = [*WORKERS, 32] if node_holds else WORKERS
    found = tries(truth, workers, node_holds)
    given = [one for one in found if isinstance(one, Estimate)]
    assert len(given) >= 0.9 * DRAWS
    assert np.mean([holds(one, truth(2 * workers[-1])) for one in given]) >= 0.9


def test_students_t_would_hold_too_seldom_at_the_edge_of_what_costs_there_may_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Burrus's conjecture was that it would do; t squared is F with one degree of freedom."""
    rng = np.random.default_rng(8)
    curves = [drawn(rng, tree(0.02), WORKERS, 12, scatter=0.01) for _ in range(300)]
    truth, shares = tree(0.02)(32), {}
    for freedom in (1, FREEDOM):
        monkeypatch.setattr(bands, "FREEDOM", freedom)
        found = [band(MIXED, curve, 32, 0.95) for curve in curves]
        shares[freedom] = np.mean([low <= truth <= high for low, high in found])
        assert np.quantile([high / low for low, high in found], 0.9) < 1.2
    assert shares[1] < 0.95 <= shares[2]


def test_behind_the_last_node_that_was_measured_nothing_is_foretold() -> None:
    rng = np.random.default_rng(9)
    curve = drawn(rng, amdahl(0.05), WORKERS, 6, scatter=0.01, node_holds=16)
    assert foretold(curve, 32) == "they need a second node, and none was measured with two"
    assert isinstance(foretold(curve, 12), Estimate)


def test_one_count_beyond_a_cliff_tells_too_little() -> None:
    found = tries(cliff(amdahl(0.05), 8, 0.8), WORKERS, 8)
    assert not any(isinstance(one, Estimate) for one in found)
    assert sum("too wide a band" in str(one) for one in found) >= 0.9 * DRAWS


@pytest.mark.parametrize("truth", [lambda n: n**1.05, odd(amdahl(0.05), 8, 0.9), cliff(amdahl(0.05), 8, 0.8)])
def test_what_follows_no_law_is_not_foretold(truth: Truth) -> None:
    assert tries(truth, WORKERS).count("no law fits") >= 0.98 * DRAWS


def test_noise_makes_a_band_wide_until_nothing_is_foretold() -> None:
    rng = np.random.default_rng(10)
    widths = []
    for scatter in (0.005, 0.02):
        low, high = band(MIXED, drawn(rng, amdahl(0.05), WORKERS, 6, scatter=scatter), 32, 0.95)
        widths.append(high / low)
    assert 1 < widths[0] < widths[1]
    assert "too wide a band" in str(foretold(drawn(rng, amdahl(0.05), [1, 2, 4], 3, scatter=0.15), 12))


def test_between_measured_counts_a_band_is_as_narrow_as_they_are() -> None:
    rng = np.random.default_rng(11)
    curve = drawn(rng, amdahl(0.05), WORKERS, 6, scatter=0.01)
    low, high = band(MIXED, curve, 12, 0.95)
    assert low < amdahl(0.05)(12) < high
    assert high / low < 1.03


def test_gustafsons_law_has_a_band_of_its_own_rates() -> None:
    rng = np.random.default_rng(12)
    curve = drawn(rng, lambda n: n - 0.3 * (n - 1), WORKERS, 6, scatter=0.01, weak=True)
    low, high = band(LAWS["gustafson"], curve, 32, 0.95)
    assert low < 32 - 0.3 * 31 < high
    found = foretold(curve, 32, "weak")
    assert isinstance(found, Estimate)
    assert found.low is not None
    assert found.low <= low
