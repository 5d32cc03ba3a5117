"""Files of each kind that can be decoded, in each way that their format offers, with the pixels that they must give."""

import io
import itertools
import struct
from collections.abc import Iterator
from typing import NamedTuple

import imagecodecs
import numpy as np
from PIL import Image
from write_picture import chunk, packed_bits, run_lengths, write_bmp, write_gif, write_png

HEIGHT, WIDTH = 40, 56
TURNS = range(1, 9)  # orientations of Exif


class Made(NamedTuple):
    """A file of the grid."""

    kind: str
    axes: dict[str, str]  # where it stands in the grid
    data: bytes
    right: np.ndarray | None  # uint8 (h, w, 3), upright; None: what the second decoder shows, since the file is lossy


def deep_picture() -> np.ndarray:
    """uint16 (HEIGHT, WIDTH, 4): red, green, blue and alpha, each over its whole range, and unequal."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    colours = [x * 1170 + y * 20, y * 1600 + x * 30, 65535 - x * 700 - y * 600, (x * y * 29 + 977) % 65536]
    return np.clip(np.stack(colours, -1), 0, 65535).astype(np.uint16)


DEEP = deep_picture()


def at_depth(samples: np.ndarray, bits: int) -> np.ndarray:
    """The uppermost bits of 16."""
    return samples >> (16 - bits)


def to_bytes(samples: np.ndarray, bits: int) -> np.ndarray:
    """As a decoder is to show them: the high byte of deep ones, few bits stretched to 0 to 255."""
    if bits >= 8:
        return (samples >> (bits - 8)).astype(np.uint8)
    return (samples.astype(int) * 255 // (2**bits - 1)).astype(np.uint8)


def rgb(samples: np.ndarray, bits: int) -> np.ndarray:
    """Gray three times, or the first three of the samples, as bytes."""
    shown = to_bytes(samples, bits)
    return np.repeat(shown[..., :1], 3, axis=2) if samples.shape[2] < 3 else shown[..., :3]


def turned(image: np.ndarray, orientation: int) -> np.ndarray:
    """An image stored with an orientation of Exif (2.32, tag 0x0112), upright."""
    if orientation >= 5:
        image = image.transpose(1, 0, 2)
    steps = {2: (1, -1), 3: (-1, -1), 4: (-1, 1), 6: (1, -1), 7: (-1, -1), 8: (-1, 1)}
    down, right = steps.get(orientation, (1, 1))
    return image[::down, ::right]


def exif(orientation: int) -> bytes:
    """A block of Exif that holds an orientation alone."""
    return struct.pack("<2sHIHHHIHHI", b"II", 42, 8, 1, 274, 3, 1, orientation, 0, 0)


def encoded(image: np.ndarray, kind: str, mode: str | None = None, **options: object) -> bytes:
    """What Pillow writes."""
    file = io.BytesIO()
    Image.fromarray(image, mode).save(file, kind, **options)
    return file.getvalue()


def palette_picture(bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices (h, w) and 2**bits colours, uint8 (n, 3)."""
    n = np.arange(2**bits)
    colours = np.stack([n * 37 % 256, 255 - n * 11 % 256, n * 101 % 256], -1).astype(np.uint8)
    return (np.add.outer(np.arange(HEIGHT) * 3, np.arange(WIDTH)) % 2**bits).astype(np.uint8), colours


