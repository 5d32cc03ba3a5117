"""What training steps are given, wherever it is augmented and however it is shared."""

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

from scripts.augment.chain import Augmentation
from scripts.images.shards import Shards, read_split
from scripts.training.loop.batches import Batches, epoch_order, training_order
from scripts.training.loop.examples import Examples
from scripts.training.loop.feed import Feed

STEPS = [{"random_resized_crop": {"size": 24}}, {"colour_jitter": {}}, {"mixup": {"alpha": 1}}, {"quarter_turns": {}}]
GLOBAL_BATCH = 8
CPU = torch.device("cpu")
Step = tuple[torch.Tensor, torch.Tensor]  # images and labels of a global batch


def examples(study: Path, on_ranks: bool, steps: list[dict[str, dict[str, object]]] = STEPS) -> Examples:
    """Of the packed study's 28 training images of 32 px, not normalised."""
    images, augmentation = read_split(study / "split.parquet", "train"), Augmentation.of(steps)
    packed = Shards(study).images(images.shards, images.rows)
    none, one = torch.zeros(1, 3, 1, 1), torch.ones(1, 3, 1, 1)
    data = Batches(packed, images, augmentation.edge(32), 32, none, one, CPU, torch.contiguous_format)
    return Examples(data, augmentation, seed=5, on_ranks=on_ranks)


def epoch_of(given: Examples, ranks: int, loaders: int = 0, epoch: int = 1, first: int = 0) -> list[Step]:
    """The global batches of an epoch from a step on, put together from those of all ranks."""
    order = epoch_order(given.data.images.labels, "shuffled", 5, epoch)
    of_ranks = []
    for rank in range(ranks):
        feed = Feed(given, takes_images=True, workers=loaders, cores=None)
        shares = islice(training_order(order, GLOBAL_BATCH, rank, ranks), first, None)
        of_ranks.append([given.ready(epoch, *one) for one in feed.batches(epoch, shares)])
    whole = []
    for step in zip(*of_ranks, strict=True):
        images, labels = zip(*step, strict=True)
        whole.append((torch.cat(images), torch.cat(labels)))
    return whole


@pytest.fixture(scope="module")
def alone(study: Path) -> list[Step]:
    """As one rank makes them."""
    return epoch_of(examples(study, on_ranks=True), ranks=1)


def test_an_augmented_batch_is_of_the_size_that_the_steps_make(alone: list[Step]) -> None:
    assert [images.shape for images, _ in alone] == [(8, 3, 24, 24)] * 3
    assert all(labels.sum(dim=1).allclose(torch.ones(8)) for _, labels in alone)
    assert any(0.1 < labels.max(dim=1).values.min() < 0.9 for _, labels in alone)


@pytest.mark.parametrize("on_ranks", [True, False], ids=["ranks", "loader"])
@pytest.mark.parametrize(("ranks", "loaders"), [(1, 0), (2, 0), (4, 0), (1, 2), (2, 1)])
def test_every_number_of_workers_and_either_place_give_the_same_pixels_and_labels(
    on_ranks: bool, ranks: int, loaders: int, study: Path, alone: list[Step]
) -> None:
    found = epoch_of(examples(study, on_ranks), ranks, loaders)
    assert len(found) == 3
    for (images, labels), (expected, wanted) in zip(found, alone, strict=True):
        assert torch.equal(images, expected)
        assert torch.equal(labels, wanted)


@pytest.mark.parametrize("loaders", [0, 2])
def test_a_training_that_goes_on_sees_what_it_would_have_seen(loaders: int, study: Path, alone: list[Step]) -> None:
    found = epoch_of(examples(study, on_ranks=False), ranks=2, loaders=loaders, first=2)
    assert torch.equal(found[0][0], alone[2][0])
    assert not torch.equal(epoch_of(examples(study, on_ranks=True), ranks=1, epoch=2)[2][0], alone[2][0])


def test_labels_need_no_pixels(study: Path, alone: list[Step]) -> None:
    given = examples(study, on_ranks=True)
    order = epoch_order(given.data.images.labels, "shuffled", 5, 1)[:GLOBAL_BATCH]
    images, labels = given.ready(1, order, None)
    assert images.shape == (0, 3, 24, 24)
    assert torch.equal(labels, alone[0][1])


def test_the_phases_say_where_it_is_augmented(study: Path) -> None:
    for on_ranks, expected in ((True, ["to_device", "augment", "to_device"]), (False, ["to_device"])):
        given, told = examples(study, on_ranks), list[str]()
        given.ready(0, np.arange(4), given.read(0, np.arange(4)), told.append)
        assert told == expected


def test_evaluation_sees_the_centres_as_they_are(study: Path) -> None:
    data = examples(study, on_ranks=True).data
    images, labels = data.batch(np.array([3, 0]))
    expected = data.pixels(np.array([3, 0]))[:, 4:28, 4:28].permute(0, 3, 1, 2)
    assert torch.equal(images, expected.float())
    assert labels.tolist() == data.images.labels[[3, 0]].tolist()
