"""TIFF: its directory by tifffile, its strips and tiles by imagecodecs; each must hold its pixels, no fewer, no more.

libtiff (in Pillow and OpenCV) stops where the pixels of a strip are full, whatever follows, and never sees the checksum
of deflate: damage that leaves a strip long enough passes. Strips of JPEG go to the strict decoder of JPEGs. No decoder
tells of damage in a fax (CCITT), so two must show the same: imagecodecs' own, and libtiff by imagecodecs.
"""

import io
import logging
import struct
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import cv2
import imagecodecs
import numpy as np
from tifffile import TiffFile, TiffPage

from scripts.errors import ImageError
from scripts.images.decoders import jpeg
from scripts.images.picture import Decoded, Header

# What is odd in a file is refused or passed over here.
logging.getLogger("tifffile").setLevel(logging.CRITICAL + 1)

# Numbers of TIFF 6.0, and libtiff's for what came later.
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, YCBCR = 0, 1, 2, 3, 5, 6
COLOURS = {WHITE_IS_ZERO: "gray", BLACK_IS_ZERO: "gray", RGB: "RGB", PALETTE: "palette", CMYK: "CMYK", YCBCR: "YCbCr"}
CHANNELS = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3, PALETTE: 1, CMYK: 4, YCBCR: 3}
NONE, JPEG = 1, 7
HORIZONTAL = 2  # predictor
EXPAND: dict[int, Callable[..., bytes | bytearray]] = {
    5: imagecodecs.lzw_decode,
    8: imagecodecs.deflate_decode,
    32773: imagecodecs.packbits_decode,
    32946: imagecodecs.deflate_decode,
    34925: imagecodecs.lzma_decode,
    50000: imagecodecs.zstd_decode,
}
FAX: dict[int, Callable[[bytes, int, int], np.ndarray]] = {
    3: imagecodecs.ccittfax3_decode,
    4: imagecodecs.ccittfax4_decode,
}
PREDICTED = EXPAND.keys() - {32773}  # libtiff and tifffile differ on a predictor elsewhere


class Segments(NamedTuple):
    """How the strips or tiles of a page lie."""

    rows: int  # of each, but for the last strip
    columns: int
    across: int  # in a row of them
    down: int
    samples: int  # of a pixel in each


def read_header(data: bytes) -> Header:
    """The header of a TIFF.

    Raises:
        ImageError: its directory is damaged, or it is of a kind that is not decoded.
    """
    try:
        with TiffFile(io.BytesIO(data)) as file:
            page = _first(file)
            header, refusal = _header(page, len(file.pages)), next(_refusals(page), None)
    except Exception as error:  # a damaged directory raises anything
        raise ImageError(f"begins as TIFF, but its header is damaged: {error} ({type(error).__name__})") from None
    if refusal:
        raise ImageError(f"{header}: {refusal}")
    return header


def decode(data: bytes, header: Header) -> Decoded:
    """The first page; its alpha too, where it has one.

    Raises:
        ImageError: truncated or damaged.
    """
    try:
        with TiffFile(io.BytesIO(data)) as file:
            page = _first(file)
            stored = _samples(page, data)
            if page.compression in FAX and not np.array_equal(stored[..., 0], imagecodecs.tiff_decode(data)):
                raise ValueError("imagecodecs and libtiff show it differently")
            alpha = stored[..., CHANNELS[page.photometric]] if header.alpha else None
            return Decoded(_rgb(page, stored), alpha, page.bitspersample)
    except Exception as error:  # each codec has errors of its own
        raise ImageError(f"{header}: truncated or damaged: {error}") from None


def _first(file: TiffFile) -> TiffPage:
    page = file.pages.first
    assert isinstance(page, TiffPage)
    return page


