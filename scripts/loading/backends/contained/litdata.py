"""litdata's StreamingDataLoader: worker processes map chunks of the raw files into memory, each its share: in one
order, shuffled when they were written.
"""

import os
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

from scripts.loading.backend import Item
from scripts.loading.containers.contained import Decode
from scripts.loading.transports.dataloader import Batches, DataLoaderBackend

if TYPE_CHECKING:
    from scripts.loading.reading.load import LoadContained

# Where memory is short, litdata would start fewer workers than it is asked for.
ALL_WORKERS = {"LITDATA_POSIX_MAX_WORKERS": "0"}


class Backend(DataLoaderBackend):
    sources = ("litdata",)
    package = "litdata"
    rests_on = ("torch", "litdata")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.loader is not None:  # it and its iterator hold each other: the workers would not end with it
            self.loader._iterator = None  # type: ignore[attr-defined]
        super().__exit__(kind, error, trace)

    def make_loader(self, items: Sequence[Item], **settings: Any) -> Batches:
        load = cast("LoadContained", self.load)
        os.environ.update(ALL_WORKERS)
        from litdata import StreamingDataLoader

        from scripts.loading.containers.litdata_images import Images

        images = Images(load.folder, Decode(load, items))
        return cast(Batches, StreamingDataLoader(images, batch_size=self.chunk, **settings))
