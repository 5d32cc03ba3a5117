"""The TIFFs of the grid: depth x samples x planes x layout x compression x predictor x byte order x orientation."""

import io
import itertools
from collections.abc import Iterator

import numpy as np
import tifffile
from format_grid import DEEP, HEIGHT, TURNS, Made, at_depth, encoded, palette_picture, rgb, to_bytes, turned
from PIL import Image
from write_tiff import BLACK_IS_ZERO, CMYK, COMPRESSIONS, PALETTE, RGB, WHITE_IS_ZERO, Layout, write_tiff

# Photometric interpretation, channels of the picture, and what ExtraSamples says of those beyond the colours.
SAMPLES = {
    "gray": (BLACK_IS_ZERO, [0], []),
    "inverted gray": (WHITE_IS_ZERO, [0], []),
    "gray and alpha": (BLACK_IS_ZERO, [0, 3], [2]),
    "RGB": (RGB, [0, 1, 2], []),
    "RGB and alpha": (RGB, [0, 1, 2, 3], [2]),
    "RGB and associated alpha": (RGB, [0, 1, 2, 3], [1]),
    "RGB and a fourth": (RGB, [0, 1, 2, 3], [0]),
    "RGB and two further": (RGB, [0, 1, 2, 3, 0], [0, 0]),
    "CMYK": (CMYK, [0, 1, 2, 3], []),
    "CMYK and alpha": (CMYK, [0, 1, 2, 3, 0], [2]),
}
STORED = {
    "strips": Layout(),
    "one strip": Layout(rows=HEIGHT),
    "tiles of 16": Layout(tile=16),
    "tiles of 48": Layout(tile=48),
    "tiles of 64": Layout(tile=64),
}
EIGHT = at_depth(DEEP[..., :3], 8).astype(np.uint8)


def tiffs() -> Iterator[Made]:
    yield from _depths()
    yield from _layouts()
    yield from _orientations()
    yield from _palettes()
    yield from _pictures()


def _tiff(samples: str, depth: int, stored_as: Layout, turn: int | None = None, **axes: str) -> Made:
    photometric, channels, extra = SAMPLES[samples]
    stored = at_depth(DEEP[..., channels], depth)
    tags = ({"t338": ("H", extra)} if extra else {}) | ({"t274": ("H", [turn])} if turn else {})
    data = write_tiff(stored, depth, photometric, stored_as, **tags)
    right = turned(_shown(stored, depth, photometric), turn or 1)
    return Made("TIFF", {"samples": samples, "depth": f"{depth}"} | axes, data, right)


def _shown(stored: np.ndarray, depth: int, photometric: int) -> np.ndarray:
    if photometric == WHITE_IS_ZERO:
        return rgb(2**depth - 1 - stored, depth)
    if photometric == CMYK:
        ink = to_bytes(stored, depth).astype(int)
        return ((255 - ink[..., :3]) * (255 - ink[..., 3:4]) / 255).round().astype(np.uint8)
    return rgb(stored, depth)


def _depths() -> Iterator[Made]:
    for samples, depth, planar in itertools.product(SAMPLES, (1, 2, 4, 8, 10, 12, 14, 16), (False, True)):
        if depth >= 4 or "gray" in samples:
            yield _tiff(samples, depth, Layout(planar=planar), planes="apart" if planar else "together")


def _layouts() -> Iterator[Made]:
    for compression, depth, stored, order, samples in itertools.product(
        COMPRESSIONS, (8, 16), STORED, "<>", ("gray", "RGB")
    ):
        for predictor in (False, True) if compression not in {"none", "packbits"} else (False,):
            layout = STORED[stored]._replace(compression=compression, predictor=predictor, order=order)
            axes = {"layout": stored, "compression": compression, "predictor": "horizontal" if predictor else "none"}
            yield _tiff(samples, depth, layout, **axes, **{"byte order": "little" if order == "<" else "big"})
    for compression, depth, samples, stored, reverse in itertools.product(
        ("none", "lzw", "deflate"), (1, 4, 12), ("gray", "inverted gray"), ("strips", "tiles of 16"), (False, True)
    ):
        layout = STORED[stored]._replace(compression=compression, reversed_bits=reverse)
        axes = {"layout": stored, "compression": compression, "bits": "reversed" if reverse else "in order"}
        yield _tiff(samples, depth, layout, **axes)


def _orientations() -> Iterator[Made]:
    for orientation, stored in itertools.product(TURNS, STORED):
        yield _tiff("RGB", 8, STORED[stored], orientation, layout=stored, orientation=f"{orientation}")


def _palettes() -> Iterator[Made]:
    for depth, factor in itertools.product((1, 4, 8), (257, 1)):
        indices, colours = palette_picture(depth)
        table = (colours.T.astype(int) * factor).ravel().tolist()
        data = write_tiff(indices[..., None], depth, PALETTE, t320=("H", table))
        name = "palette" if factor == 257 else "palette of old writers"
        yield Made("TIFF", {"samples": name, "depth": f"{depth}"}, data, colours[indices])


def _pictures() -> Iterator[Made]:
    """What is coded as pictures: JPEG by libtiff and by tifffile, and fax."""
    for sampling, mode in itertools.product((0, 2), ("RGB", "L", "YCbCr", "CMYK")):
        picture = Image.fromarray(EIGHT).convert(mode)
        file = io.BytesIO()
        picture.save(file, "TIFF", compression="jpeg", quality=90, subsampling=sampling)
        axes = {"samples": f"JPEG {mode}", "compression": "JPEG by libtiff"}
        yield Made("TIFF", axes | {"sampling": "4:2:0" if sampling else "4:4:4"}, file.getvalue(), None)
    for photometric, tile in itertools.product(("rgb", "ycbcr", "minisblack"), (None, (16, 16), (64, 64))):
        pixels = np.ascontiguousarray(EIGHT[..., 0] if photometric == "minisblack" else EIGHT)
        file = io.BytesIO()
        layout = {"tile": tile} if tile else {"rowsperstrip": 16}
        tifffile.imwrite(
            file, pixels, photometric=photometric, compression="jpeg", compressionargs={"level": 90}, **layout
        )
        axes = {"samples": f"JPEG {photometric}", "compression": "JPEG by tifffile"}
        yield Made("TIFF", axes | {"layout": f"tiles of {tile[0]}" if tile else "strips"}, file.getvalue(), None)
    black = np.asarray(EIGHT[..., 0] > 120)
    right = np.repeat(black[..., np.newaxis], 3, axis=2).astype(np.uint8) * 255
    for compression in ("group3", "group4"):
        data = encoded(black, "TIFF", compression=compression)
        yield Made("TIFF", {"samples": "black and white", "compression": f"fax, {compression}"}, data, right)
