"""What every way to load does alike (docs/loaders.md), and that all of a study's ways are here to be tried."""

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest
from helping import ROOT, write_jpeg
from loading_study import CONTAINED, DECODE, HERE, Packed

from scripts import registry
from scripts.config.loading import DEFAULT_BACKENDS
from scripts.loading.backend import RAW, Item, Loaded
from scripts.loading.measuring.passes import items_of
from scripts.loading.points import BACKENDS, backend_class
from scripts.loading.reading.load import LoadRaw, load_from

RAW_WAYS = [name for name in HERE if RAW in (kind := backend_class(name)).sources and not kind.ceiling]
ORDERED = [name for name in HERE if backend_class(name).shuffles or name in CONTAINED]  # by their library
# The one that is installed by hand: its pins contradict others'.
BY_HAND = {"mosaicml_streaming"}
GROUPS = ("dev", "loaders")


class LoadOnOneThread(LoadRaw):
    """Refuses to work where OpenCV has more threads than one."""

    def __call__(self, item: Item) -> Loaded:
        if cv2.getNumThreads() != 1:
            raise RuntimeError(f"OpenCV has {cv2.getNumThreads()} threads")
        return super().__call__(item)


class Passes(NamedTuple):
    """What two passes brought: where, in their order, and the pixels."""

    orders: list[list[int]]
    pixels: list[np.ndarray]


def passes(name: str, folder: Path, items: list[Item], between: object = None) -> Passes:
    """Two passes over raw files, a container or shards in `folder`, by two workers in chunks of 5; `between` them
    something is done.
    """
    kind = backend_class(name)
    load = LoadOnOneThread(folder, DECODE) if RAW in kind.sources else load_from(kind.sources[0], folder, DECODE)
    axes = {"start_method": "fork"} if kind.processes and kind.forks else {}
    loader = kind(load, workers=2 if kind.parallel else 1, chunk=5, **axes)
    out = np.zeros((len(items), 16, 16, 3), np.uint8)
    loader.prepare(items)
    loader.place(out)
    found = Passes([], [])
    with loader:
        for number in range(2):
            order = []
            for where, pixels in loader.load_all(items):
                if pixels is not None:
                    out[where] = pixels
                order += [where] if isinstance(where, int) else range(where.start, where.stop)
            found.orders.append(order)
            found.pixels.append(out.copy())
            if number == 0 and callable(between):
                between()
    return found


@pytest.mark.parametrize("name", RAW_WAYS)
def test_no_way_keeps_pixels_for_the_next_pass_or_loses_the_last_of_a_chunk(
    name: str, odd: Packed, tmp_path: Path
) -> None:
    items = items_of(odd.images, seed=0, block=1)

    def write(seed: int) -> np.ndarray:
        for item in items:
            write_jpeg(tmp_path / item.path, seed + item.position)
        load = LoadRaw(tmp_path, DECODE)
        return np.stack([load(item)[1] for item in items])

    expected = [write(0)]
    found = passes(name, tmp_path, items, lambda: expected.append(write(1000)))
    assert [sorted(order) for order in found.orders] == [list(range(31))] * 2
    for pixels, wanted in zip(found.pixels, expected, strict=True):
        np.testing.assert_array_equal(pixels, wanted)


@pytest.mark.parametrize("name", ORDERED)
def test_a_way_whose_library_shuffles_brings_each_pass_in_another_order(
    name: str, odd: Packed, stored: dict[str, Path]
) -> None:
    kind = backend_class(name)
    found = passes(name, stored[kind.sources[0]], items_of(odd.images, seed=0, block=1))
    first, second = found.orders
    assert sorted(first) == sorted(second) == list(range(31))
    assert (first != second) == kind.shuffles


def test_all_ways_are_installed_here_but_those_that_are_installed_by_hand() -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    pinned = {pin.partition("==")[0].partition("[")[0] for group in GROUPS for pin in groups[group]}
    needed = {name: package for name in registry.names(BACKENDS) if (package := backend_class(name).package)}
    assert {name for name, package in needed.items() if package not in pinned} == BY_HAND
    assert set(needed) - BY_HAND <= set(HERE)
    assert set(DEFAULT_BACKENDS) < set(HERE)


@pytest.mark.parametrize("name", [name for name in RAW_WAYS if backend_class(name).package])
def test_a_picture_that_cannot_be_read_ends_the_pass_and_is_named(name: str, odd: Packed) -> None:
    items = items_of(odd.images, seed=0, block=1)
    items[7] = replace(items[7], path="ash/gone.jpg")
    with pytest.raises(Exception, match=r"ash/gone\.jpg: cannot be read"):
        passes(name, odd.folder, items)
