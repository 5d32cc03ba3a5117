"""What the backends on containers share: how a worker decodes what its library reads."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from scripts.loading.backend import Item
from scripts.loading.stored import key_of

if TYPE_CHECKING:
    import numpy as np

    from scripts.loading.reading.load import LoadContained


class Decode:
    """What a worker does with a sample of a container: `key` and `data`. Samples come in the container's order."""

    def __init__(self, load: "LoadContained", items: Sequence[Item]) -> None:
        self.load = load
        self.items = {key_of(item.shard, item.row): item for item in items}

    def __call__(self, key: str, data: bytes) -> tuple[int, "np.ndarray"]:
        return self.load.decode(self.items[key], data)
