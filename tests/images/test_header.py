import io
import os
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from write_picture import chunk, write_png

from scripts.errors import ImageError
from scripts.images.header import Limits, check, read_bytes, read_header
from scripts.images.picture import Header

LIMITS = Limits(max_bytes=1000, max_pixels=10_000, min_edge=8, frames="reject")


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF", "AVIF", "JPEG2000"])
def test_content_says_what_a_file_is(kind: str) -> None:
    header = read_header(encoded(Image.new("RGB", (40, 30)), kind))
    assert (header.kind, header.width, header.height, header.frames) == (kind, 40, 30, 1)


@pytest.mark.parametrize(
    ("mode", "kind", "alpha"),
    [("L", "JPEG", False), ("CMYK", "JPEG", False), ("RGBA", "PNG", True), ("P", "PNG", False)],
)
def test_the_header_tells_modes_and_transparency(mode: str, kind: str, alpha: bool) -> None:
    header = read_header(encoded(Image.new(mode, (40, 30)), kind))
    assert (header.mode, header.alpha) == (mode, alpha)


def test_the_header_tells_the_orientation_and_damaged_exif_tells_none() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = encoded(Image.new("RGB", (40, 30)), "JPEG", exif=exif)
    assert read_header(turned).orientation == 6
    assert read_header(turned.replace(b"Exif\0\0", b"Exif\0\0junk", 1)).orientation == 1


@pytest.mark.parametrize("where", ["before", "behind"])
def test_the_orientation_of_a_png_is_found_before_its_pixels_and_behind_them(where: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = np.zeros((30, 40, 3), np.uint8)
    data = write_png(pixels, 8, 2, **{where: chunk(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0"))})
    assert read_header(data).orientation == 6


def test_a_chunk_of_a_png_that_claims_gigabytes_is_refused_before_they_are_taken() -> None:
    data = write_png(np.zeros((30, 40, 3), np.uint8), 8, 2)
    at = data.index(b"IDAT") - 4
    hurt = data[:at] + b"\x7f\xff\xff\xff" + data[at + 4 :]
    with pytest.raises(ImageError, match="its chunk b'IDAT' ends beyond the end of the file"):
        read_header(hurt)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<!DOCTYPE html>", "not a picture of a known format: begins with b'<!DOCTYPE html>'"),
        (b"\x89PNG\r\n\x1a\nrubbish", "begins as PNG, but its header is damaged"),
        (b"GIF89a\0\0\x20\0\xf1\3\0", "begins as GIF, but its header is damaged"),
        (encoded(Image.new("RGB", (16, 16)), "ICO"), "ICO RGB(A)? 16x16: a format that is not decoded"),
    ],
)
def test_what_is_no_picture_is_refused_with_what_it_is(content: bytes, reason: str) -> None:
    with pytest.raises(ImageError, match=reason):
        read_header(content)


def claiming(width: int, height: int) -> bytes:
    """A PNG whose header claims a size and which holds nothing."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"")


def test_a_bomb_is_refused_from_its_header() -> None:
    with pytest.raises(ImageError, match="decompression bomb: its header claims 3600000000 pixels"):
        read_header(claiming(60_000, 60_000))


def png(width: int, height: int) -> Header:
    return read_header(encoded(Image.new("L", (width, height)), "PNG"))


def test_limits_of_size_are_named() -> None:
    check(png(100, 100), LIMITS)
    with pytest.raises(ImageError, match=r"10100 pixels, more than images\.limits\.max_pixels 10000"):
        check(png(101, 100), LIMITS)
    with pytest.raises(ImageError, match=r"an edge shorter than images\.limits\.min_edge 8"):
        check(png(7, 100), LIMITS)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_an_animation_is_refused_or_its_first_picture_taken(kind: str) -> None:
    frames = [Image.fromarray(np.full((20, 20, 3), level, np.uint8)) for level in (0, 128, 255)]
    header = read_header(encoded(frames[0], kind, save_all=True, append_images=frames[1:]))
    with pytest.raises(ImageError, match="3 frames or pages; expected one picture"):
        check(header, LIMITS)
    check(header, LIMITS.model_copy(update={"frames": "first"}))


def test_only_regular_files_of_some_bytes_are_read(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"x" * 1001)
    (tmp_path / "empty").touch()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "fits").write_bytes(b"x" * 1000)
    reasons = {
        "large": r"1001 bytes, more than images\.limits\.max_bytes 1000",
        "empty": "empty file",
        "pipe": "not a regular file",
        "absent": "cannot be read: No such file",
        ".": "not a regular file|Is a directory",
    }
    for name, reason in reasons.items():
        with pytest.raises(ImageError, match=reason):
            read_bytes(tmp_path / name, LIMITS.max_bytes)
    assert len(read_bytes(tmp_path / "fits", LIMITS.max_bytes)) == 1000
