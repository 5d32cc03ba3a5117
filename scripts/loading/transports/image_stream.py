"""An iterable dataset of torch's, in a module of its own since this one imports torch."""

from collections.abc import Iterator, Sequence

from torch.utils.data import IterableDataset, get_worker_info

from scripts.loading.backend import Item, Load, Loaded


class ImageStream(IterableDataset[Loaded]):
    """(position, pixels) of every n-th image, in each of n worker processes."""

    def __init__(self, load: Load, items: Sequence[Item]) -> None:
        self.load = load
        self.items = items

    def __iter__(self) -> Iterator[Loaded]:
        worker = get_worker_info()
        assert worker is not None, "read by a DataLoader without workers"
        return map(self.load, self.items[worker.id :: worker.num_workers])
