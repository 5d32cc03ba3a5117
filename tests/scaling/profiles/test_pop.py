"""POP efficiencies of timelines whose truth is known."""

import math
from typing import Any

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
from made_profiles import DDP, SERIAL, profile

from scripts.scaling.profiles.pop import EFFICIENCIES, Timeline, efficiencies

BASE = Timeline(np.ones((1, 4)), 1.0, meets_once=True, thread_efficiency=1.0, cores=1, images=32)
# A whole, and the two that it is the product of.
PRODUCTS = {
    "global_efficiency": ("parallel_efficiency", "computation_scalability"),
    "parallel_efficiency": ("load_balance", "communication_efficiency"),
    "communication_efficiency": ("serialisation", "transfer"),
    "hybrid_parallel_efficiency": ("parallel_efficiency", "thread_efficiency"),
}


def timeline(useful: list[list[float]], step: float, **more: Any) -> Timeline:
    """One thread a rank, and as many images as BASE, whose four ranks compute a quarter of a second each."""
    given: dict[str, Any] = {"meets_once": True, "thread_efficiency": 1.0, "cores": len(useful), "images": 32}
    return Timeline(np.array(useful), step, **(given | more))


def told(one: Timeline) -> dict[str, float]:
    """The efficiencies that are not 1."""
    found = efficiencies(one, BASE)
    return {name: value for name, value in found.items() if not math.isclose(value, 1.0)}


def test_ranks_that_share_the_work_equally_and_wait_for_nothing_lose_nothing() -> None:
    assert told(timeline([[0.25] * 4] * 4, step=0.25)) == {}


def test_one_slow_rank_is_load_imbalance_and_nothing_else() -> None:
    found = told(timeline([[0.2] * 4, [0.2] * 4, [0.2] * 4, [0.4] * 4], step=0.4))
    assert found == {
        "global_efficiency": pytest.approx(0.625),
        "parallel_efficiency": pytest.approx(0.625),
        "load_balance": pytest.approx(0.625),
        "hybrid_parallel_efficiency": pytest.approx(0.625),
    }


def test_ranks_that_are_slow_in_turns_are_serialised() -> None:
    found = told(timeline([[0.25, 0.75, 0.25, 0.75], [0.75, 0.25, 0.75, 0.25]], step=0.75))
    assert found["serialisation"] == pytest.approx(2 / 3)
    assert found["communication_efficiency"] == pytest.approx(2 / 3)
    assert found.keys().isdisjoint({"load_balance", "transfer", "computation_scalability"})


def test_bytes_that_take_their_time_are_transfer_and_nothing_else() -> None:
    found = told(timeline([[0.5] * 4] * 2, step=0.625))
    assert found["transfer"] == found["communication_efficiency"] == found["global_efficiency"] == pytest.approx(0.8)
    assert found.keys().isdisjoint({"load_balance", "serialisation", "computation_scalability"})


def test_ranks_that_compute_one_after_the_other_are_told_from_balance_and_not_from_transfer() -> None:
    found = efficiencies(timeline([[0.5], [0.5]], step=1.0, meets_once=False), BASE)
    assert (found["load_balance"], found["communication_efficiency"]) == (1.0, 0.5)
    assert math.isnan(found["serialisation"])
    assert math.isnan(found["transfer"])


def test_work_that_grows_with_the_ranks_is_computation_scalability() -> None:
    found = told(timeline([[0.625] * 4] * 2, step=0.625))
    assert found == {"global_efficiency": pytest.approx(0.8), "computation_scalability": pytest.approx(0.8)}


def test_weak_scaling_is_compared_by_the_image() -> None:
    assert told(timeline([[1.0] * 4] * 2, step=1.0, images=64)) == {}


def test_threads_that_bring_less_than_their_number_are_in_the_hybrid_metrics_alone() -> None:
    found = told(timeline([[0.625] * 4], step=0.625, cores=2, thread_efficiency=0.8))
    assert found["thread_efficiency"] == found["hybrid_parallel_efficiency"] == pytest.approx(0.8)
    assert found["computation_scalability"] / found["thread_efficiency"] == pytest.approx(1.0)
    assert "parallel_efficiency" not in found


