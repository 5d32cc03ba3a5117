"""How many images a batch holds, whatever a script packs them into."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

DEEPEST = 6
PICTURE_CHANNELS = (1, 3, 4)


def images_in(batch: Any, batch_size: int | None = None) -> int | None:
    """The first dimension of the first tensor or array in `batch`; None where it holds none.

    Pictures of unequal sizes come as a sequence of tensors (channels, height, width): they are counted one by one,
    where their first dimension is not the DataLoader's `batch_size`.
    """
    first = batch[0] if type(batch) in (list, tuple) and batch else batch
    shape = _shape(first)
    if shape is not None and len(shape) > 3:  # what most batches are
        return int(shape[0])
    try:
        return _images_in(batch, batch_size, DEEPEST)
    except Exception:  # a batch of the user's own kind must not fail for being looked at
        return None


def _images_in(batch: Any, batch_size: int | None, depth: int) -> int | None:
    shape = _shape(batch)
    if shape is not None:
        return int(shape[0]) if shape else None
    if not depth or isinstance(batch, (str, bytes)):
        return None
    if isinstance(batch, Sequence) and batch and all(_is_picture(one, batch_size) for one in batch):
        return len(batch)
    for part in _parts(batch):
        found = _images_in(part, batch_size, depth - 1)
        if found is not None:
            return found
    return None


def _shape(value: Any) -> Sequence[int] | None:
    shape = getattr(value, "shape", None)
    return shape if isinstance(shape, tuple) else None


def _is_picture(value: Any, batch_size: int | None) -> bool:
    shape = _shape(value)
    return shape is not None and len(shape) == 3 and shape[0] in PICTURE_CHANNELS and shape[0] != batch_size


def _parts(batch: Any) -> Iterator[Any]:
    if isinstance(batch, Mapping):
        yield from batch.values()
    elif isinstance(batch, Sequence):
        yield from batch
    elif dataclasses.is_dataclass(batch):
        yield from (getattr(batch, field.name) for field in dataclasses.fields(batch))
    elif hasattr(batch, "__dict__"):
        yield from vars(batch).values()
