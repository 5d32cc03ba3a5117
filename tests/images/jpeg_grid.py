"""The JPEGs of the grid: coding x colours x sampling x orientation x bytes between segments."""

import io
import itertools
from collections.abc import Iterator

import imagecodecs
import numpy as np
from format_grid import DEEP, TURNS, Made, at_depth, encoded, exif
from PIL import Image

EIGHT = at_depth(DEEP[..., :3], 8).astype(np.uint8)
MARKERS = {"DQT": b"\xff\xdb", "DHT": b"\xff\xc4", "SOF": b"\xff\xc0", "SOS": b"\xff\xda"}


def patched(data: bytes, sampling: tuple[int, ...]) -> bytes:
    """A baseline JPEG that states other sampling factors, as 0x21 for 2x1, than its scan has."""
    frame, changed = data.index(MARKERS["SOF"]), bytearray(data)
    changed[frame + 11 : frame + 11 + 3 * len(sampling) : 3] = bytes(sampling)
    return bytes(changed)


def jpegs() -> Iterator[Made]:
    for mode, progressive, restart in itertools.product(("L", "RGB", "CMYK"), (False, True), (0, 2)):
        file = io.BytesIO()
        Image.fromarray(EIGHT).convert(mode).save(
            file, "JPEG", quality=90, progressive=progressive, restart_marker_blocks=restart
        )
        axes = {"colours": mode, "coding": "progressive" if progressive else "baseline"}
        yield Made("JPEG", axes | {"restarts": f"{restart}"}, file.getvalue(), None)
    for sampling, stored in itertools.product(("444", "422", "420", "440", "411"), ("YCBCR", "RGB")):
        if stored == "YCBCR" or sampling == "444":
            data = imagecodecs.jpeg8_encode(EIGHT, 90, subsampling=sampling, outcolorspace=stored)
            yield Made("JPEG", {"colours": f"stored as {stored}", "sampling": sampling}, data, None)
    for orientation in TURNS:
        data = encoded(EIGHT, "JPEG", quality=95, exif=b"Exif\0\0" + exif(orientation))
        yield Made("JPEG", {"orientation": f"{orientation}"}, data, None)
    whole = encoded(EIGHT, "JPEG", quality=95)
    for name, marker in MARKERS.items():
        data = whole.replace(marker, b"junk" + marker, 1)
        yield Made("JPEG", {"bytes between segments": f"before {name}"}, data, None)
    scan = whole.index(MARKERS["SOS"])
    for name, data in {
        "an unknown revision of JFIF": whole.replace(b"JFIF\0\1\1", b"JFIF\0\7\7"),
        "a scan that misstates its coefficients": whole[:scan] + whole[scan:].replace(b"\0\x3f\0", b"\0\0\0", 1),
        "a damaged profile": whole[:20] + b"\xff\xe2\0\x12ICC_PROFILE\0\5\2\0\0" + whole[20:],
    }.items():
        assert data != whole
        yield Made("JPEG", {"header": name}, data, None)
    for name, pixels in {"RGB": EIGHT, "gray": np.ascontiguousarray(EIGHT[..., 0])}.items():
        right = EIGHT if name == "RGB" else np.repeat(pixels[..., None], 3, axis=2)
        yield Made(
            "JPEG", {"coding": "lossless", "colours": name}, imagecodecs.jpeg8_encode(pixels, lossless=True), right
        )
