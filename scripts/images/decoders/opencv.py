"""PNG, WebP and AVIF by OpenCV."""

from typing import Any

import cv2
import numpy as np

from scripts.errors import ImageError
from scripts.images.picture import Decoded, Header

# OpenCV writes its own line for each damaged file; the reason stands in the error that is raised here.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

_TO_RGB = {(): cv2.COLOR_GRAY2RGB, (3,): cv2.COLOR_BGR2RGB, (4,): cv2.COLOR_BGRA2RGB}  # by the channels


def decode(data: bytes, header: Header) -> Decoded:
    """A picture; its alpha too, where it has one.

    Raises:
        ImageError: truncated or damaged.
    """
    bits = _bits(data, header)
    if not header.alpha:
        return Decoded(read(data, header, cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION), bits=bits)
    image = read(data, header, cv2.IMREAD_UNCHANGED)
    alpha = image[..., 3] if image.ndim == 3 and image.shape[2] == 4 else None
    if image.dtype == np.uint16 and header.kind == "AVIF":
        # Deep YCbCr becomes RGB a little otherwise where it stays deep; with alpha, IMREAD_COLOR_RGB is not obeyed.
        image = read(data, header, cv2.IMREAD_COLOR)
    elif image.dtype == np.uint16:
        image = (image >> (bits - 8)).astype(np.uint8)
    return Decoded(cv2.cvtColor(image, _TO_RGB[image.shape[2:]]), alpha, bits)


def read(data: bytes, header: Header, flags: int) -> Any:
    """The array that cv2.imdecode gives, of the size that the header says.

    Raises:
        ImageError: it gives nothing.
    """
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise ImageError(f"{header}: cannot be decoded ({error.err})") from None
    if image is None:
        raise ImageError(f"{header}: truncated or damaged: OpenCV gives no picture")
    if image.shape[:2] != (header.height, header.width):
        raise ImageError(f"{header}: truncated or damaged: OpenCV gives {image.shape[1]}x{image.shape[0]} pixels")
    return image


def _bits(data: bytes, header: Header) -> int:
    """Of a sample."""
    if header.kind == "PNG":
        return data[24]  # IHDR stands first
    if header.kind == "AVIF" and (at := data.find(b"av1C")) >= 0:
        deep, twelve = data[at + 6] >> 6 & 1, data[at + 6] >> 5 & 1  # AV1-ISOBMFF, 2.3.3
        return 8 + 2 * deep + 2 * twelve
    return 8
