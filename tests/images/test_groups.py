import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.images.groups import group_images

BITS = 32
HASHES = [np.random.default_rng(seed).bytes(32).hex() for seed in range(5)]


@dataclass(frozen=True)
class Image:
    path: str
    sha256: str | None = None
    hash: str | None = None


def near(text: str, bits: int) -> str:
    """The hash with its last bits inverted."""
    return f"{int(text, 16) ^ ((1 << bits) - 1):064x}"


def groups(images: Sequence[Image], known: Mapping[str, str] | None = None, bits: int | None = BITS) -> dict[str, str]:
    """The group of each path."""
    found = group_images(
        [image.path for image in images],
        [image.sha256 for image in images],
        [image.hash for image in images],
        known,
        bits,
    )
    return {image.path: group for image, group in zip(images, found, strict=True)}


TABLES = st.lists(
    st.builds(
        lambda digest, place, bits, name: (digest, near(HASHES[place], bits) if place < 5 else None, name),
        st.sampled_from([None, *"abcdefgh"]),
        st.integers(0, 5),
        st.sampled_from([0, 20, 40, 60]),
        st.sampled_from([None, None, None, "patient1", "patient2"]),
    ),
    min_size=1,
    max_size=12,
)


def table(rows: list[tuple[str | None, str | None, str | None]]) -> tuple[list[Image], dict[str, str]]:
    """Images with a path each, and their known groups by path."""
    images = [Image(f"p{i:02d}", digest, text) for i, (digest, text, _) in enumerate(rows)]
    return images, {f"p{i:02d}": name for i, (_, _, name) in enumerate(rows) if name is not None}


def test_equal_bytes_make_a_group_named_for_them() -> None:
    found = groups([Image("a", "11"), Image("b", "22"), Image("c", "11")])
    assert found == {"a": "sha256:11", "b": "sha256:22", "c": "sha256:11"}


def test_near_duplicates_make_a_group_named_for_the_least_digest() -> None:
    images = [Image("a", "22", HASHES[0]), Image("b", "11", near(HASHES[0], BITS)), Image("c", "33", HASHES[1])]
    assert groups(images) == {"a": "sha256:11", "b": "sha256:11", "c": "sha256:33"}


def test_a_copy_of_a_copy_is_of_the_group() -> None:
    chain = [Image(f"{i}", f"{i}", near(HASHES[0], 20 * i)) for i in range(4)]
    assert set(groups(chain).values()) == {"sha256:0"}


def test_near_duplicates_are_not_looked_for_without_bits() -> None:
    images = [Image("a", "11", HASHES[0]), Image("b", "22", HASHES[0])]
    assert groups(images, bits=None) == {"a": "sha256:11", "b": "sha256:22"}


def test_known_groups_go_before_digests_and_take_near_duplicates_along() -> None:
    images = [Image("a", "11", HASHES[0]), Image("b", "22", HASHES[0]), Image("c", "33"), Image("d", "44")]
    found = groups(images, known={"a": "patient1", "c": "patient1", "elsewhere": "patient2"})
    assert found == {"a": "csv:patient1", "b": "csv:patient1", "c": "csv:patient1", "d": "sha256:44"}


def test_known_groups_that_share_a_picture_are_one_with_the_least_name() -> None:
    images = [Image("a", "11"), Image("b", "11"), Image("c", "22")]
    found = groups(images, known={"a": "patient2", "b": "patient1", "c": "patient2"})
    assert set(found.values()) == {"csv:patient1"}


def test_unreadable_files_are_groups_of_their_own_and_link_nothing() -> None:
    images = [Image("a"), Image("b"), Image("c", "11")]
    assert groups(images) == {"a": "path:a", "b": "path:b", "c": "sha256:11"}


def test_missing_values_of_a_table_are_as_none() -> None:
    missing = float("nan")
    found = group_images(["a", "b"], [missing, missing], [missing, missing], None, BITS)  # type: ignore[list-item]
    assert found == ["path:a", "path:b"]


def test_no_image_has_no_group() -> None:
    assert group_images([], [], [], None, BITS) == []


@settings(deadline=None, max_examples=100)
@given(TABLES, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(
    rows: list[tuple[str | None, str | None, str | None]], shuffle: random.Random
) -> None:
    images, known = table(rows)
    shuffled = shuffle.sample(images, len(images))
    assert groups(shuffled, known) == groups(images, known)


@settings(deadline=None, max_examples=100)
@given(TABLES)
def test_images_that_share_a_name_or_a_digest_share_the_group(
    rows: list[tuple[str | None, str | None, str | None]],
) -> None:
    images, known = table(rows)
    found = groups(images, known)
    for one in images:
        for other in images:
            same_name = one.path in known and known[one.path] == known.get(other.path)
            if same_name or (one.sha256 is not None and one.sha256 == other.sha256):
                assert found[one.path] == found[other.path]


@settings(deadline=None, max_examples=100)
@given(TABLES)
def test_adding_an_unrelated_image_renames_no_group(
    rows: list[tuple[str | None, str | None, str | None]],
) -> None:
    images, known = table(rows)
    more = [Image("new", "0000", np.random.default_rng(99).bytes(32).hex()), *images]
    assert groups(more, known) == groups(images, known) | {"new": "sha256:0000"}