def pngs() -> Iterator[Made]:
    kinds = {"gray": (0, [0]), "gray and alpha": (4, [0, 3]), "RGB": (2, [0, 1, 2]), "RGB and alpha": (6, [0, 1, 2, 3])}
    for (name, (number, channels)), depth, interlaced in itertools.product(kinds.items(), (1, 2, 4, 8, 16), (0, 1)):
        if depth < 8 and number:
            continue
        samples = at_depth(DEEP[..., channels], depth)
        layout = "Adam7" if interlaced else "rows"
        data, right = write_png(samples, depth, number, bool(interlaced)), rgb(samples, depth)
        yield Made("PNG", {"samples": name, "depth": f"{depth}", "layout": layout}, data, right)
        if number in {0, 2}:
            key = chunk(b"tRNS", struct.pack(f">{len(channels)}H", *samples[3, 5].tolist()))
            data = write_png(samples, depth, number, bool(interlaced), key)
            axes = {"samples": f"{name}, one transparent", "depth": f"{depth}", "layout": layout}
            yield Made("PNG", axes, data, right)
    for depth, interlaced, alpha in itertools.product((1, 2, 4, 8), (0, 1), (0, 1)):
        indices, colours = palette_picture(depth)
        before = chunk(b"PLTE", colours.tobytes())
        before += chunk(b"tRNS", bytes(range(0, 2**depth))) if alpha else b""
        data = write_png(indices[..., None], depth, 3, bool(interlaced), before)
        axes = {"samples": "palette, transparent" if alpha else "palette", "depth": f"{depth}"}
        yield Made("PNG", axes | {"layout": "Adam7" if interlaced else "rows"}, data, colours[indices])
    samples = at_depth(DEEP[..., :3], 8)
    for orientation, behind in itertools.product(TURNS, (False, True)):
        turn = {"behind" if behind else "before": chunk(b"eXIf", exif(orientation))}
        axes = {"orientation": f"{orientation}", "metadata": "behind the data" if behind else "before the data"}
        yield Made("PNG", axes, write_png(samples, 8, 2, **turn), turned(rgb(samples, 8), orientation))
    for name, content in {
        "gAMA": struct.pack(">I", 100000),
        "sBIT": b"\5\6\5",
        "sRGB": b"\0",
        "bKGD": bytes(6),
    }.items():
        axes = {"colour space": f"{name}, not applied"}
        yield Made("PNG", axes, write_png(samples, 8, 2, before=chunk(name.encode(), content)), rgb(samples, 8))


def bmps() -> Iterator[Made]:
    for bits, top_down in itertools.product((1, 4, 8), (False, True)):
        indices, colours = palette_picture(bits)
        rows = [packed_bits(row, bits) for row in indices]
        data = write_bmp([row + bytes(-len(row) % 4) for row in rows], WIDTH, bits, colours, top_down=top_down)
        axes = {"samples": "palette", "depth": f"{bits}", "layout": "top down" if top_down else "bottom up"}
        yield Made("BMP", axes, data, colours[indices])
    for bits in (4, 8):
        indices, colours = palette_picture(bits)
        data = write_bmp(run_lengths(indices, bits), WIDTH, bits, colours, compression={8: 1, 4: 2}[bits])
        yield Made("BMP", {"samples": "palette", "depth": f"{bits}", "layout": f"RLE{bits}"}, data, colours[indices])
    eight = at_depth(DEEP, 8).astype(np.uint8)
    bgra = eight[..., [2, 1, 0, 3]]
    five = at_depth(DEEP, 5).astype("<u2")
    packed = five[..., 0] << 10 | five[..., 1] << 5 | five[..., 2]
    deeper = at_depth(DEEP, 6).astype("<u2")
    six = five[..., 0] << 11 | deeper[..., 1] << 5 | five[..., 2]
    right = to_bytes(five[..., :3], 5)
    right_six = np.dstack([right[..., 0], to_bytes(deeper, 6)[..., 1], right[..., 2]])
    eight_bits = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    for top_down in (False, True):
        for name, pixels, bits, masks, shown in (
            ("RGB", bgra[..., :3], 24, (), eight[..., :3]),
            ("RGB and a spare byte", bgra, 32, (), eight[..., :3]),
            ("RGB and alpha", bgra, 32, eight_bits, eight[..., :3]),
            ("RGB 555", packed, 16, (), right),
            ("RGB 565", six, 16, (0xF800, 0x7E0, 0x1F), right_six),
        ):
            rows = [np.ascontiguousarray(row).tobytes() for row in pixels]
            rows = [row + bytes(-len(row) % 4) for row in rows]
            data = write_bmp(rows, WIDTH, bits, None, masks, 3 if masks else 0, top_down)
            axes = {"samples": name, "depth": f"{bits}", "layout": "top down" if top_down else "bottom up"}
            yield Made("BMP", axes, data, shown)


