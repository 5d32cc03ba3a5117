"""Files that must be refused, each with the words by which it is."""

import io
import itertools
from collections.abc import Iterator
from typing import NamedTuple

import imagecodecs
import numpy as np
import tifffile
from format_grid import DEEP, HEIGHT, WIDTH, at_depth, encoded, palette_picture
from jpeg_grid import EIGHT, patched
from PIL import Image
from write_picture import write_gif, write_png
from write_tiff import BLACK_IS_ZERO, RGB, Layout, write_tiff

GRAY = np.ascontiguousarray(DEEP[..., :1])


class Refused(NamedTuple):
    """A file, and a part of what must be said of it."""

    name: str
    data: bytes
    words: str


def refused_files() -> Iterator[Refused]:
    """Of every kind that is told apart."""
    yield from _foreign()
    yield from _tiffs()
    yield from _jpegs()
    xray = GRAY >> 4
    shallow = "16 bits a sample, of which it needs 12"
    yield Refused("X-ray of 12 bits in a PNG of 16", write_png(xray, 16, 0), shallow)
    yield Refused("X-ray of 12 bits in a TIFF of 16", write_tiff(xray, 16, BLACK_IS_ZERO), shallow)
    data = imagecodecs.jpeg2k_encode(xray[..., 0], level=0, reversible=True, bitspersample=16, colorspace="GRAY")
    yield Refused("X-ray of 12 bits in a JPEG 2000 of 16", data, shallow)
    clear = np.dstack([EIGHT, np.zeros((HEIGHT, WIDTH), np.uint8)])
    yield Refused("a PNG of which nothing is visible", encoded(clear, "PNG"), "transparent throughout")
    indices, colours = palette_picture(8)
    data = write_gif(indices, colours, canvas=(WIDTH + 8, HEIGHT + 5, 6, 3), background=9)
    yield Refused("a GIF smaller than its screen", data, "Pillow and OpenCV show it differently")
    yield Refused("an icon", encoded(EIGHT[:16, :16], "ICO"), "a format that is not decoded; expected one of")


def _foreign() -> Iterator[Refused]:
    for name, begins, words in (
        ("DICOM", bytes(128) + b"DICM\2\0\0\0UL\4\0", "DICOM, a format that is not decoded: apply its window"),
        ("HEIC", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC or HEIF, a format that is not decoded: save it as JPEG"),
        ("JPEG XL", imagecodecs.jpegxl_encode(EIGHT), "JPEG XL, a format that is not decoded: save it as PNG"),
        ("JPEG XL in boxes", b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL, a format that is not decoded"),
        ("Zeiss' CZI", b"ZISRAWFILE\0\0\0\0\0\0", "CZI, a format that is not decoded: export it"),
        ("an array of numpy", b"\x93NUMPY\1\0v\0", "a numpy array, a format that is not decoded"),
        ("HDF5", b"\x89HDF\r\n\x1a\n\0\0", "HDF5, a format that is not decoded"),
        ("NIfTI", bytes(344) + b"n+1\0", "NIfTI, a format that is not decoded"),
        ("gzip", b"\x1f\x8b\x08\0\0\0", "gzip, as of .nii.gz, a format that is not decoded: unpack it"),
        ("a zip archive", b"PK\3\4\x14\0\0\0", "a zip archive, a format that is not decoded: unpack it"),
        ("PDF", b"%PDF-1.7\n", "PDF, a format that is not decoded"),
        ("SVG", b'<?xml version="1.0"?>\n<svg xmlns=', "SVG, a format that is not decoded"),
        ("a web page", b"<!DOCTYPE html>", "not a picture of a known format: begins with b'<!DOCTYPE html>'"),
    ):
        yield Refused(name, begins, words)


def _tiffs() -> Iterator[Refused]:
    for name, dtype, words in (
        ("floating point", np.float32, "floating-point samples of 32 bits are not decoded"),
        ("signed", np.int16, "signed samples of 16 bits are not decoded"),
        ("32 bits", np.uint32, "unsigned samples of 32 bits are not decoded"),
    ):
        file = io.BytesIO()
        tifffile.imwrite(file, GRAY[..., 0].astype(dtype), photometric="minisblack")
        yield Refused(f"TIFF of {name}", file.getvalue(), words)
    for name, photometric in {"CIELab": 8, "YCbCr without JPEG": 6, "a mask": 4}.items():
        data = write_tiff(at_depth(DEEP[..., :3], 8), 8, photometric, t530=("H", [1, 1]))
        yield Refused(f"TIFF of {name}", data, "colours of a kind that is not decoded")
    data = write_tiff(DEEP[..., [0, 1, 2, 3, 0]] >> 8, 8, BLACK_IS_ZERO, t338=("H", [0] * 4))
    yield Refused("TIFF of five gray samples", data, "5 samples a pixel, of which none is said to be a colour")
    data = write_tiff(DEEP[..., :2] >> 8, 8, RGB)
    yield Refused("TIFF of two samples as RGB", data, "2 samples a pixel in 1 layers; expected one picture of RGB")
    data = write_tiff(DEEP[..., :3] >> 8, 8, RGB, t254=("I", [1]))
    yield Refused("TIFF that begins with a thumbnail", data, "its first page is a smaller copy")
    for compression, bits in itertools.product(("none", "packbits"), (8, 16)):
        data = write_tiff(at_depth(DEEP[..., :3], bits), bits, RGB, Layout(compression, predictor=True))
        yield Refused(f"TIFF of {bits} bits with a predictor and compression {compression}", data, "predictor 2 of")
    data = encoded(EIGHT[..., 0] > 120, "TIFF", compression="tiff_ccitt")
    yield Refused("TIFF of CCITT RLE", data, "compression CCITTRLE is not decoded")
    for compression in ("jpeg2000", "webp", "jpegxl", "png"):
        file = io.BytesIO()
        tifffile.imwrite(file, EIGHT, photometric="rgb", compression=compression)
        yield Refused(
            f"TIFF of {compression}", file.getvalue(), "is not decoded; save it anew with LZW, deflate or none"
        )


def _jpegs() -> Iterator[Refused]:
    whole = imagecodecs.jpeg8_encode(EIGHT, 90, subsampling="444")
    for sampling in ((0x31, 0x11, 0x11), (0x42, 0x11, 0x11), (0x21, 0x21, 0x11)):
        written = " ".join(f"{one >> 4}x{one & 15}" for one in sampling)
        words = f"sampling {written}: of a kind that simplejpeg does not decode"
        yield Refused(f"JPEG of sampling {written}", patched(whole, sampling), words)
    for bits, options in {12: {"level": 90}, 16: {"lossless": True}}.items():
        data = imagecodecs.jpeg8_encode(at_depth(DEEP[..., :3], bits), bitspersample=bits, **options)
        yield Refused(f"JPEG of {bits} bits", data, f"{bits} bits a sample, sampling")
    file = io.BytesIO()
    Image.fromarray(EIGHT).save(file, "JPEG")
    yield Refused("JPEG cut in half", file.getvalue()[:-100], "Premature end of JPEG file")