def _header(page: TiffPage, frames: int) -> Header:
    colours = COLOURS.get(page.photometric, getattr(page.photometric, "name", "unknown"))
    alpha = bool(page.extrasamples) and page.extrasamples[0] in {1, 2}
    orientation = page.tags.valueof(274, 1)
    return Header(
        kind="TIFF",
        mode=f"{page.bitspersample}-bit {colours}{' and alpha' if alpha else ''}",
        width=int(page.imagewidth),
        height=int(page.imagelength),
        frames=frames,
        orientation=orientation if orientation in range(1, 9) else 1,
        alpha=alpha,
    )


def _refusals(page: TiffPage) -> Iterator[str]:
    """Why a page is of no kind that is decoded; nothing where it is of one."""
    compression = f"compression {getattr(page.compression, 'name', page.compression)}"
    bits, photometric, samples = page.bitspersample, page.photometric, page.samplesperpixel
    if page.subfiletype & 1:
        yield "its first page is a smaller copy, as in a camera's raw file; save the full picture as TIFF or PNG"
    if page.sampleformat not in {1, 4} or bits not in range(1, 17):
        what = {1: "unsigned", 2: "signed", 3: "floating-point"}.get(page.sampleformat, "other")
        yield f"{what} samples of {bits} bits are not decoded; expected unsigned ones of 1 to 16: scale them"
    if 262 not in page.tags or photometric not in COLOURS or (photometric == YCBCR and page.compression != JPEG):
        yield "colours of a kind that is not decoded; expected gray, palette, RGB or CMYK"
    elif page.imagedepth > 1 or samples < CHANNELS[photometric]:
        yield f"{samples} samples a pixel in {page.imagedepth} layers; expected one picture of {COLOURS[photometric]}"
    elif CHANNELS[photometric] == 1 and samples > 2:
        yield f"{samples} samples a pixel, of which none is said to be a colour; save those to look at as gray or RGB"
    if page.compression not in {NONE, JPEG, *EXPAND, *FAX}:
        yield f"{compression} is not decoded; save it anew with LZW, deflate or none"
    in_one = page.planarconfig != 2
    if page.compression == JPEG and (bits != 8 or (in_one and samples == 2) or (photometric == YCBCR and not in_one)):
        yield f"{compression} of {samples} samples of {bits} bits is not decoded; save it anew with LZW or deflate"
    if page.predictor != 1 and page.compression in {NONE, *EXPAND}:
        usual = page.predictor == HORIZONTAL and bits in {8, 16} and page.compression in PREDICTED
        if not usual:
            yield f"predictor {page.predictor} of {bits} bits with {compression} is not decoded; save it anew without"


