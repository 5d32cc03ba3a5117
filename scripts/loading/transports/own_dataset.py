"""A dataset of the user's own as torch's DataLoader takes it, in a module of its own since this one imports torch.

Each process makes it anew: it need not be picklable, and its module need not be found by name.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset, IterableDataset

from scripts.errors import UserError
from scripts.loading.backend import Item
from scripts.loading.reading.own import SETTING, LoadOwn

Image = torch.Tensor | np.ndarray


def image_of(element: Any) -> Image:
    """The image of an element that is one, or begins with one; a byte tensor with its colours last."""
    image = element[0] if isinstance(element, tuple | list) else element
    if not isinstance(image, torch.Tensor):
        return np.asarray(image)  # of Pillow too
    return image.permute(1, 2, 0) if image.dtype == torch.uint8 and image.ndim == 3 and image.shape[0] == 3 else image


class _Own:
    def __init__(self, load: LoadOwn, items: Sequence[Item]) -> None:
        self.load, self.items = load, items

    @cached_property
    def dataset(self) -> Any:
        return self.load.dataset(self.items)

    def __getstate__(self) -> dict[str, Any]:
        return {"load": self.load, "items": self.items}


class ByIndex(_Own, Dataset[tuple[int, Image]]):
    """Of a dataset of the map style, whose element i is image i, or (image, label): (index, image)."""

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, i: int) -> tuple[int, Image]:
        return i, image_of(self.dataset[i])


class AsItComes(_Own, IterableDataset[tuple[int, Image]]):
    """Of an iterable of (index or path, image): (index, image)."""

    def __iter__(self) -> Iterator[tuple[int, Image]]:
        places = {str(path): place for place, path in enumerate(self.load.files(self.items))}
        for where, image, *_ in self.dataset:
            place = places.get(str(where), where)
            if not isinstance(place, int) or not 0 <= place < len(places):
                raise UserError(f"{SETTING}: found {where!r}; expected an index below {len(places)} or a file's path")
            yield place, image_of(image)
