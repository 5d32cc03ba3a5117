"""The parts of what a point needs beyond the ideal."""

import pytest
from made_profiles import DDP, SERIAL, beside, profile

from scripts.scaling.profiles.tabulate_profiles import row

PARTS = ("input", "threads", "smaller_batch", "contention", "imbalance", "communication", "optimizer")


def test_the_parts_add_up_to_what_is_lost() -> None:
    found = row([beside(DDP, SERIAL)])
    assert found.ideal_seconds == pytest.approx(1.7)
    assert found.efficiency == pytest.approx(1.7 / 2.56)
    parts = [getattr(found, name) for name in PARTS]
    assert sum(parts) == pytest.approx(found.step_seconds - found.ideal_seconds)
    assert parts == pytest.approx([0.01, 0.0, 0.1, 0.2, 0.1, 0.3, 0.15])
    assert found.all_reduce_bytes_per_second == 200


def test_the_baseline_loses_nothing() -> None:
    found = row([beside(SERIAL, SERIAL)])
    assert [getattr(found, name) for name in PARTS] == pytest.approx([0.0] * 7)
    assert found.efficiency == 1.0


def test_threads_that_speed_one_rank_up_by_less_than_their_number_are_told_apart() -> None:
    two = profile(
        "serial-1x2",
        1,
        threads=2,
        cores=2,
        rank_phases=[{"data": 0.1, "forward": 0.6, "backward": 1.2, "optimizer": 0.3}],
        alone_seconds=1.8,
        alone_one_thread_seconds=3.0,
        unreduced_steps=[[1.8]],
    )
    found = row([beside(two, SERIAL)])
    assert found.threads == pytest.approx(0.3)
    assert found.smaller_batch == pytest.approx(0.0)
    assert sum(getattr(found, name) for name in PARTS) == pytest.approx(2.2 - 1.7)


def test_augmentation_on_the_ranks_is_lost_to_input() -> None:
    one = SERIAL.model_copy(update={"rank_phases": [SERIAL.phases | {"augment": 0.4}]})
    found = row([beside(one, SERIAL)])
    assert found.input == pytest.approx(0.4)
    assert sum(getattr(found, name) for name in PARTS) == pytest.approx(0.4)


def test_a_core_that_only_loads_is_lost_to_input() -> None:
    phases = SERIAL.phases | {"data": 0.02, "to_device": 0.08}
    one = SERIAL.model_copy(update={"cores": 2, "rank_phases": [phases]})
    found = row([beside(one, SERIAL)])
    assert found.input == pytest.approx(0.1 - 0.05 + 1.5)
    assert (found.threads, found.smaller_batch) == (pytest.approx(0.0), pytest.approx(0.0))
    assert sum(getattr(found, name) for name in PARTS) == pytest.approx(3.4 - 1.7)


def test_weak_scaling_is_compared_with_as_many_images() -> None:
    found = row([beside(SERIAL.model_copy(update={"cores": 2, "workers": 2}), SERIAL, images=2.0)])
    assert found.ideal_seconds == pytest.approx(SERIAL.step_seconds)


def test_a_strategy_that_cannot_go_without_its_exchange_has_the_rest_in_it() -> None:
    fsdp = DDP.model_copy(update={"alone_seconds": None, "alone_one_thread_seconds": None, "unreduced_steps": None})
    found = row([beside(fsdp, SERIAL)])
    assert (found.threads, found.smaller_batch, found.contention, found.imbalance) == (None, None, None, None)
    assert found.communication == pytest.approx(0.7)


def test_of_several_blocks_the_means_add_up_too() -> None:
    slower = DDP.model_copy(
        update={"rank_phases": [{"data": 0.1, "forward": 0.7, "backward": 1.9, "optimizer": 0.3}] * 2}
    )
    found = row([beside(DDP, SERIAL), beside(slower, SERIAL), beside(DDP, SERIAL)])
    assert found.blocks == 3
    assert found.step_seconds == pytest.approx((2 * 2.56 + 3.0) / 3)
    assert found.efficiency == pytest.approx(found.ideal_seconds / found.step_seconds)
    assert sum(getattr(found, name) for name in PARTS) == pytest.approx(found.step_seconds - found.ideal_seconds)
