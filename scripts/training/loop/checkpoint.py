"""A training run's state on disk, from which it goes on to the same result, bit for bit on CPU.

Each rank writes what it holds into a file of its own, and none is sent another's; of ranks that hold all weights, only
rank 0 writes them. The files of all ranks after one step are a generation. Two are kept, the former until the next is
whole, so that a run finds one whatever ended it.

A file is a zip archive, as torch.save writes it: a damaged one is known by the checksums of its members, and tensors
are mapped where they are needed. Writing is part of the run: to go on meanwhile would take a copy of the state, and the
disk's share of the steps.
"""

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from torch.distributed.tensor import DTensor

from scripts.atomic import replacing
from scripts.cli import log
from scripts.closure import closure
from scripts.record import Epoch
from scripts.training.launch.generations import file_of, files_of, steps_of
from scripts.training.launch.ranks import Ranks
from scripts.training.loop.learner import Learner

State = dict[str, Any]


@dataclass
class Progress:
    """How far a training has come."""

    step: int  # steps done since its start
    epochs: list[Epoch]  # whole ones
    losses: torch.Tensor  # float64 (steps of an epoch,): of the epoch under way, summed over this rank's images; nats
    seconds: float  # training time of the epoch under way before the last interruption, slowest rank


def identity(*plugins: str, **parts: Any) -> str:
    """What a checkpoint belongs to: `parts`, and the code, with its `plugins`. No other run goes on from it."""
    found = sha256(repr(sorted(parts.items())).encode())
    for path in closure("scripts.training.loop.train_rank", *plugins):
        found.update(path.read_bytes())
    return found.hexdigest()


def write_state(state: State, path: Path) -> None:
    """Write a state, whole or not at all, after a sudden end of its node too."""
    with replacing(path) as temporary:
        torch.save(state, temporary)


def read_state(path: Path) -> State:
    """The state in a file, its tensors mapped, not read.

    Raises:
        ValueError: the file is damaged (zipfile and torch raise errors of their own, too).
    """
    with zipfile.ZipFile(path) as file:
        if (damaged := file.testzip()) is not None:
            raise ValueError(f"the checksum of {damaged} is not that of its content")
    return _map(path)


