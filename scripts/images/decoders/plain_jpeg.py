"""The header of an ordinary JPEG, of tables, one frame and a scan: read in a few microseconds.

Any other (EXIF, profiles, CMYK, lossless, 12 bits, anything damaged) is left to Pillow, which takes a fiftieth of the
time of a scaled decode. Segments as in ITU-T T.81, annex B.
"""

from scripts.images.picture import Header

# Tables of Huffman codes, restart interval, JFIF, comment.
_PASSED_OVER = frozenset((0xC4, 0xDD, 0xE0, 0xFE))
_QUANTIZATION, _START_OF_SCAN = 0xDB, 0xDA
_FRAMES = (0xC0, 0xC2)  # baseline and progressive, 8 bits
_MODES = {1: "L", 3: "RGB"}  # by components
_TABLE = 65  # bytes of a quantization table of 8 bits
MANY_PIXELS = 50_000_000  # of more, Pillow says whether they are a bomb


def read_header(data: bytes) -> Header | None:
    """What Pillow would read; None where there is anything that it should look at."""
    frame = _find_frame(data)
    if frame is None:
        return None
    bits, components = data[frame + 4], data[frame + 9]
    height, width = data[frame + 5] << 8 | data[frame + 6], data[frame + 7] << 8 | data[frame + 8]
    if bits != 8 or components not in _MODES or not 0 < height * width <= MANY_PIXELS:
        return None
    return Header("JPEG", _MODES[components], width, height, frames=1, orientation=1, alpha=False, plain=True)


def _find_frame(data: bytes) -> int | None:
    """Where the start of frame stands, if all before the scan is of the ordinary kind."""
    at, frame, end = 2, None, len(data) - 10
    while at < end and data[at] == 0xFF:
        marker, length = data[at + 1], data[at + 2] << 8 | data[at + 3]
        if length < 2 or at + 2 + length > len(data):
            return None
        if marker == _START_OF_SCAN:
            return frame
        if marker in _FRAMES and frame is None:
            frame = at
        elif marker == _QUANTIZATION:
            if (length - 2) % _TABLE or data[at + 4] >> 4:
                return None
        elif marker not in _PASSED_OVER:
            return None
        at += 2 + length
    return None
