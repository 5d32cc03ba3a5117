"""JPEG by libjpeg-turbo (simplejpeg), which scales while it decodes and, unlike OpenCV's and Pillow's, tells of damage.

It tells its first warning alone, and some are of no harm: bytes between the segments of the header, an odd profile. So
a picture that is warned of is decoded once more without them, and what is warned of then is damage.
"""

import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import simplejpeg

from scripts.errors import ImageError
from scripts.images.picture import Decoded, Header, Pixels

LOSSLESS = 0xC3  # start of frame (ITU-T T.81, table B.1)
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_MARKER = re.compile(rb"\xff+[^\xff\0]")
_ALONE = {0x01, *range(0xD0, 0xDA)}  # markers without a content: restarts, start and end of image
_APP0, _ADOBE, _START_OF_SCAN, _COMMENT = 0xE0, 0xEE, 0xDA, 0xFE
_SCAN_OF_ALL = bytes([0, 63, 0])  # the coefficients of a sequential scan
# What the decoder says of pictures that are whole, but of a kind that it does not know.
_UNKNOWN = ("subsampling", "data precision", "color conversion", "JPEG process")


class Frame(NamedTuple):
    """The start of frame: how a JPEG is coded."""

    marker: int  # 0xC0 is baseline, 0xC2 progressive, 0xC3 lossless
    bits: int  # of a sample
    sampling: tuple[str, ...]  # of each component, as 2x1

    def __str__(self) -> str:
        coded = "lossless" if self.marker == LOSSLESS else f"of type SOF{self.marker - 0xC0}"
        return f"{coded}, {self.bits} bits a sample, sampling {' '.join(self.sampling)}"


def decode(data: bytes, header: Header, least_edge: int) -> Decoded:
    """A picture of its size, or of 1/2, 1/4 or 1/8 of it while both edges keep `least_edge` pixels (0: of its size).

    Raises:
        ImageError: truncated, damaged, or of a kind that the decoder does not know.
    """
    # Only 1/2, 1/4 and 1/8: scaling by 3/8, 5/8 or 7/8 gains little time and costs fidelity (`make bench`).
    edge, scale = min(header.width, header.height), 1
    while least_edge and scale < 8 and edge >= 2 * scale * least_edge:
        scale *= 2
    frame = None if header.plain else read_frame(data)
    colours = "RGB"
    if frame is not None and frame.marker == LOSSLESS:
        scale = 1  # libjpeg-turbo scales none of these, and must not be asked to
        colours = "GRAY" if len(frame.sampling) == 1 else "RGB"
    height, width = -(-header.height // scale), -(-header.width // scale)
    try:
        try:
            pixels = decode_strictly(data, colours, height, width)
        except ValueError:
            pixels = decode_strictly(_mended(data), colours, height, width)
    except ValueError as error:
        if any(words in str(error) for words in _UNKNOWN):
            words = str(error).rpartition("(): ")[2]
            raise ImageError(
                f"{header}: {frame or read_frame(data)}: of a kind that simplejpeg does not decode ({words});"
                " save it anew, with sampling 4:4:4 or 4:2:0"
            ) from None
        raise ImageError(f"{header}: truncated or damaged: {error}") from None
    return Decoded(np.repeat(pixels, 3, axis=2) if colours == "GRAY" else pixels)


def decode_strictly(data: bytes, colours: str, height: int = 0, width: int = 0) -> Pixels:
    """uint8 (h, w, channels of `colours`), scaled down as far as it keeps `height` and `width`, where they are given.

    Raises:
        ValueError: the decoder had to warn of anything; its words.
    """
    pixels: Pixels = simplejpeg.decode_jpeg(data, colours, min_height=height, min_width=width, strict=True)
    return pixels


def read_frame(data: bytes) -> Frame | None:
    """The frame of a JPEG; None where there is none."""
    for marker, content in _segments(data):
        if marker in _FRAMES and len(content) >= 6:
            components = [content[6 + 3 * i : 9 + 3 * i] for i in range(content[5])]
            sampling = (f"{part[1] >> 4}x{part[1] & 15}" for part in components if len(part) == 3)
            return Frame(marker, content[0], tuple(sampling))
    return None


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and content of each segment of the header; the last is the first scan, with all that follows it.

    Bytes between two segments are passed over, as libjpeg does (jdmarker.c, next_marker).
    """
    at = 2
    while found := _MARKER.search(data, at):
        at = found.end()
        marker = data[at - 1]
        if marker == _START_OF_SCAN:
            yield marker, data[at:]
            return
        if marker not in _ALONE:
            length = int.from_bytes(data[at : at + 2], "big")
            yield marker, data[at + 2 : at + length]
            at += max(length, 2)


def _mended(data: bytes) -> bytes:
    """The picture without what is warned of though every pixel is whole: bytes between the segments of its header,
    profiles and comments, an unknown revision of JFIF, an unknown transform of Adobe's, a scan that misstates its
    coefficients. What libjpeg makes of each is put in its place.
    """
    frame = read_frame(data)
    parts = [b"\xff\xd8"]
    for marker, segment in _segments(data):
        content = segment
        if marker == _START_OF_SCAN:
            length = 3 + 2 * content[2] if len(content) > 2 else 0  # up to the coefficients
            if frame is not None and frame.marker in {0xC0, 0xC1} and content[length : length + 3] != _SCAN_OF_ALL:
                content = content[:length] + _SCAN_OF_ALL + content[length + 3 :]
            parts.append(b"\xff\xda" + content)
            break
        if marker == _APP0 and content[:5] == b"JFIF\0":
            content = content[:5] + b"\1\2" + content[7:]
        elif marker == _ADOBE and content[:5] == b"Adobe" and len(content) >= 12:
            if content[11] > 2 and frame is not None:
                content = content[:11] + bytes([2 if len(frame.sampling) == 4 else 1]) + content[12:]
        elif 0xE0 <= marker <= 0xEF or marker == _COMMENT:
            continue
        parts.append(bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content)
    return b"".join(parts)
