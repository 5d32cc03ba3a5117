"""Every way to load brings the same pixels as every other: of the demo's drawings, and of real photographs, X-rays and
tissue.
"""

import os
from pathlib import Path

import pytest
from loading_study import CONTAINED, CONTAINERS, HERE, Packed, packed_in, put_in_container

from scripts.images.draw_sample import write_class
from scripts.images.sample_classes import CLASSES
from scripts.loading.points import backend_class
from scripts.loading.reading.augmented import LoadAugmentation
from scripts.loading.transports.dataloader import DataLoaderBackend

REAL = ["chest_xray", "hymenoptera", "imagenet_sample", "lc25000_768"]


@pytest.fixture(scope="module", params=["demo", *(pytest.param(name, marks=pytest.mark.real_images) for name in REAL)])
def pictures_of(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Packed:
    """A set, packed, with its containers beside its shards."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "demo":
        pictures = folder / "raw"
        for tissue in CLASSES:
            write_class(pictures / tissue, tissue, count=6, size=768, seed=0)
    else:
        pictures = Path(os.environ["SCALECARD_REAL_IMAGES"]).resolve() / request.param
    (folder / "shards").mkdir()
    packed = packed_in(folder / "shards", pictures)
    for name in CONTAINERS:
        put_in_container(name, packed, folder)
    return packed


AUGMENT = LoadAugmentation(steps=[{"random_resized_crop": {"size": 12}}, {"stain_jitter": {}}], seed=3)


# Of one set: what is augmented has been decoded, whatever it was. Grain's processes, which it spawns, would import
# torch for this; its threads run the same code.
@pytest.mark.parametrize("pictures_of", ["demo"], indirect=True)
@pytest.mark.parametrize("name", [name for name in HERE if name != "grain_processes"])
def test_all_ways_to_load_agree_on_augmented_images(name: str, pictures_of: Packed) -> None:
    kind = backend_class(name)
    # Workers would have to import torch, which takes seconds each: one that has it forks them.
    axes = {"start_method": "fork"} if kind.processes and kind.forks else {}
    container = pictures_of.shards.parent / kind.sources[0] if name in CONTAINED else None
    record = pictures_of.launch(name, workers=2 if kind.parallel else 1, folder=container, augment=AUGMENT, **axes)
    assert record.validity.ok, record.validity.faults
    assert record.key["augmentation"] == AUGMENT.steps
    assert record.key["images"] != pictures_of.reference["digest"]


@pytest.mark.parametrize("name", HERE)
def test_all_ways_to_load_agree(name: str, pictures_of: Packed) -> None:
    kind = backend_class(name)
    # Where workers would have to import torch; others are not forked from a process that has run so much.
    axes = {"start_method": "fork"} if issubclass(kind, DataLoaderBackend) else {}
    container = pictures_of.shards.parent / kind.sources[0] if name in CONTAINED else None
    # A pass that is not timed, and one that is; test_backends.py has more.
    record = pictures_of.launch(name, workers=2 if kind.parallel else 1, folder=container, passes=1, **axes)
    assert record.validity.ok, record.validity.faults
    assert record.loaded.passes == 1
    assert record.images == len(pictures_of.images) >= 30
