"""A chain of steps, as it is drawn for the images of an epoch."""

import numpy as np
import pytest
import torch
from test_augment_steps import NAMES, images

from scripts.augment.chain import Augmentation
from scripts.augment.drawn import Drawn

SPLIT = 50  # images
ALL = [{name: {"size": 32}} if name == "random_resized_crop" else {name: {}} for name in NAMES]
PIXELS = images(SPLIT, 40)


def drawn(*listed: dict[str, dict[str, object]], seed: int = 1, epoch: int = 0) -> Drawn:
    return Drawn(Augmentation.of(listed), seed, epoch, SPLIT)


def seen(one: Drawn, ids: np.ndarray) -> torch.Tensor:
    """What the network sees of images."""
    return one.applied(PIXELS[np.concatenate((ids % SPLIT, one.partners(ids)))].clone(), ids)


@pytest.mark.parametrize("pieces", [2, 5, 40])
def test_any_batch_that_an_image_is_in_shows_the_same_pixels(pieces: int) -> None:
    one, ids = drawn(*ALL), np.random.default_rng(0).permutation(SPLIT)[:40]
    together = seen(one, ids)
    assert together.shape == (40, 32, 32, 3)
    assert torch.equal(torch.cat([seen(one, some) for some in np.array_split(ids, pieces)]), together)


@pytest.mark.parametrize("other", [{"seed": 2}, {"epoch": 1}])
def test_another_seed_or_epoch_shows_others(other: dict[str, int]) -> None:
    ids = np.arange(SPLIT)
    before, after = seen(drawn(*ALL), ids), seen(drawn(*ALL, **other), ids)
    assert not (before == after).flatten(1).all(dim=1).any()


def test_an_image_that_comes_a_second_time_in_an_epoch_looks_different() -> None:
    one = drawn({"random_resized_crop": {}})
    assert not torch.equal(seen(one, np.array([3])), seen(one, np.array([3 + SPLIT])))


def test_a_partner_looks_as_it_does_in_its_own_turn() -> None:
    ids = np.arange(20)
    jitter = {"colour_jitter": {}}
    mixed, alone = drawn(jitter, {"cutmix": {}}), drawn(jitter)
    partners = mixed.partners(ids)
    own, others, found = seen(alone, ids), seen(alone, partners), seen(mixed, ids)
    assert ((found == own) | (found == others)).all(dim=3).all()
    pasted = (found != own).any(dim=3)
    assert pasted.any()
    shares = mixed.own_shares(ids, 40)
    assert (pasted.float().mean((1, 2)).numpy() <= 1 - shares + 1e-6).all()


def test_partners_are_drawn_from_all_images() -> None:
    found = drawn({"mixup": {}}).partners(np.arange(2000))
    assert set(found) == set(range(SPLIT))
    assert not drawn({"horizontal_flip": {}}).partners(np.arange(5)).size


def test_images_that_are_mixed_twice_keep_the_product_of_both_shares() -> None:
    ids = np.arange(20)
    both, one = drawn({"mixup": {"alpha": 1}}, {"cutmix": {}}), drawn({"mixup": {"alpha": 1}})
    assert (both.own_shares(ids, 40) <= one.own_shares(ids, 40)).all()
    black, white = torch.zeros(20, 40, 40, 3, dtype=torch.uint8), torch.full((20, 40, 40, 3), 255, dtype=torch.uint8)
    found = both.applied(torch.cat((white, black)), ids).float().mean((1, 2, 3)).numpy() / 255
    assert found == pytest.approx(both.own_shares(ids, 40), abs=0.01)


def test_a_default_written_out_is_the_same_augmentation() -> None:
    assert Augmentation.of([{"mixup": {}}]).listed == Augmentation.of([{"mixup": {"alpha": 0.2}}]).listed
