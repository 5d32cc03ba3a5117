"""A training point taken apart, by the program that the rule runs."""

import gzip
import json
from pathlib import Path

import pytest
from helping import ROOT, Command, Run, training_point

from scripts import registry
from scripts.training.loop import step_profile
from scripts.training.loop.profile_rank import separable
from scripts.training.points import STRATEGIES


@pytest.mark.parametrize(
    ("strategy", "workers", "point"),
    [
        ("ddp", 2, {}),
        ("fsdp", 2, {}),
        ("pipeline", 2, {"pipe": {"stages": 2, "schedule": "gpipe", "microbatches": 2}}),
    ],
)
def test_a_profile_says_where_a_step_goes(
    strategy: str,
    workers: int,
    point: dict[str, object],
    profile_command: Command,
    tiny_costs: Path,
    run: Run,
    tmp_path: Path,
) -> None:
    costs = tiny_costs if "pipe" in point else None
    run(
        ROOT, *profile_command(tmp_path / "p.json", strategy, workers, costs=costs, point={"model": "tiny_cnn"} | point)
    )
    found = step_profile.read(tmp_path / "p.json")
    assert sum(found.phases.values()) == pytest.approx(found.step_seconds)
    assert all(seconds > 0 for seconds in found.phases.values())
    assert len(found.computing_seconds) == workers
    whole = strategy in {"serial", "ddp"}
    assert (found.alone_seconds is not None) == whole
    assert [len(steps) for steps in found.unreduced_steps or []] == ([3] * workers if whole else [])
    assert len(found.stage_seconds or []) == (workers if "pipe" in point else 0)
    assert all(0 < busy < found.step_seconds for busy in found.stage_seconds or [])
    assert (found.gradient_bytes > 0) == (strategy in {"ddp", "fsdp"})
    assert (found.ideal_bubble, found.bubble is not None) == ((1 / 3, True) if "pipe" in point else (None, False))
    assert len(found.operations) == 12
    assert min(found.operations.values()) > 0
    for rank in range(workers):
        with gzip.open(tmp_path / "traces" / f"rank-{rank}.json.gz") as file:
            assert len(json.load(file)["traceEvents"]) > 100


@pytest.mark.parametrize(
    ("strategy", "sync_batchnorm", "can"),
    [("serial", True, True), ("ddp", False, True), ("ddp", True, False), ("fsdp", False, False)],
)
def test_which_steps_can_do_without_exchange(strategy: str, sync_batchnorm: bool, can: bool) -> None:
    point = training_point(strategy, 2)
    tuning = point.tuning.model_copy(update={"sync_batchnorm": sync_batchnorm})
    made = registry.load(STRATEGIES, strategy, "Strategy")(
        point.model_copy(update={"tuning": tuning}), None, None, None
    )
    assert separable(made) == can