SECONDS = st.floats(1e-4, 1e4)


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    ranks, steps = draw(st.integers(1, 6)), draw(st.integers(1, 5))
    useful = draw(
        st.lists(st.lists(SECONDS, min_size=steps, max_size=steps), min_size=ranks, max_size=ranks).map(np.array)
    )
    return Timeline(
        useful,
        step_seconds=float(np.median(useful.max(axis=0))) + draw(st.floats(0, 1e4)),
        meets_once=draw(st.booleans()),
        thread_efficiency=draw(st.floats(0.1, 1) | st.just(math.nan)),
        cores=ranks * draw(st.integers(1, 8)),
        images=draw(st.integers(1, 4096)),
    )


@hypothesis.given(timelines(), timelines())
@hypothesis.settings(deadline=None, max_examples=200)
def test_each_whole_is_the_product_of_its_parts(one: Timeline, base: Timeline) -> None:
    found = efficiencies(one, base)
    for whole, (part, other) in PRODUCTS.items():
        if not math.isnan(found[part] * found[other]):
            assert found[whole] == pytest.approx(found[part] * found[other], rel=1e-9), whole


@hypothesis.given(timelines())
@hypothesis.settings(deadline=None, max_examples=200)
def test_no_part_of_the_parallel_efficiency_is_above_1(one: Timeline) -> None:
    found = efficiencies(one, one)
    parts = ("load_balance", "communication_efficiency", "serialisation", "transfer", "parallel_efficiency")
    assert all(not found[name] > 1 + 1e-9 for name in parts)
    assert found["computation_scalability"] == 1.0


def test_a_single_rank_waits_for_nobody() -> None:
    noisy = Timeline.of(SERIAL.model_copy(update={"unreduced_steps": [[2.8, 2.9, 3.3]]}), 32)
    assert set(efficiencies(noisy, noisy).values()) == {1.0}


def test_a_profile_of_ranks_is_the_timeline_that_it_tells() -> None:
    found = Timeline.of(DDP, 32)
    assert found.useful == pytest.approx(np.array([[2.06, 2.16, 2.06], [2.26, 2.26, 2.16]]))
    assert (found.mean, found.longest, found.ideal) == pytest.approx((2.16, 2.26, 2.26))
    assert found.step_seconds == pytest.approx(2.56)


def test_stages_of_a_pipeline_compute_what_they_were_seen_to_compute() -> None:
    one = profile(
        "pipeline-2",
        2,
        rank_phases=[{"data": 0.1, "forward_backward": 2.0, "optimizer": 0.1}] * 2,
        stage_seconds=[1.5, 1.0],
    )
    found = efficiencies(Timeline.of(one, 32), Timeline.of(SERIAL, 32))
    assert found["load_balance"] == pytest.approx(1.45 / 1.7)
    assert found["communication_efficiency"] == pytest.approx(1.7 / 2.2)
    assert math.isnan(found["transfer"])


def test_of_a_strategy_that_cannot_go_without_its_exchange_the_whole_alone_is_told() -> None:
    fsdp = DDP.model_copy(update={"unreduced_steps": None})
    found = efficiencies(Timeline.of(fsdp, 32), Timeline.of(SERIAL, 32))
    assert {name for name, value in found.items() if not math.isnan(value)} == {
        "global_efficiency",
        "thread_efficiency",
    }
    assert found["global_efficiency"] == pytest.approx(1.7 / 2.56)


def test_the_profile_of_threads_tells_what_they_bring() -> None:
    two = SERIAL.model_copy(update={"threads": 2, "cores": 2, "alone_seconds": 2.0})
    assert Timeline.of(two, 32).thread_efficiency == pytest.approx(0.75)
    assert math.isnan(Timeline.of(two.model_copy(update={"alone_seconds": None}), 32).thread_efficiency)


def test_every_efficiency_is_part_of_a_product() -> None:
    assert EFFICIENCIES.keys() == {*PRODUCTS, *(name for parts in PRODUCTS.values() for name in parts)}
