"""The right law, or its refusal: laws against made curves with a known truth, those of the catalogue and others."""

import numpy as np
import pytest
from known_truth import (
    GRADIENT_BYTES,
    Truth,
    amdahl,
    cached,
    cliff,
    drawn,
    edge,
    gustafson,
    linear,
    odd,
    ring,
    tree,
    usl,
)

from scripts.scaling.laws.curve import Curve
from scripts.scaling.laws.fits import judge
from scripts.scaling.laws.lack_of_fit import lack_of_fit
from scripts.scaling.laws.laws import LAWS, MIXED

WORKERS = [1, 2, 4, 8, 16]
DRAWS = 40


def lack(law: str, curve: Curve) -> float:
    """Chance of as great a lack of fit as a law has on a curve."""
    return lack_of_fit(LAWS[law], curve, curve.fit(LAWS[law])).p


@pytest.mark.parametrize(
    ("law", "truth"),
    [("linear", linear), ("amdahl", amdahl(0.08)), ("usl", usl(0.05, 0.01)), ("tree", tree(0.02))],
)
@pytest.mark.parametrize(
    "scatter", [0.01, [0.005, 0.005, 0.005, 0.005, 0.03]], ids=["equal noise", "most at most workers"]
)
def test_a_law_that_holds_is_seldom_refused(law: str, truth: Truth, scatter: float | list[float]) -> None:
    rng = np.random.default_rng(1)
    chances = [lack(law, drawn(rng, truth, WORKERS, 6, scatter=scatter)) for _ in range(4 * DRAWS)]
    assert np.mean(np.array(chances) < 0.05) <= 0.07
    assert 0.4 < np.mean(chances) < 0.7


@pytest.mark.parametrize("blocks", [3, 6])
def test_a_curve_missed_by_a_fifth_follows_no_law_that_misses_it(blocks: int) -> None:
    rng = np.random.default_rng(2)
    curves = [drawn(rng, cliff(amdahl(0.045), 8, 0.8), WORKERS, blocks, scatter=0.01) for _ in range(DRAWS)]
    assert max(lack("amdahl", curve) for curve in curves) < 0.001


def test_gaps_refuse_no_law_and_save_none() -> None:
    rng = np.random.default_rng(3)
    chances: dict[Truth, list[float]] = {amdahl(0.08): [], cliff(amdahl(0.08), 8, 0.9): []}
    for truth, found in chances.items():
        for _ in range(2 * DRAWS):
            curve = drawn(rng, truth, WORKERS, 6, scatter=0.01)
            for n, block in zip(rng.choice(WORKERS, 8), rng.integers(1, 7, 8), strict=True):
                if len(curve.rates[n]) > 3:
                    dict.pop(curve.rates[n], block, None)  # type: ignore[arg-type]
            found.append(lack("amdahl", curve))
    held, missed = (np.mean(np.array(found) < 0.05) for found in chances.values())
    assert held <= 0.08
    assert missed == 1


def test_without_noise_a_law_is_refused_by_its_least_miss() -> None:
    rates = {n: dict.fromkeys(range(1, 4), 50 * amdahl(0.1)(n)) for n in WORKERS}
    exact = Curve(rates, dict.fromkeys(WORKERS, 64))
    assert lack("amdahl", exact) > 0.9
    assert lack("linear", exact) < 1e-9
    off = lack_of_fit(MIXED, exact, exact.fit(MIXED))
    assert off.p > 0.9
    missed = lack_of_fit(LAWS["linear"], exact, exact.fit(LAWS["linear"]))
    assert missed.at == 16
    assert missed.by < -0.2


CATALOGUE: dict[str, tuple[Truth, set[str], dict[str, object]]] = {
    "linear": (linear, {"linear"}, {}),
    "amdahl": (amdahl(0.08), {"amdahl"}, {}),
    "gustafson": (gustafson(0.1), {"gustafson"}, {"weak": True}),
    "usl": (usl(0.05, 0.01), {"usl"}, {}),
    "ring": (ring(0.002, 0.02), {"usl"}, {}),  # the same curve
    "ring, weak": (lambda n: n / (1 + 0.03 * (n - 1) + 0.04 * (n - 1) / n), {"communication"}, {"weak": True}),
    "tree": (tree(0.02), {"tree"}, {}),
    "node edge": (edge(amdahl(0.05), 8, 0.02), {"node_edge"}, {"node_holds": 8}),
    "hierarchical": (
        lambda n: 1 / (1 / amdahl(0.05)(n) + 0.01 * np.log2(np.ceil(n / 8))),
        {"hierarchical"},
        {"node_holds": 8},
    ),
    "cliff at a node": (cliff(amdahl(0.05), 8, 0.8), set(), {"node_holds": 8}),
    "superlinear": (lambda n: n**1.05, set(), {}),
    "cached": (cached(amdahl(0.05), 4, 1.2), set(), {}),
    "dip": (odd(amdahl(0.05), 8, 0.9), set(), {}),
}


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_right_law_is_followed_or_none(name: str) -> None:
    truth, right, how = CATALOGUE[name]
    workers = [*WORKERS, 32] if "node_holds" in how else WORKERS
    rng = np.random.default_rng(4)
    said = []
    for _ in range(DRAWS):
        curve = drawn(rng, truth, workers, 6, scatter=0.01, **how)  # type: ignore[arg-type]
        judged = judge(curve, "weak" if "weak" in how else "strong", 0.95, 0.05)
        names = {one.law.name for one in (judged.chosen, *judged.may_be) if one is not None}
        said.append("right" if names & right else "refused" if judged.all_refused else "wrong")
    assert said.count("wrong") <= 0.05 * DRAWS
    assert said.count("right") >= (0.85 * DRAWS if right else 0)


def test_bytes_are_not_needed_to_refuse() -> None:
    rng = np.random.default_rng(5)
    curve = drawn(rng, ring(0.002, 0.02), WORKERS, 6, scatter=0.01)
    assert curve.gradient_bytes == GRADIENT_BYTES
    judged = judge(Curve(curve.rates, curve.global_batch), "strong", 0.95, 0.05)
    assert judged.tried["communication"] == "no profile says how many bytes a step averages over ranks"
    assert judged.chosen is not None
    assert judged.chosen.law.name == "usl"
