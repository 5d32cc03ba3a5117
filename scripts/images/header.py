"""What a file is, from its content alone: the quality gate that stands before every decode.

Pillow reads the header; nothing is decoded, so a decompression bomb costs nothing. The name of a file is never looked
at. What the header cannot tell (truncation, damage) the decoder finds (scripts/images/decode.py).
"""

import io
import os
import re
import stat
import warnings
from pathlib import Path
from typing import Literal, NamedTuple

from PIL import ExifTags, Image, UnidentifiedImageError

from scripts.errors import ImageError
from scripts.spec import Spec

# What is wrong with a file stands in its row.
warnings.filterwarnings("ignore", module="PIL")

# Pillow's names of the formats that OpenCV decodes too.
FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "MPO", "PNG", "TIFF", "WEBP")
_METADATA = {"exif", "xmp", "XML:com.adobe.xmp", "Raw profile type exif"}  # where Pillow finds an orientation
# An MPO is a camera's JPEG whose further pictures are previews or a second eye's view: the first is the picture.
ONE_PICTURE = ("JPEG", "MPO")


class Limits(Spec):
    """What a file may be to count as a picture of the study: `images.limits`."""

    max_bytes: int
    max_pixels: int
    min_edge: int  # pixels
    frames: Literal["reject", "first"]  # what happens to an animation, or to a file of several pages


class Header(NamedTuple):
    """What the content of a file says that it is."""

    kind: str  # Pillow's name of the format
    mode: str  # Pillow's mode: L, RGB, CMYK, P, I;16 ...
    width: int  # pixels, before `orientation` is applied
    height: int
    frames: int
    orientation: int  # of EXIF, still to be applied, 1 to 8; 1 is upright
    alpha: bool  # whether pixels can be transparent

    def __str__(self) -> str:
        return f"{self.kind} {self.mode} {self.width}x{self.height}"


def read_bytes(path: Path, max_bytes: int | None = None) -> bytes:
    """The bytes of a file.

    Raises:
        ImageError: it is no regular file, cannot be read, is empty, or is larger than `max_bytes`.
    """
    try:
        # Not blocking, so that a pipe without a writer is refused and not waited for.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            there = os.fstat(file.fileno())
            if not stat.S_ISREG(there.st_mode):
                raise ImageError("not a regular file")
            if max_bytes is not None and there.st_size > max_bytes:
                raise ImageError(f"{there.st_size} bytes, more than images.limits.max_bytes {max_bytes}")
            data = file.read()
    except OSError as error:
        raise ImageError(f"cannot be read: {error.strerror}") from None
    if not data:
        raise ImageError("empty file")
    return data


def read_header(data: bytes) -> Header:
    """The header of a picture.

    Raises:
        ImageError: the content is of no picture format, of one that OpenCV does not decode, or its header is damaged.
    """
    try:
        with Image.open(io.BytesIO(data)) as image:
            header = Header(
                kind=image.format or "unknown",
                mode=image.mode,
                width=image.width,
                height=image.height,
                frames=1 if image.format in ONE_PICTURE else getattr(image, "n_frames", 1),
                # A TIFF's is a part of the format: Pillow's size and OpenCV's pixels are upright already.
                orientation=1 if image.format == "TIFF" else _orientation(image),
                alpha="A" in image.mode or "transparency" in image.info,
            )
    except UnidentifiedImageError:
        raise ImageError(_unknown(data)) from None
    except Image.DecompressionBombError as error:
        pixels = re.search(r"\d+", str(error))
        raise ImageError(f"decompression bomb: its header claims {pixels and pixels[0]} pixels") from None
    except Exception as error:  # Pillow's parsers raise anything on damaged headers
        raise ImageError(f"damaged header: {error} ({type(error).__name__})") from None
    if header.mode in {"F", "HSV", "I", "LAB"}:
        raise ImageError(f"{header}: pixels of a kind that OpenCV shows wrong; expected gray, palette, RGB or CMYK")
    if header.kind not in FORMATS:
        raise ImageError(f"{header}: a format that OpenCV does not decode; expected one of {', '.join(FORMATS)}")
    return header


def check(header: Header, limits: Limits) -> None:
    """Raises ImageError where a file is too large, too small or more than one picture."""
    if header.width * header.height > limits.max_pixels:
        raise ImageError(
            f"{header}: {header.width * header.height} pixels, more than images.limits.max_pixels {limits.max_pixels}"
        )
    if min(header.width, header.height) < limits.min_edge:
        raise ImageError(f"{header}: an edge shorter than images.limits.min_edge {limits.min_edge}")
    if header.frames > 1 and limits.frames == "reject":
        raise ImageError(f"{header}: {header.frames} frames or pages; expected one picture (images.limits.frames)")


def _unknown(data: bytes) -> str:
    """Why Pillow knows no picture in `data`."""
    for kind in FORMATS:
        accepts = Image.OPEN[kind][1] if kind in Image.OPEN else None
        if accepts and accepts(data[:16]) is True:
            return f"begins as {kind}, but its header is damaged or of a kind that is not supported"
    return f"not a picture of a known format: begins with {data[:24]!r}"


def _orientation(image: Image.Image) -> int:
    if not _METADATA & image.info.keys():
        return 1
    try:
        found = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # damaged EXIF says nothing about the pixels
        return 1
    return found if found in range(1, 9) else 1
