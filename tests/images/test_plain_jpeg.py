"""The header of an ordinary JPEG is read as Pillow reads it, or left to Pillow."""

import io
import random

import pytest
from damaged_files import picture
from hypothesis import given, settings
from hypothesis import strategies as st
from jpeg_grid import MARKERS, jpegs
from PIL import Image

from scripts.images import header
from scripts.images.decoders import plain_jpeg
from scripts.images.picture import Header

GRID = [made.data for made in jpegs()]


def by_pillow(data: bytes) -> Header | str:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(plain_jpeg, "read_header", lambda _: None)
        try:
            return header.read_header(data)
        except Exception as error:
            return str(error)


def assert_as_pillow(data: bytes) -> bool:
    """Whether it was read at all."""
    found = plain_jpeg.read_header(data)
    assert found is None or found._replace(plain=False) == by_pillow(data)
    return found is not None


def test_each_jpeg_of_the_grid_is_read_as_pillow_reads_it_or_left_to_it() -> None:
    read = [assert_as_pillow(data) for data in GRID]
    assert True in read
    assert False in read


@pytest.mark.parametrize(("mode", "read"), [("L", True), ("RGB", True), ("CMYK", False)])
def test_gray_and_colours_are_read_here_and_four_inks_are_not(mode: str, read: bool) -> None:
    file = io.BytesIO()
    Image.fromarray(picture(1)).convert(mode).save(file, "JPEG")
    assert assert_as_pillow(file.getvalue()) == read


def test_four_inks_that_no_segment_tells_of_are_left_to_pillow() -> None:
    file = io.BytesIO()
    Image.fromarray(picture(1)).convert("CMYK").save(file, "JPEG")
    data = file.getvalue()
    at = data.index(b"\xff\xee")
    assert not assert_as_pillow(data[:at] + data[at + 16 :])


@pytest.mark.parametrize("extra", [{"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0"}, {"icc_profile": b"p" * 200}])
def test_what_says_more_than_its_size_is_left_to_pillow(extra: dict[str, bytes]) -> None:
    file = io.BytesIO()
    Image.fromarray(picture(1)).save(file, "JPEG", **extra)
    assert not assert_as_pillow(file.getvalue())


@pytest.mark.parametrize("marker", ["DQT", "DHT", "SOF", "SOS"])
def test_a_segment_that_is_cut_or_has_no_length_is_left_to_pillow(marker: str) -> None:
    data = GRID[0]
    at = data.index(MARKERS[marker])
    assert not assert_as_pillow(data[: at + 8])
    for length in (b"\0\0", b"\0\1", b"\xff\xff"):
        assert not assert_as_pillow(data[: at + 2] + length + data[at + 4 :])


@settings(max_examples=400, deadline=None)
@given(seed=st.integers(0, 2**32), which=st.integers(0, len(GRID) - 1))
def test_a_garbled_or_cut_header_is_read_as_pillow_reads_it_or_left_to_it(seed: int, which: int) -> None:
    chance, data = random.Random(seed), bytearray(GRID[which])
    for _ in range(chance.randint(0, 3)):
        data[chance.randrange(2, min(len(data), 700))] = chance.choice(
            [0, 1, 8, 0xC0, 0xC2, 0xDA, 0xFF, chance.randrange(256)]
        )
    assert_as_pillow(bytes(data[: chance.choice([len(data), chance.randrange(4, 700)])]))
