from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from scripts.images.perceptual_hash import distances, hash_words, near_duplicates, perceptual_hash, symmetries

BITS = 32
HASHES = st.binary(min_size=32, max_size=32).map(bytes.hex)


def picture(seed: int, height: int = 128, width: int = 128) -> np.ndarray:
    """A smooth picture with structure at all the frequencies that are hashed."""
    coarse = np.random.default_rng(seed).integers(0, 256, (24, 24, 3), np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


def turned(pixels: np.ndarray) -> Iterator[np.ndarray]:
    """The 8 symmetries of a picture, in the order of `symmetries`."""
    for way in (pixels, pixels.transpose(1, 0, 2)):
        yield from (way, way[:, ::-1], way[::-1], way[::-1, ::-1])


def saved(pixels: np.ndarray, quality: int) -> np.ndarray:
    """The picture after a JPEG of this quality."""
    _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(data, cv2.IMREAD_COLOR)


def hashed(*pixels: np.ndarray) -> np.ndarray:
    """The words of pictures, (n, 4), each of which has a hash."""
    return hash_words([text for text in map(perceptual_hash, pixels) if text is not None])


def changed(text: str, bits: int, rng: np.random.Generator) -> str:
    """The hash with so many of its bits inverted."""
    flags = np.unpackbits(np.frombuffer(bytes.fromhex(text), np.uint8))
    flags[rng.choice(256, bits, replace=False)] ^= 1
    return np.packbits(flags).tobytes().hex()


def unrelated(count: int, rng: np.random.Generator) -> list[str]:
    """Hashes of chance, about 128 bits apart."""
    return [rng.bytes(32).hex() for _ in range(count)]


def components(pairs: np.ndarray, count: int) -> set[frozenset[int]]:
    """What the pairs link."""
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    labels = connected_components(graph, directed=False)[1]
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in set(labels)}


@pytest.mark.parametrize("size", [28, 64, 100, 128])
def test_the_bits_alone_give_the_hash_of_each_turned_and_flipped_picture(size: int) -> None:
    pixels = picture(1, size, size)
    from_bits = symmetries(hashed(pixels))[0]
    differing = np.bitwise_count(from_bits ^ hashed(*turned(pixels))).sum(axis=1)
    assert differing.max() <= 2  # coefficients near zero


def test_no_two_symmetries_of_a_picture_have_near_hashes() -> None:
    variants = symmetries(hashed(picture(2)))[0]
    differing = np.bitwise_count(variants[:, None] ^ variants[None]).sum(axis=2)
    assert differing[~np.eye(8, dtype=bool)].min() > 2 * BITS


@pytest.mark.parametrize("quality", [60, 75, 95])
def test_a_copy_saved_again_at_half_its_size_and_turned_keeps_its_hash_nearly(quality: int) -> None:
    original = picture(3, 300, 400)
    half = cv2.resize(original, (200, 150), interpolation=cv2.INTER_AREA)
    copies = [cv2.resize(saved(np.ascontiguousarray(way), quality), (96, 96)) for way in turned(half)]
    one = hashed(cv2.resize(original, (96, 96)))
    assert distances(np.repeat(one, 8, axis=0), hashed(*copies)).max() <= BITS // 2


def test_other_pictures_have_far_hashes() -> None:
    words = hashed(*(picture(seed) for seed in range(40)))
    i, j = np.triu_indices(len(words), 1)
    assert distances(words[i], words[j]).min() > 2 * BITS


def test_a_hash_is_64_hex_digits_whatever_the_size_of_the_picture() -> None:
    for height, width in ((32, 32), (64, 64), (90, 300)):
        text = perceptual_hash(picture(4, height, width))
        assert text is not None
        assert len(bytes.fromhex(text)) == 32


def test_a_picture_without_detail_has_no_hash() -> None:
    rows, columns = np.mgrid[:256, :256]
    gray_levels = {
        "blank": np.full((256, 256), 240),
        "gradient": columns // 2,
        "edge": np.where(columns > 100, 255, 0),
        "vignette": 250 - ((rows - 128) ** 2 + (columns - 128) ** 2) // 400,
        "noise of a camera": np.random.default_rng(0).normal(240, 3, (256, 256)).clip(0, 255),
    }
    for name, gray in gray_levels.items():
        pixels = np.repeat(gray[..., None], 3, axis=2).astype(np.uint8)
        assert perceptual_hash(saved(pixels, 75)) is None, name


def test_a_pale_picture_has_nearly_the_hash_of_the_full_one() -> None:
    full = picture(5)
    pale = (120 + full / 16).astype(np.uint8)
    assert distances(hashed(full), hashed(pale))[0] <= BITS


