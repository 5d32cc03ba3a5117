"""Laws on curves without noise, and what cannot be told."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from known_truth import amdahl, drawn, gustafson, usl
from rows_of import rows_of

from scripts.scaling.answers.laws import CurveLaws, LackOfFit
from scripts.scaling.laws.curve import Curve
from scripts.scaling.laws.fit_laws import curves, fit_laws, laws_of
from scripts.scaling.laws.fits import Fit, Judged, fit, judge
from scripts.scaling.laws.laws import LAWS, Axis

BLOCKS = range(1, 4)


def exact(rate: dict[int, float], batch: dict[int, int] | None = None, gradient_bytes: float | None = None) -> Curve:
    """The same rates in every block."""
    rates = {n: dict.fromkeys(BLOCKS, x) for n, x in rate.items()}
    return Curve(rates, batch or dict.fromkeys(rate, 64), gradient_bytes)


def parameters(law: str, curve: Curve) -> dict[str, float]:
    found = fit(LAWS[law], curve, 0.95)
    assert isinstance(found, Fit)
    return {name: one.value for name, one in found.parameters.items()}


def judged(curve: Curve) -> Judged:
    return judge(curve, "strong", 0.95, 0.05)


def test_amdahl_and_gustafson_find_the_serial_fraction() -> None:
    strong = exact({n: 50 * amdahl(0.1)(n) for n in (1, 2, 4)})
    weak = exact({n: 50 * gustafson(0.1)(n) for n in (1, 2, 4)}, {n: 64 * n for n in (1, 2, 4)})
    assert parameters("amdahl", strong) == pytest.approx({"serial_fraction": 0.1})
    assert parameters("gustafson", weak) == pytest.approx({"serial_fraction": 0.1})


def test_the_universal_law_finds_contention_and_coherency() -> None:
    curve = exact({n: 50 * usl(0.05, 0.02)(n) for n in (1, 2, 4, 8)})
    assert parameters("usl", curve) == pytest.approx({"sigma": 0.05, "kappa": 0.02})


@pytest.mark.parametrize("growth", [0, 1])
def test_the_communication_model_finds_its_seconds(growth: int) -> None:
    batch = {n: 64 * (n if growth else 1) for n in (1, 2, 4, 8)}
    alpha, per_byte, size = 2e-3, 1e-9, 45e6

    def rate(n: int) -> float:
        step = 0.02 * batch[n] / n + alpha * 2 * (n - 1) + size * per_byte * 2 * (n - 1) / n
        return batch[n] / step

    found = parameters("communication", exact({n: rate(n) for n in batch}, batch, size))
    assert found == pytest.approx({"seconds_per_image": 0.02, "alpha_seconds": alpha, "seconds_per_byte": per_byte})


def test_the_tree_and_the_laws_of_nodes_find_their_seconds() -> None:
    counts, nodes = (1, 2, 4, 8, 16, 32), {n: -(-n // 8) for n in (1, 2, 4, 8, 16, 32)}

    def curve(seconds: Callable[[int], float]) -> Curve:
        """Steps of 64 images, with 0.02 s of work for each and 0.05 s of transfer at most."""
        steps = {n: 64 * 0.02 / n + 0.05 * 2 * (n - 1) / n + seconds(n) for n in counts}
        return replace(exact({n: 64 / step for n, step in steps.items()}), nodes=nodes, node_holds=8)

    found = parameters("tree", curve(lambda n: 0.003 * 2 * math.log2(n)))
    assert found == pytest.approx({"seconds_per_image": 0.02, "transfer_seconds": 0.05, "alpha_seconds": 0.003})
    found = parameters("hierarchical", curve(lambda n: 0.01 * 2 * math.log2(nodes[n])))
    assert found == pytest.approx({"seconds_per_image": 0.02, "transfer_seconds": 0.05, "alpha_seconds": 0.01})
    found = parameters("node_edge", curve(lambda n: 0.04 * (nodes[n] > 1)))
    assert found == pytest.approx({"seconds_per_image": 0.02, "transfer_seconds": 0.05, "edge_seconds": 0.04})


def test_a_speedup_beyond_ideal_has_a_serial_fraction_of_zero_and_follows_no_law() -> None:
    rng = np.random.default_rng(0)
    curve = drawn(rng, lambda n: n**1.05, [1, 2, 4, 8], 6)
    assert parameters("amdahl", curve)["serial_fraction"] == 0
    found = judged(curve)
    assert found.chosen is None
    assert found.all_refused


def test_workers_that_only_slow_down_follow_no_single_law() -> None:
    rng = np.random.default_rng(0)
    found = judged(drawn(rng, lambda n: n**-0.7, [1, 2, 4], 6))
    assert found.chosen is None
    amdahls = found.tried["amdahl"]
    assert isinstance(amdahls, Fit)
    assert amdahls.refused


def test_a_worker_count_with_few_blocks_is_in_no_fit_and_hides_no_loss() -> None:
    noise = [0.99, 1.0, 1.01, 1.0, 0.99, 1.01]
    speedups = {f"ddp-{n}": [amdahl(0.3)(n) * noise[(b * n) % 6] for b in range(6)] for n in (1, 2, 4, 8)}
    speedups["ddp-8"] = speedups["ddp-8"][:1]
    found = curves(list(rows_of({"serial-1": [1.0] * 6} | speedups).values()), {}, None)
    told = laws_of("resnet18-ddp", "strong", found["resnet18-ddp"], 0.95, 0.05)
    assert told.workers == [1, 2, 4]
    assert told.chosen == "amdahl"


def test_too_few_worker_counts_or_blocks_tell_no_law() -> None:
    curve = exact({1: 50, 2: 90})
    assert fit(LAWS["amdahl"], curve, 0.95) == "2 worker counts; 3 or more can contradict it"
    assert judged(curve).chosen is None
    told = laws_of("resnet18-ddp", "strong", curve, 0.95, 0.05)
    assert (told.chosen, told.predictions) == (None, [])
    assert told.sentence == "resnet18-ddp: no law can be told from 2 worker counts (1, 2); 3 can."
    two_blocks = Curve({n: {1: 50 * n, 2: 51 * n} for n in (1, 2, 4)}, dict.fromkeys((1, 2, 4), 64))
    found = judged(two_blocks)
    assert (found.chosen, found.mixed) == (None, None)
    assert found.tried["linear"] == "2 blocks; 3 or more give intervals"


def test_a_gap_changes_no_shape() -> None:
    rng = np.random.default_rng(1)
    drift = rng.lognormal(0, 0.3, 6)
    rates = {n: {b: 50 * amdahl(0.1)(n) * drift[b] for b in range(6)} for n in (1, 2, 4, 8)}
    del rates[4][2], rates[1][5]
    curve = Curve(rates, dict.fromkeys(rates, 64))
    assert parameters("amdahl", curve) == pytest.approx({"serial_fraction": 0.1})


def test_blocks_that_share_no_worker_count_cannot_be_compared() -> None:
    curve = Curve({1: {1: 50.0}, 2: {2: 90.0}, 4: {3: 150.0}}, dict.fromkeys((1, 2, 4), 64))
    assert fit(LAWS["amdahl"], curve, 0.95) == "blocks have too many gaps for worker counts to be compared"


def shown() -> CurveLaws:
    noise = [0.99, 1.0, 1.01, 1.0, 0.99, 1.01]
    speedups = {f"ddp-{n}": [amdahl(0.1)(n) * noise[(b * n) % 6] for b in range(6)] for n in (1, 2, 4, 8)}
    found = curves(list(rows_of({"serial-1": [1.0] * 6} | speedups, cores=4).values()), {}, None)
    assert list(found) == ["resnet18-serial", "resnet18-ddp"]
    return laws_of("resnet18-ddp", "strong", found["resnet18-ddp"], 0.95, 0.05)


def test_a_curve_is_made_of_points_with_cores_enough() -> None:
    assert shown().workers == [1, 2, 4]


def test_a_curve_knows_its_nodes_and_where_the_next_begins() -> None:
    table = rows_of({"serial-1": [1.0] * 3} | {f"ddp-{n}": [float(n)] * 3 for n in (1, 2, 4, 8)})

    def curve(nodes: dict[int, int], workers_per_node: int | None = None) -> Curve:
        some = [row.model_copy(update={"nodes": nodes.get(row.workers, 1)}) for row in table.values()]
        return curves(some, {}, workers_per_node)["resnet18-ddp"]

    assert [curve({}).nodes_at(n) for n in (1, 8, 64, 65)] == [1, 1, 1, 2]  # as many as its cores
    assert [curve({}, 8).nodes_at(n) for n in (8, 9)] == [1, 2]  # as the config has it
    assert [curve({4: 2, 8: 4}).nodes_at(n) for n in (2, 4, 8, 16)] == [1, 2, 4, 8]  # as it was spread
    assert curve({4: 2, 8: 4}).most_nodes == 4


def test_several_curves_share_what_may_be_refused_wrongly() -> None:
    def linear(rng: np.random.Generator, names: str) -> LackOfFit:
        """Of the linear law on the first of several equal curves."""
        speedups = {f"ddp-{n}": n * rng.lognormal(0, 0.01, 6) for n in (1, 2, 4, 8)}
        table = rows_of({"serial-1": [1.0] * 6} | speedups)
        some = [row.model_copy(update={"curve": name}) for row in table.values() for name in names]
        laws = fit_laws([row for row in some if row.strategy == "ddp"], [], 0.95)
        found = laws.curves[0].fits[0].lack_of_fit
        assert found is not None
        return found

    seed = next(seed for seed in range(1000) if 0.025 < linear(np.random.default_rng(seed), "a").p < 0.05)
    assert linear(np.random.default_rng(seed), "a").refused
    assert not linear(np.random.default_rng(seed), "ab").refused


def test_predictions_beyond_the_largest_count_are_called_extrapolated() -> None:
    found = shown()
    assert found.chosen == "amdahl"
    assert [(one.workers, one.extrapolated, one.not_foretold) for one in found.predictions] == [
        (2, False, None),
        (4, False, None),
        (8, True, None),
        (16, True, "all that fits gives 4.14 to 6.62 times, too wide a band"),
    ]
    for one in found.predictions[:-1]:
        assert one.speedup is not None
        assert one.low is not None
        assert one.high is not None
        assert one.launch_low is not None
        assert one.launch_low < one.low <= one.speedup <= one.high <= one.workers
        assert one.speedup == pytest.approx(amdahl(0.1)(one.workers), rel=0.05)
    assert found.sentence.startswith("resnet18-ddp (1, 2, 4 workers, 6 blocks) follows amdahl: serial fraction 0.10")


def test_bytes_make_the_communication_model_and_it_draws_the_universal_laws_curve() -> None:
    rng = np.random.default_rng(2)
    curve = drawn(rng, usl(0.05, 0.01), [1, 2, 4, 8, 16], 6)
    without = Curve(curve.rates, curve.global_batch)
    assert fit(LAWS["communication"], without, 0.95) == "no profile says how many bytes a step averages over ranks"
    found = laws_of("c", "strong", curve, 0.95, 0.05)
    assert found.chosen == "usl"
    assert found.same_curve == ["communication"]


def test_usl_agrees_with_a_published_fit_of_a_real_machine() -> None:
    """SPEC SDM91 on a Sun SPARCcenter 2000, as the README of CRAN's package usl has it: 0.0277 (standard error 0.0091)
    and 0.000104 (0.000020), by absolute residuals; ours are relative, so each counts by its rate squared.
    """
    load = np.array([1.0, 18, 36, 72, 108, 144, 216])
    throughput = np.array([64.9, 995.9, 1652.4, 1853.2, 1828.9, 1775.0, 1702.2])
    axis = Axis(load, np.full(7, 64.0))

    found = LAWS["usl"].parameters(LAWS["usl"].fit(axis, throughput, np.diag(throughput**2), bounded=True))

    assert found["sigma"] == pytest.approx(0.0277, abs=0.0091)
    assert found["kappa"] == pytest.approx(0.000104, abs=0.000020)
