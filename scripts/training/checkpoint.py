"""A training run's state on disk, whole or not at all, from which it goes on to the same result, bit for bit on CPU."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from scripts.atomic import replacing
from scripts.cli import log
from scripts.closure import closure
from scripts.record import Epoch
from scripts.training.learner import Learner
from scripts.training.ranks import Ranks


@dataclass
class Progress:
    """How far a training has come."""

    step: int  # steps done since its start
    epochs: list[Epoch]  # whole ones
    loss_sum: torch.Tensor  # float64 (1,): of this rank's images in the epoch under way
    seconds: float  # training time of the epoch under way before the last interruption, slowest rank


def identity(strategy: str, **parts: Any) -> str:
    """What a checkpoint belongs to: `parts`, and the code, with the strategy's module. No other run goes on from it."""
    found = hashlib.sha256(repr(sorted(parts.items())).encode())
    for path in closure("scripts.training.train_rank", strategy):
        found.update(path.read_bytes())
    return found.hexdigest()


@dataclass(frozen=True)
class Checkpoint:
    """The file of one run, and the parts whose state it holds.

    Replicas are equal but for BatchNorm's running statistics, and there rank 0's, which the file holds, are what DDP
    gives to all before the next step.
    """

    path: Path
    belongs_to: str  # identity()
    ranks: Ranks
    learner: Learner

    def begin(self, rehearsal: tuple[torch.Tensor, torch.Tensor]) -> Progress:
        """Where this run stands: at its checkpoint, or at the beginning where not all ranks read the same one.

        Before it goes on, a step on the batch `rehearsal` is made and thrown away: DDP lays its gradients out anew
        after the first backward, and gradients in other buckets are summed in another order.
        """
        state = self._load()
        steps = self.ranks.gather(state and state["step"])
        if state is None or set(steps) != {state["step"]}:
            if any(steps):
                log.info("ranks read checkpoints of different steps (%s); starting from the beginning", steps)
            return Progress(0, [], torch.zeros(1, dtype=torch.float64, device=self.ranks.device), 0.0)
        self.learner.loss(*rehearsal)
        return self._restore(state)

    def save(self, progress: Progress) -> None:
        """Write the state of all ranks, from rank 0; every rank calls this after the same step.

        A disk that is full stops no training: the former checkpoint stays.
        """
        cuda = self.ranks.device.type == "cuda"
        rng = [torch.get_rng_state()] + ([torch.cuda.get_rng_state()] if cuda else [])
        of_ranks = self.ranks.gather((rng, progress.loss_sum.cpu()))
        if self.ranks.rank == 0:
            state = {
                "identity": self.belongs_to,
                "step": progress.step,
                "epochs": [epoch.model_dump() for epoch in progress.epochs],
                "seconds": progress.seconds,
                "rng": [one[0] for one in of_ranks],
                "loss_sum": [one[1] for one in of_ranks],
                "model": self.learner.network.state_dict(),
                "optimizer": self.learner.optimizer.state_dict(),
                "schedule": self.learner.schedule.state_dict(),
            }
            try:
                with replacing(self.path) as temporary:
                    torch.save(state, temporary)
                log.info("checkpoint after step %d: %s", progress.step, self.path)
            except (OSError, RuntimeError) as error:  # torch's own writer raises RuntimeError where the disk is full
                log.error("error: %s: no checkpoint after step %d: %s", self.path, progress.step, error)
        self.ranks.barrier()

    def _load(self) -> dict[str, Any] | None:
        """The state in the file; None where there is none, or one of another run (other data, settings or code)."""
        if not self.path.exists():
            return None
        try:
            state = torch.load(self.path, map_location="cpu", weights_only=True)
        except Exception as error:  # torch raises whatever its unpickler meets
            log.info("%s: cannot be read (%s); starting from the beginning", self.path, error)
            return None
        if state["identity"] != self.belongs_to:
            log.info("%s: of a run with other data, settings or code; starting from the beginning", self.path)
            return None
        return dict(state)

    def _restore(self, state: dict[str, Any]) -> Progress:
        self.learner.network.load_state_dict(state["model"])
        self.learner.optimizer.load_state_dict(state["optimizer"])
        self.learner.schedule.load_state_dict(state["schedule"])
        rng = state["rng"][self.ranks.rank]
        torch.set_rng_state(rng[0])
        if self.ranks.device.type == "cuda":
            torch.cuda.set_rng_state(rng[1])
        loss_sum = state["loss_sum"][self.ranks.rank].to(self.ranks.device)
        log.info("rank %d goes on after step %d", self.ranks.rank, state["step"])
        return Progress(state["step"], [Epoch(**epoch) for epoch in state["epochs"]], loss_sum, state["seconds"])
