"""What is seen of trainings that nobody has edited: the numbers that they print themselves."""

import json
import math
from itertools import pairwise
from typing import Any

import pytest
import started
from started import Watched, read_ranks

from scripts.training.watch.scalecard_watch.phases import NAMES


def phases_of_steps(seen: dict[str, Any]) -> list[dict[str, float]]:
    columns = seen["columns"]
    return [{name: columns[name][step] for name in NAMES} for step in range(seen["steps"])]


def assert_phases_add_up(seen: dict[str, Any]) -> None:
    ends = [seen["startup"], *seen["columns"]["end"]]
    for phases, (before, after) in zip(phases_of_steps(seen), pairwise(ends), strict=True):
        assert sum(phases.values()) == pytest.approx(after - before, abs=1e-7)
        assert min(phases.values()) >= 0
    assert ends[-1] + seen["tail"] <= seen["seconds"]


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> started.Launch:
    """A script that would train for hours on two ranks, ended in its third epoch."""
    enough = {"stop_after": {"steps": 17, "warmup_steps": 3}}
    folder = tmp_path_factory.mktemp("ended")
    return started.start(folder, "plain_ddp.py", "--epochs", "100000", "--workers", "1", ranks=2, options=enough)


def test_every_step_image_and_loss_of_a_plain_ddp_script_is_seen_on_both_ranks(ended: started.Launch) -> None:
    assert sorted(ended.seen) == [0, 1]
    for rank, seen in ended.seen.items():
        told, columns = ended.told(rank), seen["columns"]
        assert seen["steps"] == told["steps"] >= 20
        assert columns["images"] == told["images"]
        assert columns["loss"] == told["loss"]
        assert (seen["device"], seen["source"]) == ("cpu", "hooks")
        assert seen["distributed"] == {"rank": rank, "backend": "gloo", "world_size": 2}
        assert [(one["batches"], one["workers"]) for one in seen["loaders"]] == [(told["steps"], 1), (0, 0)]
        assert seen["evaluation"]["images"] == told["evaluated"]


def test_the_phases_of_each_step_add_up_and_an_evaluation_is_apart(ended: started.Launch) -> None:
    for seen in ended.seen.values():
        assert_phases_add_up(seen)
        columns = seen["columns"]
        evaluated = [step for step, seconds in enumerate(columns["evaluation"]) if seconds]
        assert evaluated == list(range(8, seen["steps"], 8))  # the first of each epoch but the first
        assert sum(columns["evaluation"]) == pytest.approx(seen["evaluation"]["seconds"])
        steady = columns["end"][-1] - columns["end"][2] - sum(columns["evaluation"][3:])
        assert seen["steady"]["seconds"] == pytest.approx(steady)
        assert min(columns["data"] + columns["forward_backward"] + columns["optimizer"]) > 0


def test_both_ranks_end_after_the_same_step_and_clean_up(ended: started.Launch) -> None:
    assert ended.codes == [0, 0]
    assert len({seen["steps"] for seen in ended.seen.values()}) == 1
    assert {(seen["stopped"], seen["caught"], seen["exit"]) for seen in ended.seen.values()} == {("enough", 0, 0)}
    assert all(ended.told(rank)["cleaned_up"] for rank in ended.seen)


def test_a_scaler_that_skips_a_step_is_seen_and_its_losses_are_not_scaled(watched: Watched) -> None:
    launch = watched("reference/train.py", "--amp", "--overflow-at", "3")
    told, seen = launch.told(0), launch.seen[0]
    assert told["hooks"] == "the user's"  # a module of the user's is no other's
    assert (seen["steps"], seen["skipped_steps"], seen["optimizers"]) == (told["steps"], 2, {"SGD": 10})
    assert seen["columns"]["images"] == told["images"]
    finite = [step for step, loss in enumerate(told["loss"]) if math.isfinite(loss)]
    assert len(finite) == 10
    assert [seen["columns"]["loss"][step] for step in finite] == [told["loss"][step] for step in finite]
    assert_phases_add_up(seen)


