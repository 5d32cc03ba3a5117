"""TIFFs as laboratories write them: depth, tiles, orientation, compression; and strips that are not whole."""

import io

import numpy as np
import pytest
import tifffile
from format_grid import DEEP, HEIGHT, WIDTH, at_depth, rgb, turned
from write_tiff import BLACK_IS_ZERO, CMYK, RGB, Layout, write_tiff

from scripts.errors import ImageError
from scripts.images.decode import decode_bytes
from scripts.images.header import read_header

EIGHT = at_depth(DEEP[..., :3], 8).astype(np.uint8)


def shown(data: bytes) -> np.ndarray:
    return decode_bytes(data, read_header(data))


def written(pixels: np.ndarray, **options: object) -> bytes:
    """What tifffile writes."""
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, **options)
    return file.getvalue()


@pytest.mark.parametrize("tile", [None, 32, 64, 256])
def test_deep_gray_in_tiles_that_the_edge_cuts_is_right(tile: int | None) -> None:
    y, x = np.mgrid[:224, :224]
    deep = (x * 290 + y).astype(np.uint16)
    data = written(deep, photometric="minisblack", tile=(tile, tile) if tile else None)
    assert (shown(data) == (deep >> 8)[..., np.newaxis]).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_in_tiles_is_turned_as_a_whole(orientation: int) -> None:
    data = write_tiff(EIGHT, 8, RGB, Layout(tile=16), t274=("H", [orientation]))
    assert (shown(data) == turned(EIGHT, orientation)).all()


@pytest.mark.parametrize("channels", [1, 3])
def test_deep_samples_keep_their_high_byte_in_gray_and_in_rgb(channels: int) -> None:
    samples = np.full((16, 16, channels), 0x00FF, np.uint16)
    samples[8:] = 0xFF00
    data = write_tiff(samples, 16, RGB if channels == 3 else BLACK_IS_ZERO)
    assert np.unique(shown(data)).tolist() == [0, 0xFF]


@pytest.mark.parametrize("bits", [4, 12])
@pytest.mark.parametrize("channels", [1, 3])
def test_samples_of_4_and_of_12_bits_are_right(bits: int, channels: int) -> None:
    samples = at_depth(DEEP[..., :channels], bits)
    data = write_tiff(samples, bits, RGB if channels == 3 else BLACK_IS_ZERO)
    assert (shown(data) == rgb(samples, bits)).all()


def test_deep_cmyk_is_right() -> None:
    ink = np.zeros((HEIGHT, WIDTH, 4), np.uint16)
    ink[..., 0] = 65535  # cyan alone
    assert (shown(write_tiff(ink, 16, CMYK)) == [0, 255, 255]).all()


@pytest.mark.parametrize("compression", ["zstd", "lzma"])
@pytest.mark.parametrize("tile", [16, 48])
def test_modern_compression_and_small_tiles_are_right(compression: str, tile: int) -> None:
    data = write_tiff(EIGHT, 8, RGB, Layout(compression, predictor=True, tile=tile))
    assert (shown(data) == EIGHT).all()


def test_of_five_samples_the_colours_are_shown() -> None:
    data = write_tiff(at_depth(DEEP[..., [0, 1, 2, 3, 0]], 8), 8, RGB, t338=("H", [0, 0]))
    assert (shown(data) == EIGHT).all()


@pytest.mark.parametrize("kind", [1, 2])
def test_colours_under_alpha_are_as_stored(kind: int) -> None:
    data = write_tiff(at_depth(DEEP, 8), 8, RGB, t338=("H", [kind]))
    assert (shown(data) == EIGHT).all()


@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("share", [0.4, 0.9])
def test_a_cut_tiff_is_refused(planar: bool, share: float) -> None:
    data = written(
        np.moveaxis(EIGHT, 2, 0) if planar else EIGHT,
        photometric="rgb",
        planarconfig="separate" if planar else "contig",
    )
    with pytest.raises(ImageError, match=r"strip or tile \d is missing or cut off"):
        shown(data[: int(len(data) * share)])


def test_a_strip_that_holds_more_than_its_pixels_is_damaged() -> None:
    data = write_tiff(EIGHT, 8, RGB, Layout("lzw", rows=HEIGHT))
    taller = data.replace(HEIGHT.to_bytes(4, "little"), (HEIGHT - 1).to_bytes(4, "little"))
    with pytest.raises(ImageError, match=r"truncated or damaged: a strip or tile of \d+ bytes, expected \d+"):
        shown(taller)
