"""LMDB: torch's DataLoader whose worker processes map one database of the raw files, and look each up by its key."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from scripts.loading.backend import Item
from scripts.loading.containers import contained
from scripts.loading.containers.contained import Read
from scripts.loading.stored import key_of
from scripts.loading.transports.mapped_loader import MappedBackend

if TYPE_CHECKING:
    from scripts.loading.reading.load import LoadContained


class Samples(contained.Samples):
    def open(self) -> Read:
        import lmdb

        # An image is read here and there: what the kernel would read ahead is another's.
        database = lmdb.open(str(self.load.folder), readonly=True, lock=False, readahead=False)

        def read(places: Sequence[int]) -> list[bytes]:
            items = [self.items[place] for place in places]
            with database.begin() as transaction:
                return [bytes(transaction.get(key_of(item.shard, item.row).encode()) or b"") for item in items]

        return read


class Backend(MappedBackend):
    sources = ("lmdb",)
    package = "lmdb"
    rests_on = ("torch", "lmdb")

    def samples(self, load: "LoadContained", items: Sequence[Item]) -> Samples:
        return Samples(load, items)