def test_accumulated_batches_are_one_step_with_all_their_images_and_their_mean_loss(watched: Watched) -> None:
    launch = watched("reference/train.py", "--accumulate", "3", "--grad-in-evaluation")
    told, seen = launch.told(0), launch.seen[0]
    assert seen["columns"]["images"] == told["images"] == [24] * 4
    assert seen["columns"]["loss"] == pytest.approx(told["loss"], rel=1e-12)
    assert seen["loaders"][0]["batches"] == 12
    assert_phases_add_up(seen)
    # With gradients, an evaluation is told by the mode of the network.
    assert seen["evaluation"]["images"] == told["evaluated"] == 40
    assert [step for step, seconds in enumerate(seen["columns"]["evaluation"]) if seconds] == [2]


def test_an_evaluation_only_has_images_but_no_step(watched: Watched) -> None:
    launch = watched("reference/train.py", "--test-only")
    seen = launch.seen[0]
    assert (seen["steps"], seen["evaluation"]["images"]) == (0, launch.told(0)["evaluated"])


def test_unusual_loops_are_seen_step_by_step(watched: Watched) -> None:
    launch = watched("unusual.py")
    seen = launch.seen[0]
    assert seen["columns"]["images"] == launch.told(0)["images"] == [4, 4, 4, 4, 4, 2] * 6
    assert seen["evaluation"]["images"] == 2 * 22
    assert seen["optimizers"] == {"SGD": 30, "Adam": 6, "AdamW": 6}
    assert seen["columns"]["evaluation"][1:6] == [0] * 5  # once a network in evaluation mode is seen to be trained
    assert min(seen["columns"]["forward_backward"][6:12]) >= 0.01  # what closures take is not the optimizer's
    assert_phases_add_up(seen)


def test_ranks_that_a_script_spawns_itself_are_seen_as_ranks_and_end_together(watched: Watched) -> None:
    launch = watched("spawned.py", "--epochs", "100000", options={"stop_after": {"steps": 20, "warmup_steps": 3}})
    assert launch.codes == [0]
    told = {one["rank"]: one["steps"] for one in map(json.loads, launch.printed[0].splitlines())}
    assert sorted(told) == [0, 1]
    assert told[0] == told[1]
    assert {rank: (seen["steps"], seen["stopped"]) for rank, seen in launch.seen.items()} == {
        rank: (steps, "enough") for rank, steps in told.items()
    }
    assert all(seen["images"] == 6 * seen["steps"] for seen in launch.seen.values())
    launcher = read_ranks(launch.folder, "launcher")[0]
    assert (launcher["steps"], launcher["spawned"], launcher["stopped"]) == (0, 2, "script")


def test_what_trains_without_torch_tells_of_its_steps_and_imports_none(watched: Watched) -> None:
    launch = watched("numpy_pool.py", "--steps", "6")
    seen = launch.seen[0]
    assert launch.told(0) == {"steps": 6, "torch": False}
    assert (seen["steps"], seen["images"], seen["source"], seen["torch"]) == (6, 24, "probe", None)
    assert seen["columns"]["loss"][:3] == pytest.approx([32, 16, 32 / 3])
    assert (seen["processes"], seen["spawned"]) == (2, 0)


def test_steps_that_the_probe_tells_are_not_counted_twice(watched: Watched) -> None:
    seen = watched("own_probe.py", "5").seen[0]
    assert seen["columns"]["images"] == [10, 11, 12, 13, 14]
    assert seen["columns"]["loss"] == pytest.approx([1 / step for step in range(1, 6)])
    assert (seen["source"], seen["optimizers"]) == ("probe", {"SGD": 10})
    assert_phases_add_up(seen)


def test_a_process_that_tells_of_its_steps_itself_is_the_rank_and_what_started_it_is_not(watched: Watched) -> None:
    launch = watched("launches_another.py")
    seen, launcher = launch.seen[0], read_ranks(launch.folder, "launcher")[0]
    assert (seen["pid"], seen["columns"]["images"]) == (launch.told(0)["pid"], [1, 2, 3])
    assert (launcher["steps"], launcher["stopped"]) == (0, "script")
