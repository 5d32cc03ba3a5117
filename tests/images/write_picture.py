"""PNG, BMP and GIF files of any layout, from their specifications alone: what no library writes whole."""

import struct
import zlib

import numpy as np

# Adam7 (PNG, section 8.2): first column and row of a pass, and the steps between them.
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk of a PNG with its checksum."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def write_png(
    samples: np.ndarray,
    depth: int,
    colour_type: int,
    interlaced: bool = False,
    before: bytes = b"",
    behind: bytes = b"",
) -> bytes:
    """The file of (h, w, samples) at `depth` bits; further chunks before and behind its data."""
    height, width, _ = samples.shape
    passes = ADAM7 if interlaced else ((0, 0, 1, 1),)
    parts = [samples[y::down, x::right] for x, y, right, down in passes]
    lines = b"".join(b"\0" + packed_bits(row, depth) for part in parts if part.size for row in part)
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, interlaced)
    data = chunk(b"IDAT", zlib.compress(lines))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before + data + behind + chunk(b"IEND", b"")


def packed_bits(row: np.ndarray, depth: int) -> bytes:
    """One row of samples, most significant bit first, filled up to a byte."""
    if depth >= 8:
        return row.astype(f">u{depth // 8}").tobytes()
    digits = np.unpackbits(row.astype(np.uint8).reshape(-1, 1), axis=1)[:, -depth:]
    return np.packbits(digits).tobytes()


def write_bmp(
    rows: list[bytes],
    width: int,
    bits: int,
    palette: np.ndarray | None = None,
    masks: tuple[int, ...] = (),
    compression: int = 0,
    top_down: bool = False,
) -> bytes:
    """The file of rows from top to bottom, each whole (Windows' BITMAPINFOHEADER, or version 5 where it has masks)."""
    body = b"".join(rows if top_down or compression in {1, 2} else rows[::-1])
    colours = b"" if palette is None else np.pad(palette[:, ::-1], ((0, 0), (0, 1))).astype(np.uint8).tobytes()
    size = 124 if masks else 40
    height = -len(rows) if top_down else len(rows)
    entries = 0 if palette is None else len(palette)
    header = struct.pack("<IiiHHIIiiII", size, width, height, 1, bits, compression, len(body), 2835, 2835, entries, 0)
    if masks:
        header += struct.pack("<4I", *masks, *[0] * (4 - len(masks))) + b"BGRs" + bytes(124 - 40 - 20)
    start = 14 + len(header) + len(colours)
    return b"BM" + struct.pack("<IHHI", start + len(body), 0, 0, start) + header + colours + body


def run_lengths(indices: np.ndarray, bits: int) -> list[bytes]:
    """The rows of a BMP in RLE8 or RLE4, from the bottom up: runs of one pixel, or of two in RLE4."""
    rows = []
    for row in indices[::-1]:
        if bits == 8:
            runs = b"".join(bytes([1, value]) for value in row.tolist())
        else:
            pairs = row.reshape(-1, 2).tolist()
            runs = b"".join(bytes([2, first << 4 | second]) for first, second in pairs)
        rows.append(runs + b"\0\0")
    rows[-1] = rows[-1][:-2] + b"\0\1"
    return rows


def write_gif(
    indices: np.ndarray,
    palette: np.ndarray,
    transparent: int | None = None,
    interlaced: bool = False,
    canvas: tuple[int, int, int, int] | None = None,
    background: int = 0,
) -> bytes:
    """The file of (h, w) indices of 256 colours; `canvas`: width and height of the screen, and the picture's corner."""
    height, width = indices.shape
    screen_width, screen_height, left, top = canvas or (width, height, 0, 0)
    order = [y for first, step in ((0, 8), (4, 8), (2, 4), (1, 2)) for y in range(first, height, step)]
    pixels = (indices[order] if interlaced else indices).ravel().tolist()
    # LZW that clears its table before codes grow beyond nine bits: no code but those of single pixels.
    codes = [code for i, value in enumerate(pixels) for code in ([256, value] if i % 250 == 0 else [value])] + [257]
    digits = np.unpackbits(np.array(codes, "<u2").view(np.uint8).reshape(-1, 2), axis=1, bitorder="little")[:, :9]
    data = np.packbits(digits.ravel(), bitorder="little").tobytes()
    blocks = b"".join(bytes([len(part)]) + part for i in range(0, len(data), 255) if (part := data[i : i + 255]))
    control = b"" if transparent is None else b"\x21\xf9\x04\x01\0\0" + bytes([transparent, 0])
    screen = struct.pack("<HHBBB", screen_width, screen_height, 0xF7, background, 0)
    picture = b"\x2c" + struct.pack("<HHHHB", left, top, width, height, 0x40 if interlaced else 0)
    return b"GIF89a" + screen + palette.astype(np.uint8).tobytes() + control + picture + b"\x08" + blocks + b"\0;"
