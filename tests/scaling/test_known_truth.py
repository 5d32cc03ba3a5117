"""The statistics against made timings whose truth is known: nominal intervals cover it, and the choices are right."""

from collections.abc import Callable

import numpy as np
import pytest
from known_truth import NOISES, amdahl, drawn, gustafson, usl

from scripts.scaling.comparing.ratios import paired_ratio
from scripts.scaling.laws.fits import Estimate, Fit, fit, judge
from scripts.scaling.laws.laws import LAWS

pytestmark = pytest.mark.slow  # a thousand studies each

DRAWS = 1000
WORKERS = [1, 2, 4, 8]


def covered(estimates: Callable[[np.random.Generator], Estimate], truth: float, draws: int = DRAWS) -> float:
    """Share of the draws whose interval holds the truth."""
    rng = np.random.default_rng(20)
    found = [estimates(rng) for _ in range(draws)]
    hits = [one.low is not None and one.high is not None and one.low <= truth <= one.high for one in found]
    return float(np.mean(hits))


def parameter(law: str, name: str, truth: Callable[[int], float], blocks: int, noise: str) -> Callable[..., Estimate]:
    workers = [*WORKERS, 16] if law == "usl" else WORKERS

    def draw(rng: np.random.Generator) -> Estimate:
        found = fit(LAWS[law], drawn(rng, truth, workers, blocks, noise, weak=law == "gustafson"), 0.95)
        assert isinstance(found, Fit)
        return found.parameters[name]

    return draw


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("blocks", [3, 6, 10])
def test_the_interval_of_a_ratio_covers_it(blocks: int, noise: str) -> None:
    def draw(rng: np.random.Generator) -> Estimate:
        rates = drawn(rng, lambda n: 1.0 if n == 1 else 1.8, [1, 2], blocks, noise).rates
        found = paired_ratio(list(rates[2].values()), list(rates[1].values()), 0.95)
        return Estimate(found.value, found.low, found.high)

    assert 0.93 <= covered(draw, 1.8) <= 0.98


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("blocks", [6, 10])
@pytest.mark.parametrize(
    ("law", "name", "truth", "value"),
    [
        ("amdahl", "serial_fraction", amdahl(0.08), 0.08),
        ("gustafson", "serial_fraction", gustafson(0.08), 0.08),
        ("usl", "sigma", usl(0.05, 0.01), 0.05),
        ("usl", "kappa", usl(0.05, 0.01), 0.01),
    ],
)
def test_the_interval_of_a_laws_parameter_covers_it(
    law: str, name: str, truth: Callable[[int], float], value: float, blocks: int, noise: str
) -> None:
    assert 0.93 <= covered(parameter(law, name, truth, blocks, noise), value, DRAWS // 2) <= 0.98


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
