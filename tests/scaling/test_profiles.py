"""The parts of what a point needs beyond the ideal."""

import pytest

from scripts.scaling.tables.tabulate_profiles import row
from scripts.training.loop.step_profile import StepProfile


def profile(name: str, workers: int, **fields: object) -> StepProfile:
    common = {
        "point_id": name,
        "workers": workers,
        "threads": 1,
        "cores": workers,
        "steps": 5,
        "phases": {"data": 0.1, "forward": 1.0, "backward": 2.0, "optimizer": 0.3},
        "step_seconds": 3.4,
        "alone_seconds": None,
        "alone_one_thread_seconds": None,
        "unreduced_seconds": None,
        "reduced_seconds": [3.0],
        "gradient_bytes": 0,
        "all_reduce_seconds": None,
        "bubble": None,
        "ideal_bubble": None,
        "operations": {},
    }
    return StepProfile.model_validate(common | fields)


SERIAL = profile("serial-1", 1, alone_seconds=3.0, alone_one_thread_seconds=3.0, unreduced_seconds=[3.0])
DDP = profile(
    "ddp-2",
    2,
    phases={"data": 0.06, "forward": 0.6, "backward": 1.6, "optimizer": 0.3},
    step_seconds=2.56,
    alone_seconds=1.6,
    alone_one_thread_seconds=1.6,
    unreduced_seconds=[1.7, 1.9],
    gradient_bytes=100,
    all_reduce_seconds=0.5,
)
PARTS = ("input", "threads", "smaller_batch", "contention", "imbalance", "communication", "optimizer")


def test_the_parts_add_up_to_what_is_lost() -> None:
    found = row(DDP, SERIAL, images=1.0)
    assert found.ideal_seconds == pytest.approx(1.7)
    assert found.efficiency == pytest.approx(1.7 / 2.56)
    parts = [getattr(found, name) for name in PARTS]
    assert sum(parts) == pytest.approx(found.step_seconds - found.ideal_seconds)
    assert parts == pytest.approx([0.01, 0.0, 0.1, 0.2, 0.1, 0.3, 0.15])
    assert found.all_reduce_bytes_per_second == 200


def test_the_baseline_loses_nothing() -> None:
    found = row(SERIAL, SERIAL, images=1.0)
    assert [getattr(found, name) for name in PARTS] == pytest.approx([0.0] * 7)
    assert found.efficiency == 1.0


def test_threads_that_speed_one_rank_up_by_less_than_their_number_are_told_apart() -> None:
    two = profile(
        "serial-1x2", 1, threads=2, cores=2, alone_seconds=1.8, alone_one_thread_seconds=3.0, unreduced_seconds=[1.8]
    )
    two = two.model_copy(update={"phases": {"data": 0.1, "forward": 0.6, "backward": 1.2, "optimizer": 0.3}})
    found = row(two.model_copy(update={"step_seconds": 2.2}), SERIAL, images=1.0)
    assert found.threads == pytest.approx(0.3)
    assert found.smaller_batch == pytest.approx(0.0)
    assert sum(getattr(found, name) for name in PARTS) == pytest.approx(2.2 - 1.7)


def test_augmentation_on_the_ranks_is_lost_to_input() -> None:
    phases = SERIAL.phases | {"augment": 0.4}
    one = SERIAL.model_copy(update={"phases": phases, "step_seconds": SERIAL.step_seconds + 0.4})
    found = row(one, SERIAL, images=1.0)
    assert found.input == pytest.approx(0.4)
    assert sum(getattr(found, name) for name in PARTS) == pytest.approx(0.4)


def test_a_core_that_only_loads_is_lost_to_input() -> None:
    one = SERIAL.model_copy(update={"cores": 2, "phases": SERIAL.phases | {"data": 0.02, "to_device": 0.08}})
    found = row(one, SERIAL, images=1.0)
    assert found.input == pytest.approx(0.1 - 0.05 + 1.5)
    assert (found.threads, found.smaller_batch) == (pytest.approx(0.0), pytest.approx(0.0))
    assert sum(getattr(found, name) for name in PARTS) == pytest.approx(3.4 - 1.7)


def test_weak_scaling_is_compared_with_as_many_images() -> None:
    found = row(SERIAL.model_copy(update={"cores": 2, "workers": 2}), SERIAL, images=2.0)
    assert found.ideal_seconds == pytest.approx(SERIAL.step_seconds)


def test_a_strategy_that_cannot_go_without_its_exchange_has_the_rest_in_it() -> None:
    fsdp = DDP.model_copy(update={"alone_seconds": None, "alone_one_thread_seconds": None, "unreduced_seconds": None})
    found = row(fsdp, SERIAL, images=1.0)
    assert (found.threads, found.smaller_batch, found.contention, found.imbalance) == (None, None, None, None)
    assert found.communication == pytest.approx(0.7)
