"""What a picture is on its way from file to pixels: its header, its pixels, and what a decoder gives."""

from typing import Any, NamedTuple

import numpy as np

Pixels = np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]


class Header(NamedTuple):
    """What the content of a file says that it is."""

    kind: str  # Pillow's name of the format
    mode: str  # Pillow's mode: L, RGB, CMYK, P, I;16 ...; of a TIFF: 8-bit RGB, 12-bit gray ...
    width: int  # pixels, before `orientation` is applied
    height: int
    frames: int
    orientation: int  # of EXIF, still to be applied, 1 to 8; 1 is upright
    alpha: bool  # whether pixels can be transparent
    plain: bool = False  # a JPEG of the ordinary kind (scripts/images/decoders/plain_jpeg.py)

    def __str__(self) -> str:
        return f"{self.kind} {self.mode} {self.width}x{self.height}"


class Decoded(NamedTuple):
    """A picture as it is stored: not turned, its transparency apart."""

    pixels: Pixels  # uint8 RGB (h, w, 3): colours as stored, whatever the alpha
    alpha: np.ndarray[Any, Any] | None = None  # (h, w), 0 where nothing is visible; None: no pixel is transparent
    bits: int = 8  # of a sample in the file; of deeper ones the pixels are the upper eight
