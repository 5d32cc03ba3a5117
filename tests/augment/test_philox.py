"""Random numbers that are a function of a key and a counter."""

import numpy as np
import pytest

from scripts.augment.philox import philox, uniform


@pytest.mark.parametrize(  # the known answers that its authors publish with it (Random123, kat_vectors)
    ("key", "counter", "words"),
    [
        ((0, 0), (0, 0, 0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((2**32 - 1,) * 2, (2**32 - 1,) * 4, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0xA4093822, 0x299F31D0),
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_the_words_are_the_published_ones(
    key: tuple[int, int], counter: tuple[int, ...], words: tuple[int, ...]
) -> None:
    assert philox(key, np.array([counter], np.uint64))[0].tolist() == list(words)


def test_an_image_has_its_numbers_whoever_asks_with_it() -> None:
    ids = np.array([5, 0, 123_456_789, 7])
    together = uniform(2**63 - 1, 3, 2, ids, 6)
    assert together.shape == (4, 6)
    for place, one in enumerate(ids):
        assert uniform(2**63 - 1, 3, 2, np.array([one]), 6)[0].tolist() == together[place].tolist()
    assert uniform(2**63 - 1, 3, 2, ids, 2).tolist() == together[:, :2].tolist()


def test_seed_epoch_step_and_image_each_give_other_numbers() -> None:
    ids = np.arange(50)
    found = [uniform(seed, epoch, step, ids, 5) for seed in (1, 2, 2**40) for epoch in (0, 1) for step in (0, 1)]
    assert len(np.unique(found)) == 3 * 2 * 2 * 50 * 5


def test_the_numbers_are_even_and_below_one() -> None:
    found = uniform(0, 0, 0, np.arange(20_000), 4)
    assert found.min() >= 0
    assert found.max() < 1
    counts = np.histogram(found, bins=16, range=(0, 1))[0]
    assert counts == pytest.approx(np.full(16, 5000), rel=0.07)  # five standard deviations
    assert np.corrcoef(found.T)[~np.eye(4, dtype=bool)] == pytest.approx(np.zeros(12), abs=0.04)