@settings(deadline=None, max_examples=50)
@given(st.lists(HASHES, min_size=1, max_size=5))
def test_turning_a_turned_picture_gives_the_same_eight_hashes(hashes: list[str]) -> None:
    once = symmetries(hash_words(hashes))
    for way in range(8):
        again = symmetries(np.ascontiguousarray(once[:, way]))
        assert (np.sort(again.view("V32"), axis=1) == np.sort(once.view("V32"), axis=1)).all()


@settings(deadline=None, max_examples=50)
@given(HASHES, HASHES)
def test_a_distance_is_that_of_the_nearest_of_the_eight(one: str, other: str) -> None:
    a, b = hash_words([one]), hash_words([other])
    nearest = np.bitwise_count(a[:, None] ^ symmetries(b)).sum(axis=2).min()
    assert distances(a, b).tolist() == distances(b, a).tolist() == [nearest]


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_near_duplicates_link_what_comparing_each_with_each_links(data: st.DataObject) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    seeds = unrelated(3, rng)
    copies = data.draw(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 40)), min_size=1, max_size=20))
    hashes = [changed(seeds[seed], bits, rng) for seed, bits in copies]
    words = hash_words(hashes)
    i, j = np.triu_indices(len(words), 1)
    near = distances(words[i], words[j]) <= BITS
    expected = components(np.column_stack((i[near], j[near])), len(hashes))

    pairs = near_duplicates(hashes, BITS)

    assert components(pairs, len(hashes)) == expected
    assert len(pairs) == len(hashes) - len(expected)
    assert (pairs[:, 0] < pairs[:, 1]).all()
    assert (distances(words[pairs[:, 0]], words[pairs[:, 1]]) <= BITS).all()


def test_copies_are_found_among_thousands_up_to_the_last_bit_and_not_beyond() -> None:
    rng = np.random.default_rng(0)
    hashes = unrelated(4500, rng)
    expected = []
    for i, j in rng.choice(4500, (60, 2), replace=False).tolist():
        way = symmetries(hash_words([changed(hashes[i], BITS + len(expected) % 2, rng)]))[0, rng.integers(8)]
        hashes[j] = way.astype(">u8").tobytes().hex()
        expected.append((min(i, j), max(i, j)))
    assert near_duplicates(hashes, BITS).tolist() == sorted(map(list, expected[::2]))


def test_pictures_that_are_equal_when_turned_are_linked_at_zero_bits() -> None:
    ways = symmetries(hash_words(unrelated(1, np.random.default_rng(1))))[0]
    hashes = [way.astype(">u8").tobytes().hex() for way in ways]
    assert near_duplicates(hashes, 0).tolist() == [[0, way] for way in range(1, 8)]


@pytest.mark.parametrize("bits_changed", [0, 8])
def test_thousands_of_copies_of_one_picture_make_one_pair_each(bits_changed: int) -> None:
    rng = np.random.default_rng(2)
    (seed,) = unrelated(1, rng)
    pairs = near_duplicates([changed(seed, bits_changed, rng) for _ in range(3000)], BITS)
    assert len(pairs) == 2999
    assert len(components(pairs, 3000)) == 1


def test_no_hash_or_one_makes_no_pair() -> None:
    assert near_duplicates([], BITS).shape == (0, 2)
    assert near_duplicates(unrelated(1, np.random.default_rng(3)), BITS).shape == (0, 2)


def photographs(folder: Path, count: int) -> list[np.ndarray]:
    """Some of a folder's pictures in their own size."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in {".jpg", ".jpeg"})
    return [cv2.imread(str(path)) for path in paths[:count]]


@pytest.mark.real_images
@pytest.mark.parametrize("name", ["imagenet_sample", "hymenoptera", "chest_xray", "lc25000_768", "wbc_320"])
def test_copies_of_real_pictures_are_found(real_images: Path, name: str) -> None:
    for original in photographs(real_images / name, 12):
        height, width = original.shape[:2]
        half = cv2.resize(original, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        copies = [original, saved(original, 60), saved(half, 75), saved(np.rot90(half)[::-1].copy(), 60)]
        words = hashed(*(cv2.resize(copy, (64, 64), interpolation=cv2.INTER_AREA) for copy in copies))
        assert distances(words[[0, 0, 0]], words[1:]).max() <= BITS


@pytest.mark.real_images
def test_different_photographs_are_no_near_duplicates(real_images: Path) -> None:
    pixels = [
        cv2.resize(photograph, (64, 64), interpolation=cv2.INTER_AREA)
        for name in ("imagenet_sample", "hymenoptera")
        for photograph in photographs(real_images / name, 100)
    ]
    hashes = [text for text in map(perceptual_hash, pixels) if text is not None]
    assert len(hashes) == 200
    assert near_duplicates(hashes, BITS).tolist() == []
