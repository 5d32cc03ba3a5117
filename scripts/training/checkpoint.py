"""A training run's state on disk, whole or not at all, from which it goes on to the same result, bit for bit on CPU.

The file ends with the sha256 of what goes before, so that a damaged one is known before it is used.
"""

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.distributed.tensor import DTensor

from scripts.atomic import replacing
from scripts.cli import log
from scripts.closure import closure
from scripts.record import Epoch
from scripts.training.learner import Learner
from scripts.training.ranks import Ranks

State = dict[str, Any]


@dataclass
class Progress:
    """How far a training has come."""

    step: int  # steps done since its start
    epochs: list[Epoch]  # whole ones
    losses: torch.Tensor  # float64 (steps of an epoch,): of the epoch under way, summed over this rank's images; nats
    seconds: float  # training time of the epoch under way before the last interruption, slowest rank


def identity(strategy: str, **parts: Any) -> str:
    """What a checkpoint belongs to: `parts`, and the code, with the strategy's module. No other run goes on from it."""
    found = hashlib.sha256(repr(sorted(parts.items())).encode())
    for path in closure("scripts.training.train_rank", strategy):
        found.update(path.read_bytes())
    return found.hexdigest()


def write_state(state: State, path: Path) -> None:
    """Write a state behind its digest, whole or not at all."""
    with replacing(path) as temporary:
        torch.save(state, temporary)
        with temporary.open("r+b") as file:
            file.write(hashlib.file_digest(file, "sha256").digest())


def read_state(path: Path) -> State:
    """The state in a file (read weights-only).

    Raises:
        ValueError: the file is damaged, or no state.
    """
    found = path.read_bytes()
    if hashlib.sha256(found[:-32]).digest() != found[-32:]:
        raise ValueError("its digest is not that of its content")
    return dict(torch.load(io.BytesIO(found[:-32]), map_location="cpu", weights_only=True))


@dataclass(frozen=True)
class Checkpoint:
    """The file of one run, and the parts whose state it holds.

    Of ranks that hold all weights, rank 0's state stands for all: replicas are equal but for BatchNorm's running
    statistics, and there rank 0's are what DDP gives to all before the next step. Ranks that hold parts keep their own.
    """

    path: Path
    belongs_to: str  # identity()
    ranks: Ranks
    learner: Learner

    def begin(self, steps_per_epoch: int, rehearsal: tuple[torch.Tensor, torch.Tensor]) -> Progress:
        """Where this run stands: at its checkpoint, or at the beginning where not all ranks read the same one.

        Before it goes on, a step on the batch `rehearsal` is made and thrown away: DDP lays its gradients out anew
        after the first backward, and gradients in other buckets are summed in another order.
        """
        state = self._load()
        steps = self.ranks.gather(state and state["step"])
        if state is None or set(steps) != {state["step"]}:
            if any(steps):
                log.info("ranks read checkpoints of different steps (%s); starting from the beginning", steps)
            losses = torch.zeros(steps_per_epoch, dtype=torch.float64, device=self.ranks.device)
            return Progress(0, [], losses, 0.0)
        self.learner.loss(*rehearsal)
        return self._restore(state)

    def save(self, progress: Progress) -> None:
        """Write the state of all ranks, from rank 0; every rank calls this after the same step.

        A disk that is full stops no training: the former checkpoint stays.
        """
        cuda = self.ranks.device.type == "cuda"
        mine: State = {
            "rng": [torch.get_rng_state()] + ([torch.cuda.get_rng_state()] if cuda else []),
            "losses": progress.losses.cpu(),
        }
        if self.ranks.rank == 0 or not self.learner.strategy.whole:
            mine["model"] = _on_cpu(_local(self.learner.strategy.model.state_dict()))
            mine["optimizer"] = _on_cpu(_local(self.learner.optimizer.state_dict()))
        of_ranks = self.ranks.gather(mine)
        if self.ranks.rank == 0:
            state = {
                "identity": self.belongs_to,
                "step": progress.step,
                "epochs": [epoch.model_dump() for epoch in progress.epochs],
                "seconds": progress.seconds,
                "schedule": self.learner.schedule.state_dict(),
                "scaler": self.learner.precision.scaler.state_dict(),
                "ranks": of_ranks,
            }
            try:
                write_state(state, self.path)
                log.info("checkpoint after step %d: %s", progress.step, self.path)
            except (OSError, RuntimeError) as error:  # torch's own writer raises RuntimeError where the disk is full
                log.error("error: %s: no checkpoint after step %d: %s", self.path, progress.step, error)
        self.ranks.barrier()

    def _load(self) -> State | None:
        """The state in the file; None where there is none, or one of another run (other data, settings or code)."""
        if not self.path.exists():
            return None
        try:
            state = read_state(self.path)
        except Exception as error:  # torch raises whatever its unpickler meets
            log.info("%s: cannot be read (%s); starting from the beginning", self.path, error)
            return None
        if state["identity"] != self.belongs_to:
            log.info("%s: of a run with other data, settings or code; starting from the beginning", self.path)
            return None
        return state

    @torch.no_grad()
    def _restore(self, state: State) -> Progress:
        mine = state["ranks"][self.ranks.rank]
        weights = state["ranks"][self.ranks.rank if "model" in mine else 0]
        for name, tensor in _local(self.learner.strategy.model.state_dict()).items():
            tensor.copy_(weights["model"][name])
        optimizer = self.learner.optimizer
        optimizer.load_state_dict(_spread(weights["optimizer"], optimizer))
        self.learner.schedule.load_state_dict(state["schedule"])
        self.learner.precision.scaler.load_state_dict(state["scaler"])
        torch.set_rng_state(mine["rng"][0])
        if self.ranks.device.type == "cuda":
            torch.cuda.set_rng_state(mine["rng"][1])
        log.info("rank %d goes on after step %d", self.ranks.rank, state["step"])
        epochs = [Epoch(**epoch) for epoch in state["epochs"]]
        return Progress(state["step"], epochs, mine["losses"].to(self.ranks.device), state["seconds"])


def _local(state: State) -> State:
    """A state dict whose tensors that are spread over ranks stand as this rank's part."""
    return _mapped(state, lambda value: value.to_local() if isinstance(value, DTensor) else value)


def _on_cpu(state: State) -> State:
    """A state dict whose tensors any rank can take, whatever its device."""
    return _mapped(state, lambda value: value.cpu() if isinstance(value, torch.Tensor) else value)


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
