"""Why a launch counts for nothing, by what its ranks and nodes tell: each kind of fault, without a process."""

import math
from pathlib import Path
from typing import Any

import pytest
from measured import spec_of

from scripts import machine
from scripts.calibration import Calibration
from scripts.training.program.launch_program import NodeReport, shorten
from scripts.training.program.record_program import Seen, record_of
from scripts.training.program.watched import Columns, Distributed, Loader, RankReport, window

HERE = machine.Place.of_this_process()


def columns(steps: int = 12, images: float = 4, loss: float | None = 0.5, slower: float = 1.0) -> Columns:
    """Steps of a second and a half, a sixth of it evaluation."""
    one = {"data": 0.25, "forward_backward": 0.5, "optimizer": 0.25, "evaluation": 0.25, "other": 0.25}
    phases = {name: [seconds * slower] * steps for name, seconds in one.items()}
    ends = [1.5 * slower * (step + 1) for step in range(steps)]
    return Columns(end=ends, images=[images] * steps, loss=[loss] * steps, **phases)


def rank(number: int = 0, world: int = 2, **changes: Any) -> RankReport:
    told = {
        "rank": number,
        "host": "here",
        "pid": 100 + number,
        "started": "2026-01-01T00:00:00.000+00:00",
        "python": "3.12.1",
        "torch": "2.5.0",
        "packages": {"torch": "2.5.0"},
        "device": "cpu",
        "gpu": None,
        "distributed": Distributed(backend="gloo", world_size=world),
        "source": "hooks",
        "steps": 12,
        "loaders": [Loader(workers=0, batches=12)],
        "evaluation": {"images": 0},
        "skipped_steps": 0,
        "spawned": 0,
        "threads": 1,
        "stopped": "script",
        "exception": None,
    }
    return RankReport.model_validate(told | changes)


def node(**changes: Any) -> NodeReport:
    told: dict[str, Any] = {
        "place": HERE,
        "calibrations": (Calibration(0.01, 0.0), Calibration(0.01, 0.0)),
        "seconds": 30.0,
        "own_cpu_seconds": 40.0,
        "busy_seconds": 41.0,
        "steal_seconds": 0.0,
        "throttled": None,
        "peak_rss_bytes": 2**30,
        "statuses": {},
        "ended": "",
        "signalled": False,
        "printed": [],
    }
    return NodeReport.model_validate(told | changes)


def seen(ranks: Any = None, nodes: Any = None, out: Path = Path("/nowhere"), **settings: Any) -> Seen:
    """A launch on two ranks, a global batch of 8."""
    given = {"command": "train.py --batch {batch_per_rank} --loaders {loader_workers}", "workers": 2} | settings
    told = [(rank(0), columns()), (rank(1), columns(slower=1.02))] if ranks is None else ranks
    return Seen(spec_of(**given), nodes or [node()], told, out)


def faults(one: Seen) -> dict[str, str]:
    return {name: str(found) for name, (expected, found) in one.checks().items() if expected != found}


def test_the_rate_is_of_the_slowest_rank_behind_the_warm_up_without_evaluation() -> None:
    one = record_of(seen(), block=2, attempt=1, digest="abc")
    assert one.validity.ok
    assert (one.images, one.block, one.cores) == (8 * 10, 2, 2)
    assert one.seconds == pytest.approx(10 * 1.25 * 1.02)
    assert one.phases["evaluation"] == pytest.approx(10 * 0.25 * 1.02)
    assert one.phases["warmup"] == pytest.approx(2 * 1.5 * 1.02)
    assert one.environment.python == "3.12.1"
    assert one.key["files"] == "abc"
    assert one.watched is not None
    assert one.watched.losses == [0.5, 0.5]
    assert one.noise.foreign_cores == pytest.approx(1 / 30)


def pair(**changes: Any) -> list[tuple[RankReport, Columns]]:
    return [(rank(number, **changes), columns()) for number in (0, 1)]


SMALL = [(rank(number), columns(images=2)) for number in (0, 1)]
LARGE = [(rank(number), columns(images=8)) for number in (0, 1)]