class Checkpoint:
    """The files of one run in `folder`, and the parts whose state they hold.

    Of ranks that hold all weights, rank 0's stand for all: replicas are equal but for BatchNorm's running statistics,
    and there rank 0's are what DDP gives to all before the next step. Ranks that hold parts keep their own.

    Args:
        belongs_to: what identity() says of the run.
    """

    def __init__(self, folder: Path, belongs_to: str, ranks: Ranks, learner: Learner) -> None:
        self.folder = folder
        self.belongs_to = belongs_to
        self.ranks = ranks
        self.learner = learner
        self.newest: int | None = None  # step of the last generation that every rank is known to have whole

    def begin(self, steps_per_epoch: int, rehearsal: tuple[torch.Tensor, torch.Tensor]) -> Progress:
        """Where this run stands: at its newest generation that is whole on every rank, else at the beginning.

        Before it goes on, a step on the batch `rehearsal` is made and thrown away: DDP lays its gradients out anew
        after the first backward, and gradients in other buckets are summed in another order.
        """
        of_ranks = self.ranks.gather(steps_of(self.folder, self.ranks.rank))
        for step in of_ranks[0]:
            state = self._load(step) if all(step in steps for steps in of_ranks) else None
            if all(self.ranks.gather(state is not None)):
                assert state is not None
                self.newest = step
                self.learner.loss(*rehearsal)
                return self._restore(state)
        if any(of_ranks):
            log.info("%s: no state that every rank can go on from; starting from the beginning", self.folder)
        losses = torch.zeros(steps_per_epoch, dtype=torch.float64, device=self.ranks.device)
        return Progress(0, [], losses, 0.0)

    def save(self, progress: Progress) -> None:
        """Write a generation; every rank calls this after the same step.

        A disk that is full stops no training: the former generation stays.
        """
        path = file_of(self.folder, progress.step, self.ranks.rank)
        try:
            self._remove_all_but_newest()
            write_state(self._state(progress), path)
            written = True
        except (OSError, RuntimeError) as error:  # torch's own writer raises RuntimeError where the disk is full
            log.error("error: %s: no checkpoint after step %d: %s", path, progress.step, error)
            written = False
        if all(self.ranks.gather(written)):
            self.newest = progress.step
            log.info("checkpoint after step %d: %s", progress.step, path)
        elif progress.step != self.newest:
            path.unlink(missing_ok=True)

    def _state(self, progress: Progress) -> State:
        """What this rank writes; nothing in it is a copy."""
        cuda = self.ranks.device.type == "cuda"
        state: State = {
            "identity": self.belongs_to,
            "step": progress.step,
            "epochs": [epoch.model_dump() for epoch in progress.epochs],
            "seconds": progress.seconds,
            "losses": progress.losses,
            "schedule": self.learner.schedule.state_dict(),
            "precision": self.learner.precision.state_dict(),
            "rng": [torch.get_rng_state()] + ([torch.cuda.get_rng_state()] if cuda else []),
        }
        if self._holder == self.ranks.rank:
            state["model"] = _local(self.learner.strategy.model.state_dict())
            state["optimizer"] = _local(self.learner.optimizer.state_dict())
        return state

    @property
    def _holder(self) -> int:
        """The rank whose file holds this rank's weights."""
        return 0 if self.learner.strategy.whole else self.ranks.rank

    def _remove_all_but_newest(self) -> None:
        """Remove this rank's files of other generations, of other runs, and what a writer that was killed has left."""
        for found in files_of(self.folder, self.ranks.rank):
            if self.newest is None or found != file_of(self.folder, self.newest, self.ranks.rank):
                found.unlink(missing_ok=True)

    def _load(self, step: int) -> State | None:
        """This rank's state after a step; None where its file is damaged or of another run (data, settings or code)."""
        path = file_of(self.folder, step, self.ranks.rank)
        try:
            state = read_state(path)
        except Exception as error:  # zipfile and torch raise whatever they meet
            log.info("%s: cannot be read (%s); left aside", path, error)
            return None
        if state["identity"] != self.belongs_to:
            log.info("%s: of a run with other data, settings or code; left aside", path)
            return None
        return state

    @torch.no_grad()
    def _restore(self, mine: State) -> Progress:
        path = file_of(self.folder, mine["step"], self._holder)
        weights = _map(path)["model"]
        for name, tensor in _local(self.learner.strategy.model.state_dict()).items():
            tensor.copy_(weights.pop(name))
        del weights  # mapped once more for the optimizer, so that no more than one of the two is ever in memory twice
        optimizer = self.learner.optimizer
        optimizer.load_state_dict(_spread(_copied(_map(path)["optimizer"], self.ranks.device), optimizer))
        self.learner.schedule.load_state_dict(mine["schedule"])
        self.learner.precision.load_state_dict(mine["precision"])
        torch.set_rng_state(mine["rng"][0])
        if self.ranks.device.type == "cuda":
            torch.cuda.set_rng_state(mine["rng"][1])
        log.info("rank %d goes on after step %d", self.ranks.rank, mine["step"])
        epochs = [Epoch(**epoch) for epoch in mine["epochs"]]
        losses = mine["losses"].to(self.ranks.device, copy=True)
        return Progress(mine["step"], epochs, losses, mine["seconds"])


def _map(path: Path) -> State:
    """What a file holds (read weights-only); its tensors share one mapping, which goes with the last of them."""
    return dict(torch.load(path, map_location="cpu", weights_only=True, mmap=True))


def _local(state: State) -> State:
    """A state dict whose tensors that are spread over ranks stand as this rank's part."""
    return _mapped(state, lambda value: value.to_local() if isinstance(value, DTensor) else value)


def _copied(state: State, device: torch.device) -> State:
    """A state dict whose tensors are in this process's own memory, or its device's; numbers stay where they are."""

    def copied(value: Any) -> Any:
        return value.to(device if value.ndim else value.device, copy=True) if isinstance(value, torch.Tensor) else value

    return _mapped(state, copied)


def _mapped(state: State, change: Callable[[Any], Any]) -> State:
    return {key: _mapped(value, change) if isinstance(value, dict) else change(value) for key, value in state.items()}


def _spread(state: State, optimizer: torch.optim.Optimizer) -> State:
    """Undo `_local` for an optimizer: what has the shape of this rank's part of a weight is that part's."""
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    for number, weight in enumerate(weights):
        if isinstance(weight, DTensor):
            of_weight = state["state"].get(number, {})
            for name, value in of_weight.items():
                if isinstance(value, torch.Tensor) and value.shape == weight.to_local().shape and value.ndim:
                    of_weight[name] = DTensor.from_local(
                        value, weight.device_mesh, weight.placements, shape=weight.shape, stride=weight.stride()
                    )
    return state
