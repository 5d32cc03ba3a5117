"""How one image comes to memory: decoded from its raw file, or viewed in its shard. Both go to worker processes."""

from pathlib import Path

from scripts.errors import ImageError
from scripts.images.decode import Decoder, DecodeSpec
from scripts.images.shards import Shards
from scripts.loading.backend import Item, Loaded


class LoadRaw:
    """Brings one image from its raw file."""

    def __init__(self, folder: Path, spec: DecodeSpec) -> None:
        self.folder = folder
        self.decoder = Decoder(spec)

    def __call__(self, item: Item) -> Loaded:
        try:
            return item.position, self.decoder(self.folder / item.path)
        except ImageError as error:
            raise ImageError(f"{self.folder / item.path}: {error}") from None


class LoadPacked:
    """Brings one image from its shard: a view of the memory map."""

    def __init__(self, shards: Path) -> None:
        self.shards = Shards(shards)

    def __call__(self, item: Item) -> Loaded:
        return item.position, self.shards[item.shard, item.row]
