"""Each kind of file, in each way that its format offers: shown right or refused, and docs/formats.md says so."""

import io
import os
from functools import cache

import cv2
import format_grid
import jpeg_grid
import numpy as np
import pytest
import tiff_grid
from damaged_files import DAMAGES, EACH, damaged, damaged_strips, kinds
from formats_page import SECOND, Damage, Seen, close, page
from helping import ROOT
from PIL import Image, ImageOps
from refused_files import Refused, refused_files

from scripts.errors import ImageError
from scripts.images.decode import decode_bytes
from scripts.images.header import FORMATS, read_header

GRIDS = {
    "JPEG": jpeg_grid.jpegs,
    "PNG": format_grid.pngs,
    "WEBP": format_grid.webps,
    "AVIF": format_grid.avifs,
    "GIF": format_grid.gifs,
    "BMP": format_grid.bmps,
    "JPEG2000": format_grid.jpeg2000s,
    "TIFF": tiff_grid.tiffs,
}
PAGE = ROOT / "docs" / "formats.md"
REWRITE = "SCALECARD_WRITE_DOCS"  # set by `make docs`


def ours(data: bytes) -> np.ndarray | str:
    """The pixels, or why there are none."""
    try:
        return decode_bytes(data, read_header(data))
    except ImageError as error:
        return str(error)


def pillow(data: bytes) -> np.ndarray | str:
    """As Pillow shows it: colours as stored, the high byte of 16 bits."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            upright = ImageOps.exif_transpose(image)
            upright.info.pop("transparency", None)
            if upright.mode.startswith("I;16"):  # whose conversion to RGB clips
                return np.repeat((np.asarray(upright) >> 8).astype(np.uint8)[..., np.newaxis], 3, axis=2)
            return np.asarray(upright.convert("RGB"))
    except Exception as error:
        return str(error)


def opencv(data: bytes) -> np.ndarray | str:
    """As OpenCV shows it, when asked for RGB."""
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    return "nothing" if image is None else image


@cache
def seen(kind: str) -> list[Seen]:
    """What became of each file of a kind."""
    second = opencv if SECOND[kind] == "OpenCV" else pillow
    found = []
    for made in GRIDS[kind]():
        by_second = second(made.data)
        right = by_second if made.right is None else made.right
        found.append(Seen(made, close(ours(made.data), right), close(by_second, right)))
    return found


@cache
def wrong(kind: str) -> list[Damage]:
    """What each sort of damage does to the files of a kind."""
    wholes = [kinds()[kind](number) for number in range(EACH)]
    counts: list[list[int | None]] = []
    for decode in (ours, pillow, opencv):
        shown = [decode(whole) for whole in wholes]
        counts.append([])
        for damage in DAMAGES:
            hurt = [decode(damaged(whole, damage, number)) for number, whole in enumerate(wholes)]
            bad = [not isinstance(one, str) and not close(one, right) for one, right in zip(hurt, shown, strict=True)]
            counts[-1].append(None if isinstance(shown[0], str) else sum(bad))
    return [Damage(*found) for found in zip(*counts, strict=True)]


@cache
def strips() -> tuple[int, int]:
    """Of the TIFFs whose strips are damaged, how many are refused, and how many accepted with wrong pixels."""
    found = [(ours(hurt), pixels) for pixels, hurt in damaged_strips()]
    refused = [isinstance(one, str) for one, _ in found]
    return sum(refused), sum(not close(one, pixels) for one, pixels in found) - sum(refused)


@pytest.mark.parametrize("kind", GRIDS)
def test_every_file_of_the_grid_is_shown_as_it_was_written(kind: str) -> None:
    assert len(seen(kind)) > 10
    assert [one.made.axes for one in seen(kind) if not one.here] == []


@pytest.mark.parametrize("refused", list(refused_files()), ids=lambda refused: refused.name)
def test_what_is_not_decoded_is_refused_in_words(refused: Refused) -> None:
    assert refused.words in str(ours(refused.data))


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("kind", kinds())
def test_no_library_tells_of_more_damage(kind: str) -> None:
    for damage, found in zip(DAMAGES, wrong(kind), strict=True):
        assert all(found.here <= other for other in found[1:] if other is not None), damage


def test_damage_to_a_strip_of_lzw_or_deflate_is_found() -> None:
    assert strips() == (240, 0)


def test_the_formats_that_are_decoded_are_those_of_the_grid() -> None:
    assert set(FORMATS) - {"MPO"} == set(GRIDS)


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_the_page_of_formats_is_up_to_date() -> None:
    refused = [(one.name, str(ours(one.data))) for one in refused_files()]
    text = page({kind: seen(kind) for kind in GRIDS}, {kind: wrong(kind) for kind in kinds()}, EACH, strips(), refused)
    if REWRITE in os.environ:
        PAGE.write_text(text, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == text, "run `make docs`"
