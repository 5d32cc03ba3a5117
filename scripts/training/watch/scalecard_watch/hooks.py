"""Torch's parts that tell a watch what the script does; each is changed when the script imports it.

A process that the script has started has a watch of its own, or none: the hooks tell `watch.current`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from threading import get_ident
from types import ModuleType
from typing import Any

from . import watch
from .batches import images_in
from .imports import Change
from .phases import DATA, EVALUATION, FORWARD_BACKWARD, OPTIMIZER, OTHER

LOADER = "_scalecard_loader"  # of an iterator: the number of its DataLoader
LOSS = "_scalecard_loss"  # of a scaled loss: the one that was scaled


def optimizers(module: ModuleType) -> None:
    """torch.optim.optimizer"""

    def before(optimizer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        seen = watch.current
        if seen is None:
            return None
        seen.starts_step(optimizer)
        closure = kwargs.get("closure") or (args[1] if len(args) > 1 else None)
        if not callable(closure):
            return None
        timed = _timed(closure)
        if "closure" in kwargs:
            return args, {**kwargs, "closure": timed}
        return (args[0], timed, *args[2:]), kwargs

    def after(optimizer: Any, _args: tuple[Any, ...], _kwargs: dict[str, Any]) -> None:
        if watch.current is not None:
            watch.current.ends_step(optimizer)

    module.register_optimizer_step_pre_hook(before)
    module.register_optimizer_step_post_hook(after)


def _timed(closure: Callable[[], Any]) -> Callable[[], Any]:
    """A closure is forward and backward, inside the optimizer's step."""

    def timed() -> Any:
        seen = watch.current
        if seen is None:
            return closure()
        seen.enter(FORWARD_BACKWARD)
        try:
            return closure()
        finally:
            seen.enter(OPTIMIZER)

    return timed


def data_loaders(module: ModuleType) -> None:
    """torch.utils.data.dataloader"""
    iterate, fetch = module.DataLoader.__iter__, module._BaseDataLoaderIter.__next__
    fetching: set[int] = set()  # threads: a data set may have a DataLoader inside

    def __iter__(self: Any) -> Any:  # noqa: N807
        seen = watch.current
        if seen is None or get_ident() in fetching:
            return iterate(self)
        number = seen.loaders.number(self)
        evaluating = not sys.modules["torch"].is_grad_enabled() or seen.in_evaluation_mode(number)
        seen.iterates(number)
        seen.enter(EVALUATION if evaluating else DATA)
        iterator = iterate(self)
        setattr(iterator, LOADER, number)
        seen.enter(OTHER)
        return iterator

    def __next__(self: Any) -> Any:  # noqa: N807
        seen, here = watch.current, get_ident()
        number = getattr(self, LOADER, None)
        if seen is None or number is None or here in fetching:
            return fetch(self)
        gradients = sys.modules["torch"].is_grad_enabled()
        evaluating = not gradients or seen.in_evaluation_mode(number)
        seen.enter(EVALUATION if evaluating else DATA)
        fetching.add(here)
        try:
            batch = fetch(self)
        except StopIteration:
            seen.enter(OTHER)
            raise
        finally:
            fetching.discard(here)
        batch_size = seen.loaders.seen[number]["batch_size"]
        seen.has_batch(number, images_in(batch, batch_size), gradients, evaluating)
        return batch

    module.DataLoader.__iter__ = __iter__
    module._BaseDataLoaderIter.__next__ = __next__


def backward(module: ModuleType) -> None:
    """torch.autograd, whose function Tensor.backward calls too"""
    go = module.backward
    going = False

    def backward(tensors: Any, *args: Any, **kwargs: Any) -> Any:
        nonlocal going
        if watch.current is None or going:  # a checkpoint goes backward inside, maybe in another thread
            return go(tensors, *args, **kwargs)
        watch.current.goes_backward(_scalar(tensors))
        going = True
        try:
            return go(tensors, *args, **kwargs)
        finally:
            going = False

    vars(module)["backward"] = backward


def _scalar(tensors: Any) -> Any | None:
    if isinstance(tensors, (list, tuple)) and len(tensors) == 1:
        tensors = tensors[0]
    tensors = getattr(tensors, LOSS, tensors)
    tensors = getattr(tensors, "_local_tensor", tensors)  # of a DTensor, whose value would be agreed on by all ranks
    return tensors if getattr(tensors, "numel", int)() == 1 else None


def scalers(module: ModuleType) -> None:
    """torch.amp.grad_scaler, before torch 2.3 torch.cuda.amp.grad_scaler"""
    if "_scalecard" in vars(module.GradScaler) or "step" not in vars(module.GradScaler):
        return
    scale, step = module.GradScaler.scale, module.GradScaler.step

    def scaled(self: Any, outputs: Any) -> Any:
        found = scale(self, outputs)
        if found is not outputs and hasattr(found, "backward"):
            setattr(found, LOSS, outputs)
        return found

    def stepped(self: Any, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        seen = watch.current
        if seen is None:
            return step(self, optimizer, *args, **kwargs)
        before = sum(seen.process.optimizers.values())
        returned = step(self, optimizer, *args, **kwargs)
        if sum(seen.process.optimizers.values()) == before:
            seen.skips_step(getattr(optimizer, "optimizer", optimizer))
        return returned

    module.GradScaler.scale, module.GradScaler.step, module.GradScaler._scalecard = scaled, stepped, True


def modules(module: ModuleType) -> None:
    """torch.nn.modules.module"""
    evaluate = module.Module.eval

    def eval(self: Any) -> Any:  # noqa: A001
        if watch.current is not None:
            watch.current.sets_to_evaluation(self)
        return evaluate(self)

    module.Module.eval = eval


CHANGES: dict[str, Change] = {
    "torch.optim.optimizer": optimizers,
    "torch.utils.data.dataloader": data_loaders,
    "torch.autograd": backward,
    "torch.amp.grad_scaler": scalers,
    "torch.cuda.amp.grad_scaler": scalers,
    "torch.nn.modules.module": modules,
}
