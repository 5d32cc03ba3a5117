"""A small packed study, and launches on it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from helping import LIMITS, pack

from scripts.images.decode import Decoder, DecodeSpec
from scripts.images.shards import Split, read_split
from scripts.images.source import entries
from scripts.loading.digest import digest
from scripts.loading.measure_loading import LoadSpec, measure
from scripts.loading.points import LoadingPoint, backend_class
from scripts.record import Record

DECODE = DecodeSpec(size=16, steps=[{"resize": {}}])
Launch = Callable[..., Record]


class Packed(NamedTuple):
    """Pictures and what has been made of them."""

    folder: Path  # raw
    shards: Path
    images: Split
    reference: dict[str, str]


@pytest.fixture(scope="session")
def packed(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Packed:
    """Shards of the pictures, all of them training images, and the digest of their pixels."""
    shards = tmp_path_factory.mktemp("shards")
    pixels, table = pack(pictures, 0, entries(pictures), Decoder(DECODE), LIMITS)
    np.save(shards / "0000.npy", pixels)
    table.assign(split="train", group="g").to_parquet(shards / "split.parquet")
    images = read_split(shards / "split.parquet", "train")
    return Packed(pictures, shards, images, {"digest": digest(images.paths, pixels, np.ones(len(images), np.int64))})


@pytest.fixture
def launch(packed: Packed) -> Launch:
    """One launch of a backend by name: its record. Further settings are those of its point."""

    def launch_once(
        name: str, workers: int = 1, folder: Path | None = None, window_seconds: float = 0, **point: Any
    ) -> Record:
        source = backend_class(name).sources[0]
        way = LoadingPoint(**{"backend": name, "source": source, "workers": workers, "chunk": 5} | point)
        spec = LoadSpec(
            study="t", seed=0, point=way, decode=DECODE, passes=2, window_seconds=window_seconds, lock="", remote=None
        )
        folder = folder or (packed.shards if way.source == "packed" else packed.folder)
        return measure(spec, 1, 1, folder, packed.images, packed.reference)

    return launch_once
