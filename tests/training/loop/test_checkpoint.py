"""What a checkpoint's files hold, and what is left of them where something goes wrong."""

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from test_learner import SPEC

from scripts.training.launch.generations import file_of, steps_of
from scripts.training.launch.ranks import Ranks
from scripts.training.loop import checkpoint
from scripts.training.loop.checkpoint import Checkpoint, Progress, read_state, write_state
from scripts.training.loop.learner import Learner

BATCH = (torch.zeros(2, 3, 32, 32), torch.tensor([0, 1]))


class Noting(Ranks):
    """A rank that keeps what it told the others, and whom another answers too."""

    def __init__(self) -> None:
        super().__init__(parallel=False, device="cpu")
        self.told: list[Any] = []  # type: ignore[assignment]
        self.other: dict[object, object] = {}  # what the other answers where it is not what this rank says

    def gather(self, value: Any) -> list[Any]:
        self.told.append(value)
        return [value, self.other.get(value, value) if isinstance(value, bool) else value]


@pytest.fixture
def ranks() -> Noting:
    return Noting()


@pytest.fixture
def kept(ranks: Noting, tmp_path: Path) -> Checkpoint:
    """The checkpoint of a run that has made a step."""
    learner = Learner.build(SPEC, 0, np.ones(3, np.int64), None, None, None, 9, ranks)
    learner.loss(*BATCH)
    learner.step()
    return Checkpoint(tmp_path, "this run", ranks, learner)


def after(step: int) -> Progress:
    return Progress(step, [], torch.zeros(9, dtype=torch.float64), 0.0)


def test_ranks_tell_each_other_less_than_a_weight_holds(kept: Checkpoint, ranks: Noting) -> None:
    kept.save(after(1))
    assert kept.begin(9, BATCH).step == 1
    assert max(len(pickle.dumps(told)) for told in ranks.told) < 100


def test_what_is_written_is_no_copy(kept: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[dict[str, Any]] = []
    monkeypatch.setattr(checkpoint, "write_state", lambda state, _: written.append(state))
    kept.save(after(1))
    weights = kept.learner.network.state_dict()
    assert all(written[0]["model"][name].data_ptr() == weight.data_ptr() for name, weight in weights.items())
    momenta = [held["momentum_buffer"] for held in kept.learner.optimizer.state.values()]
    held = written[0]["optimizer"]["state"].values()
    assert [one["momentum_buffer"].data_ptr() for one in held] == [one.data_ptr() for one in momenta]


def test_two_generations_are_kept(kept: Checkpoint) -> None:
    for step in (1, 2, 10):
        kept.save(after(step))
    assert steps_of(kept.folder, rank=0) == [10, 2]
    assert kept.begin(9, BATCH).step == 10


def test_a_disk_that_is_full_leaves_the_generation_before(
    kept: Checkpoint, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    kept.save(after(1))
    kept.save(after(2))

    def full(_: object, path: Path) -> None:
        Path(path).write_bytes(b"some of it")
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(torch, "save", full)
        kept.save(after(3))
    assert "no checkpoint after step 3: [Errno 28] No space left on device" in caplog.text
    assert [path.name for path in kept.folder.iterdir()] == [file_of(kept.folder, 2, rank=0).name]
    assert kept.begin(9, BATCH).step == 2


def test_a_generation_that_another_rank_could_not_write_is_none(kept: Checkpoint, ranks: Noting) -> None:
    kept.save(after(1))
    ranks.other = {True: False}
    kept.save(after(2))
    ranks.other = {}
    assert steps_of(kept.folder, rank=0) == [1]
    kept.save(after(3))
    assert steps_of(kept.folder, rank=0) == [3, 1]


def test_a_state_is_on_the_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    fsync, replace = os.fsync, os.replace

    def noting_fsync(descriptor: int) -> None:
        done.append(f"sync {Path(f'/proc/self/fd/{descriptor}').readlink().suffix}")
        fsync(descriptor)

    def noting_replace(source: Path, target: Path) -> None:
        done.append("rename")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", noting_fsync)
    monkeypatch.setattr(os, "replace", noting_replace)
    write_state({"step": 1}, tmp_path / "folder" / "state.pt")
    assert done == ["sync .tmp", "rename"]


def test_a_byte_that_flips_is_noticed_or_changes_nothing(tmp_path: Path) -> None:
    state = {"step": 7, "weights": torch.arange(100.0)}
    write_state(state, tmp_path / "state.pt")
    whole = (tmp_path / "state.pt").read_bytes()
    noticed = 0
    for place in range(0, len(whole), 3):
        damaged = bytearray(whole)
        damaged[place] ^= 0x10
        (tmp_path / "damaged.pt").write_bytes(damaged)
        try:
            found = read_state(tmp_path / "damaged.pt")
        except Exception:  # as who goes on from it sees it
            noticed += 1
        else:
            assert found["step"] == 7
            assert torch.equal(found["weights"], state["weights"])
    assert noticed > 0.2 * len(whole) / 3  # torch pads what it writes, and a zip archive holds dates and the like
    (tmp_path / "cut.pt").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Exception, match="not a zip file"):
        read_state(tmp_path / "cut.pt")