def _samples(page: TiffPage, data: bytes) -> np.ndarray:
    """(h, w, samples) as stored: uint8, or uint16 of more than eight bits.

    Raises:
        ValueError: a strip or tile is not whole; each codec raises errors of its own.
    """
    height, width, samples = page.imagelength, page.imagewidth, page.samplesperpixel
    rows, columns = (page.tilelength, page.tilewidth) if page.is_tiled else (min(page.rowsperstrip, height), width)
    apart = page.planarconfig == 2
    lie = Segments(rows, columns, -(-width // columns), -(-height // rows), 1 if apart else samples)
    expected = lie.across * lie.down * (samples if apart else 1)
    if not len(page.dataoffsets) == len(page.databytecounts) == expected:
        raise ValueError(f"{len(page.dataoffsets)} strips or tiles, expected {expected}")
    stored = np.empty((height, width, samples), np.uint8 if page.bitspersample <= 8 else np.uint16)
    for index, (offset, length) in enumerate(zip(page.dataoffsets, page.databytecounts, strict=True)):
        plane, place = divmod(index, lie.across * lie.down)
        y, x = place // lie.across * rows, place % lie.across * columns
        into = stored[y : y + rows, x : x + columns]
        if apart:
            into = into[..., plane : plane + 1]
        segment = data[offset : offset + length]
        if not length or len(segment) < length:
            raise ValueError(f"strip or tile {index} is missing or cut off")
        part = _segment(page, segment, lie, rows if page.is_tiled else len(into))
        into[...] = part[: into.shape[0], : into.shape[1]]
    return stored


def _segment(page: TiffPage, segment: bytes, lie: Segments, least: int) -> np.ndarray:
    """(rows, columns, samples) of one strip or tile, which holds all its rows or, as the last strip may, `least`."""
    if page.compression == JPEG:
        part = _jpeg(page, segment, lie.samples)
        if part.shape[0] < least or part.shape[1:] != (lie.columns, lie.samples):
            raise ValueError(f"a strip or tile of {part.shape}, expected {(least, lie.columns, lie.samples)}")
        return part
    if page.fillorder == 2:
        segment = bytes(imagecodecs.bitorder_decode(segment))
    if page.compression in FAX:
        return FAX[page.compression](segment, least, lie.columns)[..., np.newaxis]
    bits = page.bitspersample
    row_bytes = -(-lie.columns * lie.samples * bits // 8)
    # More bytes than pixels are no harm where they lie plainly; else one more than there may be tells of damage.
    plain = page.compression == NONE
    raw = segment[: least * row_bytes] if plain else EXPAND[page.compression](segment, out=lie.rows * row_bytes + 1)
    if len(raw) not in {least * row_bytes, lie.rows * row_bytes}:
        raise ValueError(f"a strip or tile of {len(raw)} bytes, expected {least * row_bytes}")
    if bits == 8:
        values = np.frombuffer(raw, np.uint8)
    elif bits == 16:
        values = np.frombuffer(raw, f"{page.parent.byteorder}u2").astype(np.uint16, copy=False)
    else:
        kind = np.uint8 if bits < 8 else np.uint16
        values = imagecodecs.packints_decode(raw, kind, bits, runlen=lie.columns * lie.samples)
    part = values.reshape(-1, lie.columns, lie.samples)
    return imagecodecs.delta_decode(part, axis=1) if page.predictor == HORIZONTAL else part


def _jpeg(page: TiffPage, segment: bytes, samples: int) -> np.ndarray:
    """One strip or tile of JPEG, whose tables stand in the directory; RGB where its colours are YCbCr."""
    # Without a word of Adobe's, libjpeg guesses whether components are YCbCr (libjpeg.txt, "Special color spaces").
    adobe = struct.pack(">2sH5s3HB", b"\xff\xee", 14, b"Adobe", 100, 0, 0, page.photometric == YCBCR)
    stream = b"\xff\xd8" + (adobe if samples > 1 else b"") + (page.jpegtables or b"")[2:-2] + segment[2:]
    return jpeg.decode_strictly(stream, {1: "GRAY", 3: "RGB", 4: "CMYK"}[samples])


def _rgb(page: TiffPage, stored: np.ndarray[Any, Any]) -> Any:
    """uint8 RGB (h, w, 3) of samples as stored."""
    bits, photometric = page.bitspersample, page.photometric
    if photometric == PALETTE:
        table = np.asarray(page.colormap).reshape(3, 2**bits)
        # Old writers gave eight bits (libtiff, tif_getimage.c, checkcmap).
        return (table >> 8 if table.max() > 255 else table).astype(np.uint8).T[stored[..., 0]]
    colours = stored[..., : CHANNELS[photometric]]
    if bits > 8:
        colours = (colours >> (bits - 8)).astype(np.uint8)
    elif bits < 8:
        colours = (np.arange(2**bits) * 255 // (2**bits - 1)).astype(np.uint8)[colours]
    if photometric == WHITE_IS_ZERO:
        colours = 255 - colours
    if photometric == CMYK:
        ink = colours.astype(np.uint16)
        return ((255 - ink[..., :3]) * (255 - ink[..., 3:]) // 255).astype(np.uint8)
    colours = np.ascontiguousarray(colours)
    return cv2.cvtColor(colours, cv2.COLOR_GRAY2RGB) if colours.shape[2] == 1 else colours
