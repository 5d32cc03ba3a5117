"""The statistics against made timings whose truth is known: nominal intervals cover it, and the choices are right."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from known_truth import NOISES, amdahl, drawn, gustafson, usl

from scripts.scaling.comparing.ratios import paired_ratio
from scripts.scaling.laws.fits import Estimate, Fit, fit, judge
from scripts.scaling.laws.laws import LAWS

pytestmark = pytest.mark.slow  # a thousand studies each

DRAWS = 1000
WORKERS = [1, 2, 4, 8]


def covered(found: Sequence[Estimate], truth: float) -> float:
    """Share of the draws whose interval holds the truth."""
    hits = [one.low is not None and one.high is not None and one.low <= truth <= one.high for one in found]
    return float(np.mean(hits))


def fitted(law: str, truth: Callable[[int], float], blocks: int, noise: str) -> list[Fit]:
    """A law on draws of a truth."""
    rng, workers = np.random.default_rng(20), [*WORKERS, 16] if law == "usl" else WORKERS
    curves = (drawn(rng, truth, workers, blocks, noise, weak=law == "gustafson") for _ in range(DRAWS // 2))
    found = [fit(LAWS[law], curve, 0.95) for curve in curves]
    assert all(isinstance(one, Fit) for one in found)
    return [one for one in found if isinstance(one, Fit)]


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("blocks", [3, 6, 10])
def test_the_interval_of_a_ratio_covers_it(blocks: int, noise: str) -> None:
    def draw(rng: np.random.Generator) -> Estimate:
        rates = drawn(rng, lambda n: 1.0 if n == 1 else 1.8, [1, 2], blocks, noise).rates
        found = paired_ratio(list(rates[2].values()), list(rates[1].values()), 0.95)
        return Estimate(found.value, found.low, found.high)

    rng = np.random.default_rng(20)
    assert 0.93 <= covered([draw(rng) for _ in range(DRAWS)], 1.8) <= 0.98


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("blocks", [6, 10])
@pytest.mark.parametrize(
    ("law", "truth", "values"),
    [
        ("amdahl", amdahl(0.08), {"serial_fraction": 0.08}),
        ("gustafson", gustafson(0.08), {"serial_fraction": 0.08}),
        ("usl", usl(0.05, 0.01), {"sigma": 0.05, "kappa": 0.01}),
    ],
)
def test_the_interval_of_each_of_a_laws_parameters_covers_it(
    law: str, truth: Callable[[int], float], values: dict[str, float], blocks: int, noise: str
) -> None:
    found = fitted(law, truth, blocks, noise)
    assert LAWS[law].parameters(found[0].coefficients).keys() == values.keys()
    for name, value in values.items():
        assert 0.93 <= covered([one.parameters[name] for one in found], value) <= 0.98, name


@pytest.mark.parametrize(
    ("law", "truth", "workers", "scaling"),
    [
        ("linear", float, WORKERS, "strong"),
        ("amdahl", amdahl(0.08), WORKERS, "strong"),
        ("gustafson", gustafson(0.08), WORKERS, "weak"),
        ("usl", usl(0.05, 0.01), [*WORKERS, 16], "strong"),
    ],
)
def test_the_right_law_is_chosen(law: str, truth: Callable[[int], float], workers: list[int], scaling: str) -> None:
    rng = np.random.default_rng(5)
    chosen = []
    for _ in range(200):
        best = judge(drawn(rng, truth, workers, 10, weak=scaling == "weak"), scaling, 0.95, 0.05).chosen
        chosen.append(best.law.name if best else None)

    assert chosen.count(law) >= 180
