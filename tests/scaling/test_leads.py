"""Leads, ties and intervals against made studies whose truth is known: how often a family of statements holds."""

import numpy as np
import pytest

from scripts.scaling.comparing.comparison import Comparison

pytestmark = pytest.mark.slow  # hundreds of studies each

Study = dict[int, dict[int, float]]
NOISE = 0.02  # log-normal, of a launch


def drawn(rng: np.random.Generator, levels: np.ndarray, blocks: int, unequal: bool = False) -> Study:
    """Rates of points with these log levels, in blocks that drift by 20 %.

    Args:
        unequal: the noise differs from point to point, by up to a factor of two either way.
    """
    scatter = rng.normal(size=(len(levels), blocks)) * NOISE
    if unequal:
        scatter *= np.exp(rng.uniform(-0.7, 0.7, len(levels)))[:, None]
    logs = levels[:, None] + rng.normal(0, 0.2, blocks)[None, :] + scatter
    return {i: {b: float(np.exp(logs[i, b])) for b in range(blocks)} for i in range(len(levels))}


def led(study: Study, baselines: int = 1) -> tuple[int, list[int]]:
    """The fastest, and which others it is said to lead; `baselines` of a study share what may be wrong."""
    leads = Comparison(study, study, 0.95, 1 - 0.05 / baselines).leads(study, stepwise=True)
    assert leads is not None
    return leads.first, [other for other, ratio in leads.over.items() if ratio.low is not None and ratio.low > 1]


def false_leads(levels: np.ndarray, blocks: int, draws: int, unequal: bool = False) -> float:
    """Share of the studies that name one faster than another which is not slower."""
    rng = np.random.default_rng(11)
    wrong = 0
    for _ in range(draws):
        first, others = led(drawn(rng, levels, blocks, unequal))
        wrong += any(levels[other] >= levels[first] for other in others)
    return wrong / draws


@pytest.mark.parametrize(("points", "draws"), [(5, 1000), (20, 1000), (60, 100)])
@pytest.mark.parametrize("blocks", [3, 6])
def test_among_equal_points_a_study_seldom_names_a_faster_one(points: int, blocks: int, draws: int) -> None:
    assert false_leads(np.zeros(points), blocks, draws) <= 0.05 + 2 * (0.05 * 0.95 / draws) ** 0.5


@pytest.mark.parametrize("blocks", [3, 6])
def test_nor_where_some_scatter_four_times_as_much_as_others(blocks: int) -> None:
    assert false_leads(np.zeros(20), blocks, 500, unequal=True) <= 0.08


@pytest.mark.parametrize("gap", [0.01, 0.03, 0.05])
@pytest.mark.parametrize("ahead", [1, 2, 10])
def test_nor_where_some_are_faster_than_the_rest(gap: float, ahead: int) -> None:
    assert false_leads(np.where(np.arange(20) < ahead, gap, 0.0), 6, 400) <= 0.07


@pytest.mark.parametrize(("baselines", "share"), [(1, 0.8), (2, 0.7)])
def test_leads_of_5_percent_are_found_among_20_points(baselines: int, share: float) -> None:
    rng = np.random.default_rng(12)
    levels = np.where(np.arange(20) == 7, np.log(1.05), 0.0)
    found = 0
    for _ in range(300):
        first, others = led(drawn(rng, levels, 6), baselines)
        found += len(others) if first == 7 else 0
    assert found / (300 * 19) >= share


@pytest.mark.parametrize("seen", [3, 6, 10])
@pytest.mark.parametrize(
    "change",
    ["whole", "gaps", "bursts"],
)
def test_the_interval_of_a_ratio_covers_it(seen: int, change: str) -> None:
    rng = np.random.default_rng(13)
    held = []
    for _ in range(600):
        study = drawn(rng, np.log([1, 1.8, 1, 1.3, 2]), seen)
        study = _with_gaps(rng, study) if change == "gaps" else study
        study = _with_bursts(rng, study) if change == "bursts" else study
        ratio = Comparison(study, study, 0.95).ratio(1, 0)
        if ratio is not None and ratio.low is not None and ratio.high is not None:
            held.append(ratio.low <= 1.8 <= ratio.high)
    assert len(held) >= 300
    assert 0.925 <= np.mean(held) <= 0.99


def _with_gaps(rng: np.random.Generator, study: Study) -> Study:
    """One launch in ten is missing."""
    found = {point: {b: rate for b, rate in mine.items() if rng.uniform() > 0.1} for point, mine in study.items()}
    return {point: mine for point, mine in found.items() if mine}


def _with_bursts(rng: np.random.Generator, study: Study) -> Study:
    """One launch in ten is slowed down, by a fifth on average."""
    slower = {point: {b: rng.exponential(0.2) * (rng.uniform() < 0.1) for b in mine} for point, mine in study.items()}
    return {p: {b: rate * float(np.exp(-slower[p][b])) for b, rate in mine.items()} for p, mine in study.items()}
