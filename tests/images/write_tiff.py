"""A TIFF of any layout, from the specification alone (TIFF 6.0, no BigTIFF): what no library writes whole."""

import lzma
import struct
import zlib
from collections.abc import Callable
from typing import NamedTuple

import imagecodecs
import numpy as np

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK = 0, 1, 2, 3, 5  # photometric interpretations
# Its number in the tag Compression, and what it makes of a segment.
COMPRESSIONS: dict[str, tuple[int, Callable[[bytes], bytes]]] = {
    "none": (1, bytes),
    "lzw": (5, imagecodecs.lzw_encode),
    "deflate": (8, zlib.compress),
    "old deflate": (32946, zlib.compress),
    "packbits": (32773, imagecodecs.packbits_encode),
    "zstd": (50000, imagecodecs.zstd_encode),
    "lzma": (34925, lzma.compress),
}


class Layout(NamedTuple):
    """Where and how the samples lie in the file."""

    compression: str = "none"
    predictor: bool = False
    tile: int | None = None  # edge; None: strips
    rows: int = 16  # of a strip
    planar: bool = False
    order: str = "<"
    reversed_bits: bool = False  # FillOrder 2


def write_tiff(
    samples: np.ndarray,
    bits: int,
    photometric: int,
    layout: Layout | None = None,
    **tags: tuple[str, list[int]],
) -> bytes:
    """The file of unsigned (h, w, samples) of `bits` bits each; further tags as `t274=("H", [6])`."""
    layout = layout or Layout()
    height, width, count = samples.shape
    number, compress = COMPRESSIONS[layout.compression]
    planes = np.split(samples, count, axis=2) if layout.planar else [samples]
    segments = [compress(segment) for plane in planes for segment in _segments(plane, bits, layout)]
    if layout.reversed_bits:
        segments = [imagecodecs.bitorder_encode(segment) for segment in segments]
    offsets = [8 + sum(map(len, segments[:i])) for i in range(len(segments))]
    counts = [len(segment) for segment in segments]
    entries: dict[int, tuple[str, list[int]]] = {
        256: ("I", [width]),
        257: ("I", [height]),
        258: ("H", [bits] * count),
        259: ("H", [number]),
        262: ("H", [photometric]),
        277: ("H", [count]),
        284: ("H", [2 if layout.planar else 1]),
    }
    if layout.predictor:
        entries[317] = ("H", [2])
    if layout.reversed_bits:
        entries[266] = ("H", [2])
    if layout.tile:
        entries |= {322: ("I", [layout.tile]), 323: ("I", [layout.tile]), 324: ("I", offsets), 325: ("I", counts)}
    else:
        entries |= {273: ("I", offsets), 278: ("I", [layout.rows]), 279: ("I", counts)}
    entries |= {int(name[1:]): tag for name, tag in tags.items()}
    body = b"".join(segments)
    return _file(body + bytes(len(body) % 2), entries, layout.order)


def _segments(plane: np.ndarray, bits: int, layout: Layout) -> list[bytes]:
    """The strips or tiles of one plane, as they are before compression."""
    height, width, _ = plane.shape
    if layout.tile:
        edge = layout.tile
        padded = np.pad(plane, ((0, -height % edge), (0, -width % edge), (0, 0)))
        parts = [
            padded[y : y + edge, x : x + edge]
            for y in range(0, padded.shape[0], edge)
            for x in range(0, padded.shape[1], edge)
        ]
    else:
        parts = [plane[y : y + layout.rows] for y in range(0, height, layout.rows)]
    return [_packed(_differences(part) if layout.predictor else part, bits, layout.order) for part in parts]


def _differences(part: np.ndarray) -> np.ndarray:
    """What predictor 2 leaves: each sample less its left neighbour's, modulo its range (TIFF 6.0, section 14)."""
    return np.concatenate([part[:, :1], part[:, 1:] - part[:, :-1]], axis=1)


def _packed(part: np.ndarray, bits: int, order: str) -> bytes:
    if bits in {8, 16, 32}:
        return part.astype(f"{order}u{bits // 8}").tobytes()
    rows = part.reshape(len(part), -1).astype(">u4").view(np.uint8).reshape(len(part), -1, 4)
    digits = np.unpackbits(rows, axis=2)[..., -bits:]
    return np.packbits(digits.reshape(len(part), -1), axis=1).tobytes()  # each row begins at a byte


def _file(body: bytes, entries: dict[int, tuple[str, list[int]]], order: str) -> bytes:
    """Header, segments, one directory, and behind it the values that do not fit into their entries."""
    types = {"H": 3, "I": 4}
    start = 8 + len(body)
    directory, beyond = struct.pack(f"{order}H", len(entries)), b""
    behind = start + 2 + 12 * len(entries) + 4
    for tag, (kind, values) in sorted(entries.items()):
        value = struct.pack(f"{order}{len(values)}{kind}", *values)
        if len(value) > 4:
            beyond, value = beyond + value, struct.pack(f"{order}I", behind + len(beyond))
        directory += struct.pack(f"{order}HHI", tag, types[kind], len(values)) + value.ljust(4, b"\0")
    head = {"<": b"II", ">": b"MM"}[order] + struct.pack(f"{order}HI", 42, start)
    return head + body + directory + bytes(4) + beyond
