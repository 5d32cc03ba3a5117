"""Whole files of each kind, and what damage leaves of them."""

import io
from collections.abc import Callable, Iterator

import numpy as np
import tifffile
from format_grid import encoded

EACH = 24  # files of a kind, for each damage
DAMAGES = ("20 bytes", "cut", "zeroed")
Maker = Callable[[int], bytes]


def picture(number: int) -> np.ndarray:
    """uint8 (120, 160, 3): slopes with noise, another for each number."""
    rng = np.random.default_rng(number)
    y, x = np.mgrid[:120, :160]
    slopes = np.stack([x + y // 3, 200 - x // 2 - y // 4, (x * y) // 100], -1)
    return np.clip(slopes + rng.integers(-6, 7, slopes.shape), 0, 255).astype(np.uint8)


def kinds() -> dict[str, Maker]:
    """How a numbered file of each kind is made."""

    def by_pillow(kind: str, **options: object) -> Maker:
        return lambda number: encoded(picture(number), kind, **options)

    def fax(number: int) -> bytes:
        return encoded(picture(number)[..., 0] > 100, "TIFF", compression="group4")

    def tiff(compression: str | None, predictor: bool = False) -> Maker:
        def write(number: int) -> bytes:
            file = io.BytesIO()
            options = {"compression": compression, "predictor": predictor, "rowsperstrip": 32}
            tifffile.imwrite(file, picture(number), photometric="rgb", **options)
            return file.getvalue()

        return write

    return {
        "JPEG": by_pillow("JPEG", quality=90),
        "JPEG, progressive": by_pillow("JPEG", quality=90, progressive=True),
        "PNG": by_pillow("PNG"),
        "WebP, lossless": by_pillow("WEBP", lossless=True),
        "WebP, lossy": by_pillow("WEBP"),
        "AVIF": by_pillow("AVIF", speed=9),
        "GIF": by_pillow("GIF"),
        "BMP": by_pillow("BMP"),
        "JPEG 2000": by_pillow("JPEG2000"),
        "TIFF, deflate": tiff("zlib"),
        "TIFF, LZMA": tiff("lzma"),
        "TIFF, LZW": tiff("lzw"),
        "TIFF, LZW, predictor": tiff("lzw", True),
        "TIFF, zstd": tiff("zstd"),
        "TIFF, packbits": tiff("packbits"),
        "TIFF, JPEG": by_pillow("TIFF", compression="jpeg", quality=90),
        "TIFF, fax": fax,
        "TIFF, none": tiff(None),
    }


def damaged(whole: bytes, damage: str, number: int) -> bytes:
    """What is left of a file."""
    rng, hurt = np.random.default_rng(1000 + number), bytearray(whole)
    at = int(rng.integers(len(hurt) // 4, len(hurt) - 20))
    if damage == "20 bytes":
        hurt[at : at + 20] = rng.bytes(20)
    elif damage == "cut":
        del hurt[at:]
    else:
        hurt[at:] = bytes(len(hurt) - at)
    return bytes(hurt)


def damaged_strips(count: int = 240) -> Iterator[tuple[np.ndarray, bytes]]:
    """TIFFs of LZW and deflate, half of them predicted, with 20 bytes overwritten inside their strips; their pixels."""
    for number in range(count):
        pixels = picture(number)
        file = io.BytesIO()
        options = {"compression": ("lzw", "zlib")[number % 2], "predictor": number // 2 % 2 == 1}
        tifffile.imwrite(file, pixels, photometric="rgb", rowsperstrip=(120, 16)[number // 4 % 2], **options)
        with tifffile.TiffFile(io.BytesIO(file.getvalue())) as read:
            offsets, counts = read.pages[0].dataoffsets, read.pages[0].databytecounts
        rng, hurt = np.random.default_rng(number), bytearray(file.getvalue())
        at = int(rng.integers(offsets[0], offsets[-1] + counts[-1] - 20))
        hurt[at : at + 20] = rng.bytes(20)
        yield pixels, bytes(hurt)