@pytest.mark.parametrize(
    ("told", "parameter", "found"),
    [
        ({"ranks": pair()[:1]}, "ranks that train", "1"),
        ({"ranks": [(rank(0), columns()), (rank(1, steps=0), columns(0))]}, "ranks that train", "1"),
        ({"ranks": [(rank(0), columns()), (rank(1, steps=9), columns(9))]}, "steps of each rank", "9 and 12"),
        ({"ranks": pair(distributed=None)}, "ranks that train together (torch.distributed)", "1"),
        ({"ranks": pair(world=4)}, "ranks that train together (torch.distributed)", "4"),
        ({"ranks": pair(threads=8)}, "threads of a rank", "8"),
        ({"ranks": pair(), "loader_workers": 2}, "loader processes of a rank", "0"),
        ({"ranks": pair(device="cuda"), "device": "cpu"}, "device", "cuda"),
        (
            {"ranks": pair(spawned=2)},
            "ranks",
            "2 processes that the script starts itself; expected training.program.launcher none",
        ),
        ({"ranks": SMALL}, "images of a step, all ranks", "4; training.global_batch says it"),
        ({"ranks": LARGE}, "images of a step, all ranks", "16: each rank keeps its batch, which is weak scaling"),
        (
            {"ranks": SMALL, "scaling": "weak", "global_batch": 2},
            "",
            "",
        ),
        (
            {"ranks": [(rank(n), columns(images=1)) for n in (0, 1)], "scaling": "weak", "global_batch": 2},
            "images of a step, all ranks",
            "2: ranks share one batch, which is strong scaling",
        ),
        (
            {"ranks": [(rank(n), columns(loss=math.nan)) for n in (0, 1)]},
            "training loss",
            "none that is finite",
        ),
        ({"ranks": [(rank(n, steps=4), columns(4)) for n in (0, 1)]}, "steps behind the warm-up", "2; longer runs"),
        ({"ranks": [(rank(n, steps=1), columns(1)) for n in (0, 1)]}, "steps behind the warm-up", "0; longer runs"),
        (
            {"nodes": [node(statuses={1: 1})], "ranks": pair(exception="RuntimeError: boom")},
            "end of the script",
            "rank 1 ended with status 1: RuntimeError: boom",
        ),
        ({"nodes": [node(statuses={0: -9})]}, "end of the script", "rank 0 ended with signal 9"),
        (
            {"ranks": [(rank(n, steps=0), columns(0)) for n in (0, 1)]},
            "optimizer steps",
            "none that torch's optimizers",
        ),
        (
            {"ranks": [(rank(n, steps=0, evaluation={"images": 50}), columns(0)) for n in (0, 1)]},
            "optimizer steps",
            "none: 100 images were evaluated, and none trained on",
        ),
        (
            {"ranks": [(rank(n, steps=0, torch=None), columns(0)) for n in (0, 1)]},
            "optimizer steps",
            "none: it imports no torch",
        ),
        (
            {"ranks": [], "nodes": [node(ended="no step within 5 s")]},
            "optimizer steps",
            "none: no step within 5 s",
        ),
        (
            {"ranks": [], "events": {"pattern": "(?P<images>.)"}},
            "optimizer steps",
            "none: training.program.events finds no line",
        ),
    ],
)
def test_a_launch_that_did_other_work_counts_for_nothing(told: dict[str, Any], parameter: str, found: str) -> None:
    one = seen(**told)
    if parameter:
        assert faults(one)[parameter].startswith(found)
        assert not record_of(one, 1, 1, "").validity.ok
    else:
        assert not faults(one)


def test_a_launch_that_scalecard_has_ended_counts_whatever_came_behind() -> None:
    ended = [(rank(number, stopped="enough"), columns()) for number in (0, 1)]
    assert not faults(seen(ended, [node(statuses={1: 1})]))
    hung = [node(ended="no step, and no end, within 9 s of the last", statuses={0: -15, 1: -15})]
    one = record_of(seen(nodes=hung), 1, 1, "")
    assert one.validity.ok
    assert one.watched is not None
    assert one.watched.stopped == "hang"


def test_images_that_nobody_saw_are_those_of_the_config() -> None:
    one = record_of(seen([(rank(number), columns(images=0)) for number in (0, 1)]), 1, 1, "")
    assert one.validity.ok
    assert one.watched is not None
    assert not one.watched.images_seen
    assert one.images == 80


def test_nothing_is_left_behind_a_warm_up_that_is_as_long_as_the_training() -> None:
    assert window([columns(2)], 2) is None
    assert window([], 0) is None
    whole = window([columns(3)], 0)
    assert whole is not None
    assert whole.seconds == pytest.approx(3 * 1.25)


def test_a_long_log_loses_its_middle(tmp_path: Path) -> None:
    log = tmp_path / "rank-0.out"
    log.write_text("first\n" + "x" * 5000 + "\nlast\n")
    shorten(log, most=100)
    text = log.read_text()
    assert text.startswith("first\n")
    assert text.endswith("\nlast\n")
    assert "... 4912 bytes left out ..." in text
    shorten(tmp_path / "none", most=100)
