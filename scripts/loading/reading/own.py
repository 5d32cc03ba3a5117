"""A dataset of the user's own (`loading.own`): made by a function of his file, in each process that reads from it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scripts.errors import UserError
from scripts.images.decode import DecodeSpec
from scripts.loading.backend import Check, Item
from scripts.loading.reading.load import LoadRaw
from scripts.spec import Spec
from scripts.user_function import called

SETTING = "loading.own"


class OwnSpec(Spec):
    """What a measurement of it takes from the config."""

    dataset: str  # function or class of the file
    digest: str  # of the file
    check: Check


class LoadOwn(LoadRaw):
    """From the raw files, by code of the user's."""

    def __init__(self, folder: Path, spec: DecodeSpec, file: Path, own: OwnSpec) -> None:
        super().__init__(folder, spec)
        self.size, self.file, self.own = spec.size, file, own

    def dataset(self, items: Sequence[Item]) -> Any:
        """His dataset of `items`, in their order.

        Raises:
            UserError: his code fails, or makes no dataset of as many images.
        """
        found = called(SETTING, self.file, self.own.dataset, [str(path) for path in self.files(items)], self.size)
        name = f"{SETTING}: {self.file.name}: {self.own.dataset} gives a {type(found).__name__}"
        if not hasattr(found, "__getitem__") and not hasattr(found, "__iter__"):
            raise UserError(f"{name}; expected a torch Dataset, or an iterable of (index or path, image)")
        if is_map_style(found) and len(found) != len(items):
            raise UserError(
                f"{name} of {len(found)} images; expected one of each of the {len(items)} files it is given"
            )
        return found


def is_map_style(dataset: Any) -> bool:
    """Whether its images are asked for by index."""
    return hasattr(dataset, "__getitem__") and hasattr(dataset, "__len__")
