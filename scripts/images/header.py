"""What a file is, from its content alone: the quality gate that stands before every decode.

Pillow reads the header, tifffile that of a TIFF, of which Pillow knows some kinds only; nothing is decoded, so a
decompression bomb costs nothing. The name of a file is never looked at. What the header cannot tell (truncation,
damage) the decoder finds (scripts/images/decode.py).
"""

import io
import os
import re
import stat
import struct
import warnings
from pathlib import Path
from typing import Literal, NamedTuple

from PIL import ExifTags, Image, UnidentifiedImageError

from scripts.errors import ImageError
from scripts.images.decoders import plain_jpeg
from scripts.images.picture import Header
from scripts.spec import Spec

# What is wrong with a file stands in its row.
warnings.filterwarnings("ignore", module="PIL")

# Pillow's names of the formats that are decoded.
FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "MPO", "PNG", "TIFF", "WEBP")
_METADATA = {"exif", "xmp", "XML:com.adobe.xmp", "Raw profile type exif"}  # where Pillow finds an orientation
# An MPO is a camera's JPEG whose further pictures are previews or a second eye's view: the first is the picture.
ONE_PICTURE = ("JPEG", "MPO")
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # the latter two are BigTIFF


class Foreign(NamedTuple):
    """A format that laboratories and telephones write and nothing here decodes."""

    begins: re.Pattern[bytes]
    name: str
    advice: str  # what makes a picture of it


_FOREIGN = [
    Foreign(re.compile(begins, re.DOTALL), name, advice)
    for begins, name, advice in (
        (rb".{128}DICM", "DICOM", "apply its window and save it as PNG, as `dcm2img` of DCMTK does"),
        (rb".{4}ftyp(hei[cxms]|hev[cxms]|mif1|msf1)", "HEIC or HEIF", "save it as JPEG or PNG, as `heif-convert` does"),
        (rb"\xff\x0a|\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL", "save it as PNG or JPEG, as `djxl` does"),
        (rb"II\xbc", "JPEG XR", "save it as PNG or TIFF"),
        (rb"ZISRAWFILE", "CZI", "export it as TIFF"),
        (rb"\x89HDF\r\n\x1a\n", "HDF5", "export its pictures as PNG or TIFF"),
        (rb"\x93NUMPY", "a numpy array", "save it as PNG or TIFF"),
        (rb".{344}(n\+1|ni1)\0", "NIfTI", "export its slices as PNG or TIFF"),
        (rb"\x1f\x8b", "gzip, as of .nii.gz", "unpack it"),
        (rb"PK\x03\x04", "a zip archive", "unpack it, or name it in images.archive"),
        (rb"%PDF", "PDF", "export its pictures as PNG"),
        (rb"(<\?xml[^>]*>\s*)?(<!DOCTYPE svg[^>]*>\s*)?<svg", "SVG", "draw it to a PNG"),
    )
]


class Limits(Spec):
    """What a file may be to count as a picture of the study: `images.limits`."""

    max_bytes: int
    max_pixels: int
    min_edge: int  # pixels
    frames: Literal["reject", "first"]  # what happens to an animation, or to a file of several pages


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
        ImageError: the content is of no picture format, of one that is not decoded, or its header is damaged.
    """
    if data.startswith(_TIFF):
        from scripts.images.decoders import tiff

        return tiff.read_header(data)
    if data.startswith(b"\xff\xd8") and (plain := plain_jpeg.read_header(data)):
        return plain
    described = _metadata_first(data)
    try:
        with Image.open(io.BytesIO(described)) as image:
            header = Header(
                kind=image.format or "unknown",
                mode=image.mode,
                width=image.width,
                height=image.height,
                frames=1 if image.format in ONE_PICTURE else getattr(image, "n_frames", 1),
                orientation=_orientation(image),
                alpha="A" in image.mode or "transparency" in image.info,
            )
    except UnidentifiedImageError:
        raise ImageError(_unknown(data)) from None
    except Image.DecompressionBombError as error:
        pixels = re.search(r"\d+", str(error))
        raise ImageError(f"decompression bomb: its header claims {pixels and pixels[0]} pixels") from None
    except Exception as error:  # Pillow's parsers raise anything on damaged headers
        raise ImageError(f"damaged header: {error} ({type(error).__name__})") from None
    if header.kind not in FORMATS:
        if foreign := _foreign(data):  # which Pillow knows by name alone
            raise ImageError(foreign)
        raise ImageError(f"{header}: a format that is not decoded; expected one of {', '.join(FORMATS)}: save it anew")
    if header.mode in {"F", "HSV", "I", "LAB"}:
        raise ImageError(f"{header}: colours of a kind that is not decoded; expected gray, palette, RGB or CMYK")
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


def _metadata_first(data: bytes) -> bytes:
    """A PNG with the Exif and texts behind its pixels put before them, where Pillow looks; other files as they are.

    Raises:
        ImageError: a chunk ends beyond the end; OpenCV would first take memory for all of it.
    """
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        return data
    at, kind, pixels, behind = 8, b"", 0, b""
    while at + 8 <= len(data) and kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, at)
        if at + 12 + length > len(data):
            raise ImageError(f"PNG: truncated or damaged: its chunk {kind!r} ends beyond the end of the file")
        if kind == b"IDAT":
            pixels = pixels or at
        elif pixels and kind in {b"eXIf", b"iTXt", b"tEXt", b"zTXt"}:
            behind += data[at : at + 12 + length]
        at += 12 + length
    return data[:pixels] + behind + data[pixels:] if behind else data


def _foreign(data: bytes) -> str | None:
    """What a file of a foreign format is, and what to do."""
    found = next((foreign for foreign in _FOREIGN if foreign.begins.match(data)), None)
    return found and f"{found.name}, a format that is not decoded: {found.advice}"


def _unknown(data: bytes) -> str:
    """Why Pillow knows no picture in `data`."""
    if foreign := _foreign(data):
        return foreign
    if data.startswith(b"\xff\xd8\xff"):
        from scripts.images.decoders.jpeg import read_frame

        frame = read_frame(data)
        if frame is not None and frame.bits > 8:
            return f"JPEG {frame}: of a kind that is not decoded; save it anew as baseline JPEG or PNG"
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