def gifs() -> Iterator[Made]:
    for bits, interlaced, transparent in itertools.product((1, 4, 8), (False, True), (None, 1)):
        indices, colours = palette_picture(bits)
        palette = np.pad(colours, ((0, 256 - len(colours)), (0, 0)))
        axes = {"colours": f"{2**bits}", "layout": "interlaced" if interlaced else "rows"}
        axes |= {"transparency": "none" if transparent is None else "an index"}
        data = write_gif(indices, palette, transparent, interlaced)
        yield Made("GIF", axes, data, colours[indices])


def webps() -> Iterator[Made]:
    eight = at_depth(DEEP, 8).astype(np.uint8)
    for lossless, channels in itertools.product((True, False), (3, 4)):
        data = encoded(eight[..., :channels], "WEBP", lossless=lossless, exact=True, quality=90)
        axes = {"compression": "lossless" if lossless else "lossy", "alpha": "yes" if channels == 4 else "no"}
        yield Made("WEBP", axes, data, eight[..., :3] if lossless else None)
    for orientation in TURNS:
        data = encoded(eight[..., :3], "WEBP", lossless=True, exif=b"Exif\0\0" + exif(orientation))
        yield Made("WEBP", {"orientation": f"{orientation}"}, data, turned(eight[..., :3], orientation))


def avifs() -> Iterator[Made]:
    for bits, channels, sampling in itertools.product((8, 10, 12), (1, 3, 4), ("444", "422", "420")):
        if channels == 1 and sampling != "444":
            continue
        pixels = np.ascontiguousarray(at_depth(DEEP[..., :channels], bits).astype(np.uint8 if bits == 8 else np.uint16))
        pixelformat = "400" if channels == 1 else sampling
        data = imagecodecs.avif_encode(
            pixels[..., 0] if channels == 1 else pixels, 90, bitspersample=bits, pixelformat=pixelformat, speed=8
        )
        name = {1: "gray", 3: "RGB", 4: "RGB and alpha"}[channels]
        yield Made("AVIF", {"samples": name, "depth": f"{bits}", "sampling": pixelformat}, data, None)
    eight = at_depth(DEEP[..., :3], 8).astype(np.uint8)
    for orientation in TURNS:
        data = encoded(eight, "AVIF", quality=95, exif=b"Exif\0\0" + exif(orientation))
        yield Made("AVIF", {"orientation": f"{orientation}"}, data, None)


def jpeg2000s() -> Iterator[Made]:
    for bits, channels, codestream in itertools.product((8, 12, 16), (1, 2, 3, 4), (False, True)):
        pixels = at_depth(DEEP[..., [0, 3] if channels == 2 else list(range(channels))], bits)
        pixels = pixels.astype(np.uint8 if bits == 8 else np.uint16)
        data = imagecodecs.jpeg2k_encode(
            np.ascontiguousarray(pixels[..., 0] if channels == 1 else pixels),
            level=0,
            reversible=True,
            codecformat="J2K" if codestream else "JP2",
            bitspersample=bits,
            colorspace="GRAY" if channels < 3 else "SRGB",
        )
        name = {1: "gray", 2: "gray and alpha", 3: "RGB", 4: "RGB and alpha"}[channels]
        layout = "codestream" if codestream else "JP2"
        yield Made("JPEG2000", {"samples": name, "depth": f"{bits}", "layout": layout}, data, rgb(pixels, bits))
    eight = at_depth(DEEP[..., :3], 8).astype(np.uint8)
    for name, options in {
        "tiles": {"tile_size": (32, 32)},
        "lossy": {"irreversible": True, "quality_mode": "rates", "quality_layers": [4]},
    }.items():
        data = encoded(eight, "JPEG2000", **options)
        yield Made("JPEG2000", {"compression": name}, data, None if name == "lossy" else eight)
