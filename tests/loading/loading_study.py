"""A small packed study, and launches on it."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from helping import LIMITS, pack

from scripts import registry
from scripts.images.decode import Decoder, DecodeSpec
from scripts.images.shards import Split, read_split
from scripts.images.source import entries
from scripts.loading.backend import PACKED, Item
from scripts.loading.containers import pack_container
from scripts.loading.measuring.digest import digest
from scripts.loading.measuring.measure_loading import measure
from scripts.loading.measuring.memory import Foreseen
from scripts.loading.measuring.spec import LoadSpec
from scripts.loading.points import BACKENDS, LoadingPoint, backend_class, installed
from scripts.loading.reading.augmented import LoadAugmentation
from scripts.loading.reading.load import LoadRaw
from scripts.loading.stored import FORMATS
from scripts.record import Record

DECODE = DecodeSpec(size=16, steps=[{"resize": {}}])
CONTAINERS = [name for name in registry.names(FORMATS) if installed(registry.load(FORMATS, name, "Format"))]
CONTAINED = [
    name
    for name in registry.names(BACKENDS)
    if backend_class(name).sources[0] in CONTAINERS and installed(backend_class(name))
]
# tests/slurm has the way that needs a cluster, test_own.py what is the user's.
HERE = [
    name
    for name in registry.names(BACKENDS)
    if installed(kind := backend_class(name)) and kind.needs is kind.setting is None
]
Launch = Callable[..., Record]


class Packed(NamedTuple):
    """Pictures, all of them training images, and what has been made of them."""

    folder: Path  # raw
    shards: Path
    images: Split
    reference: dict[str, str]

    @property
    def split(self) -> Path:
        return self.shards / "split.parquet"

    def launch(
        self,
        name: str,
        workers: int = 1,
        folder: Path | None = None,
        window_seconds: float = 0,
        passes: int = 2,
        augment: LoadAugmentation | None = None,
        decoded: dict[str, Any] | None = None,
        foreseen: Foreseen | None = None,
        **point: Any,
    ) -> Record:
        """One launch of a backend by name: its record. Further settings are those of its point."""
        source = backend_class(name).sources[0]
        way = LoadingPoint(**{"backend": name, "source": source, "workers": workers, "chunk": 5} | point)
        spec = LoadSpec(
            study="t",
            seed=0,
            point=way,
            decode=DECODE,
            passes=passes,
            augment=augment,
            window_seconds=window_seconds,
            lock="",
            remote=None,
        )
        folder = folder or (self.shards if way.source == PACKED else self.folder)
        reference = self.digested(augment) if augment else self.reference
        return measure(spec, 1, 1, folder, self.images, reference, decoded=decoded, foreseen=foreseen)

    def digested(self, augment: LoadAugmentation) -> dict[str, str]:
        """What every way must bring of augmented images."""
        load = LoadRaw(self.folder, DECODE)
        load.augment = augment
        items = [Item(position, path, shard=0, row=0) for position, path in enumerate(self.images.paths)]
        pixels = [load(item)[1] for item in items]
        return {"digest": digest(self.images.paths, pixels, np.ones(len(items), np.int64))}


def packed_in(shards: Path, pictures: Path) -> Packed:
    """Pack `pictures` into one shard in `shards`."""
    pixels, table = pack(pictures, 0, entries(pictures), Decoder(DECODE), LIMITS)
    np.save(shards / "0000.npy", pixels)
    good = table[table["status"] == "ok"]
    good.assign(split="train", group="g").to_parquet(shards / "split.parquet")
    images = read_split(shards / "split.parquet", "train")
    pixels = pixels[images.rows]
    return Packed(pictures, shards, images, {"digest": digest(images.paths, pixels, np.ones(len(images), np.int64))})


def put_in_container(name: str, packed: Packed, folder: Path) -> Path:
    """Run the program that makes a library's container, which it lists in `folder`; returns the container."""
    flags = {"format": name, "raw": packed.folder, "shards": packed.shards, "split": packed.split}
    flags |= {"folder": folder / name, "listed": folder / f"{name}.csv"}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "argv", [name, *(f"--{flag}={value}" for flag, value in flags.items())])
        pack_container.main()
    return folder / name
