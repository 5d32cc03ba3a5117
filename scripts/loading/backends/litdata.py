"""litdata's StreamingDataLoader: worker processes map chunks of the raw files into memory, each its share of them."""

import os
from collections.abc import Iterable
from types import TracebackType
from typing import Any, cast

from scripts.loading.backend import LITDATA
from scripts.loading.contained import ContainedBackend, Decode

# Where memory is short, litdata would start fewer workers than it is asked for.
ALL_WORKERS = {"LITDATA_POSIX_MAX_WORKERS": "0"}


class Backend(ContainedBackend):
    sources = (LITDATA,)
    package = "litdata"

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.loader is not None:  # it and its iterator hold each other: the workers would not end with it
            self.loader._iterator = None  # type: ignore[attr-defined]
        super().__exit__(kind, error, trace)

    def make_loader(self, decode: Decode, **settings: Any) -> Iterable[tuple[Any, Any]]:
        os.environ.update(ALL_WORKERS)
        from litdata import StreamingDataLoader

        from scripts.loading.litdata_images import Images

        images = Images(decode.load.folder, decode)
        return cast(Iterable[tuple[Any, Any]], StreamingDataLoader(images, batch_size=self.chunk, **settings))
