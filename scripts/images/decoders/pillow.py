"""BMP, GIF and JPEG 2000 by Pillow; where it does not do alone, a second library must show the same pixels.

- OpenCV tells of more damage in a GIF, but shows the background in place of the colour of a transparent index.
- Pillow tells of damage in JPEG 2000, where others decode zeros; of samples deeper than eight bits it takes the largest
  for 0, so imagecodecs shows these.
"""

import io
import struct

import cv2
import numpy as np
from PIL import Image

from scripts.errors import ImageError
from scripts.images.decoders import opencv
from scripts.images.picture import Decoded, Header

_CODESTREAM = b"\xff\x4f\xff\x51"  # start of a JPEG 2000 codestream, then its sizes (ITU-T T.800, A.4 and A.5)


def decode(data: bytes, header: Header) -> Decoded:
    """A picture; its alpha too, where it has one.

    Raises:
        ImageError: truncated or damaged.
    """
    try:
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            return _decoded(image)
    except Exception as error:  # Pillow's decoders raise anything on damaged data
        raise ImageError(f"{header}: truncated or damaged: {error}") from None


def _decoded(image: Image.Image) -> Decoded:
    # A transparent index is dropped before the conversion, in which it would be mixed into the colours.
    index = image.info.pop("transparency", None)
    alpha = None
    if image.mode in {"LA", "PA", "RGBA"}:
        alpha = np.asarray(image.getchannel("A"))
    elif isinstance(index, int) and image.mode in {"L", "P"}:
        alpha = np.asarray(image) != index
    if image.mode == "PA":
        image = image.convert("RGBA")
    return Decoded(np.asarray(image.convert("RGB")), alpha)


def decode_gif(data: bytes, header: Header) -> Decoded:
    """As `decode`; OpenCV must have found no damage and show the same, but for transparent pixels."""
    found = decode(data, header)
    seen = opencv.read(data, header, cv2.IMREAD_COLOR_RGB)
    visible = np.s_[:] if found.alpha is None else found.alpha.astype(bool)
    if not np.array_equal(seen[visible], found.pixels[visible]):
        raise ImageError(f"{header}: Pillow and OpenCV show it differently: damaged, or smaller than its screen")
    return found


def decode_jpeg2000(data: bytes, header: Header) -> Decoded:
    """As `decode`; samples of more than eight bits by imagecodecs, once Pillow has found no damage."""
    found = decode(data, header)
    at = data.find(_CODESTREAM) + 40
    components = struct.unpack_from(">H", data, at)[0]
    bits = {(data[at + 2 + 3 * i] & 0x7F) + 1 for i in range(components)}
    if max(bits) <= 8:
        return found
    import imagecodecs

    try:
        samples = imagecodecs.jpeg2k_decode(data, numthreads=1)
    except Exception as error:  # what it does not know, as components of unequal size, is no error of its own
        raise ImageError(f"{header}: JPEG 2000 of a kind that imagecodecs does not decode: {error}") from None
    if len(bits) > 1 or samples.dtype != np.uint16 or samples.shape[:2] != found.pixels.shape[:2]:
        raise ImageError(f"{header}: JPEG 2000 of {bits} bits as {samples.dtype}; expected one depth, unsigned")
    upper = np.atleast_3d(samples >> (max(bits) - 8)).astype(np.uint8)
    colours = np.repeat(upper[..., :1], 3, axis=2) if upper.shape[2] < 3 else upper[..., :3]
    return Decoded(np.ascontiguousarray(colours), found.alpha, max(bits))
