"""The ranks of a run: who this process is, where it computes, and what it agrees on with the others.

Without a process group (strategy `serial`) every agreement is with oneself.
"""

import os
from types import TracebackType
from typing import Any, Self

import torch
import torch.distributed as dist
from torch.distributed import PrefixStore  # type: ignore[attr-defined]

from scripts.errors import UserError


class Ranks:
    """This process among the `world_size` that the launchers of all nodes started; use as a context manager.

    Args:
        parallel: make a process group (gloo on CPU, nccl on CUDA).
        device: `cpu` or `cuda`.

    Raises:
        UserError: cuda was asked for, and this node has fewer GPUs than ranks.
    """

    def __init__(self, parallel: bool, device: str) -> None:
        self.parallel = parallel
        self.rank = int(os.environ.get("RANK", "0"))
        self.world_size = int(os.environ.get("WORLD_SIZE", "1"))
        local_rank = int(os.environ.get("LOCAL_RANK", "0"))
        here, gpus = int(os.environ.get("LOCAL_WORLD_SIZE", "1")), torch.cuda.device_count()
        if device == "cuda" and gpus < here:
            raise UserError(
                f"training.device: found cuda; expected a GPU for each of {here} ranks, this node has {gpus}"
            )
        self.device = torch.device("cuda", local_rank) if device == "cuda" else torch.device("cpu")

    def __enter__(self) -> Self:
        if self.device.type == "cuda":
            torch.cuda.set_device(self.device)
        if self.parallel:
            # The store of the launcher (launch_node.py), which holds small facts that ranks tell each other.
            self.store, *_ = next(dist.rendezvous("env://"))  # type: ignore[attr-defined]
            backend = "nccl" if self.device.type == "cuda" else "gloo"
            dist.init_process_group(
                backend, store=PrefixStore("group", self.store), rank=self.rank, world_size=self.world_size
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.parallel:
            dist.destroy_process_group()

    def synchronize(self) -> None:
        """Wait until this rank's device has done all it was given."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def barrier(self) -> None:
        """Wait until every rank has come here with its device idle."""
        self.synchronize()
        if self.parallel:
            dist.barrier(device_ids=[self.device.index] if self.device.type == "cuda" else None)

    def total(self, values: torch.Tensor) -> torch.Tensor:
        """The sum of `values` over all ranks."""
        if self.parallel:
            dist.all_reduce(values)
        return values

    def greatest(self, value: float) -> float:
        """The greatest `value` of all ranks."""
        if not self.parallel:
            return value
        found = torch.tensor(value, dtype=torch.float64, device=self.device)
        dist.all_reduce(found, op=dist.ReduceOp.MAX)
        return float(found)

    def gather(self, value: Any) -> list[Any]:
        """The (picklable) values of all ranks, in order of rank."""
        if not self.parallel:
            return [value]
        found = [None] * self.world_size
        dist.all_gather_object(found, value)
        return found

    def tell(self, name: str, value: str) -> None:
        """Leave `value` under `name` for all ranks; where one was left before, that one stays."""
        if self.parallel:
            self.store.compare_set(name, "", value)

    def told(self, name: str) -> str | None:
        """What was left under `name`; it does not wait."""
        if self.parallel and self.store.check([name]):
            return str(self.store.get(name).decode())
        return None

    def share_buffers(self, model: torch.nn.Module) -> None:
        """Give every rank rank 0's buffers (BatchNorm's running statistics), so that all evaluate the same network."""
        if self.parallel:
            for buffer in model.buffers():
                dist.broadcast(buffer, src=0)
