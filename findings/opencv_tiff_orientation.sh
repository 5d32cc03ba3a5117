#!/usr/bin/env bash
# opencv-python-headless 5.0.0.93 (July 2026), Pillow 13.0.0 (October 2026), on files of tifffile 2026.3.3 (March 2026)
#
# Behaviour: of one TIFF that lies on its side (tag 274 is 5 to 8, width is not height), imdecode gives the upright
# picture and imread gives None. IMREAD_IGNORE_ORIENTATION, by which a JPEG comes as it is stored, has no effect on a
# TIFF. And where the pixels lie in tiles, orientations 2, 3, 6 and 7 give wrong pixels without a word: with 2, each
# tile is mirrored in its own place.
#
# Why one would guess otherwise: imread looks like imdecode with a file opened first, the flag is documented for all
# formats, and turning is a step after decoding, where strips and tiles are no longer told apart. It seems that the
# reader of TIFFs turns pixels by itself, beside the step that does so for all other formats.
#
# Seen, 96 x 64 pixels, orientations that are right by Pillow:
#   JPEG    imread 1 2 3 4 5 6 7 8   imdecode 1 2 3 4 5 6 7 8   as stored, by the flag 1 2 3 4 5 6 7 8
#   strips  imread 1 2 3 4           imdecode 1 2 3 4 5 6 7 8   as stored, by the flag 1
#   tiles   imread 1 4               imdecode 1 4 5 8           as stored, by the flag 1
#   orientation 2: each tile is mirrored in its own place
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check \
  opencv-python-headless==5.0.0.93 tifffile==2026.3.3 pillow==13.0.0 numpy==2.4.6
export OPENCV_LOG_LEVEL=SILENT

venv/bin/python - <<'EOF'
import sys

import cv2
import numpy as np
import tifffile
from PIL import Image, ImageOps

y, x = np.mgrid[:64, :96]
stored = np.stack([x * 2, y * 3, x + y], -1).astype(np.uint8)
COLOURS = cv2.IMREAD_COLOR_RGB
IGNORE = COLOURS | cv2.IMREAD_IGNORE_ORIENTATION


def write(kind: str, orientation: int) -> str:
    if kind == "JPEG":
        exif = Image.Exif()
        exif[274] = orientation
        Image.fromarray(stored).save("x.jpg", exif=exif, quality=95, subsampling=0)
        return "x.jpg"
    tag = (274, "H", 1, orientation, True)
    tifffile.imwrite("x.tif", stored, photometric="rgb", tile=(32, 32) if kind == "tiles" else None, extratags=[tag])
    return "x.tif"


def equal(found: np.ndarray | None, wanted: np.ndarray) -> bool:  # two decoders of a JPEG may differ a little
    return found is not None and found.shape == wanted.shape and float(np.abs(found.astype(int) - wanted).mean()) < 1


seen = {}
for kind in ("JPEG", "strips", "tiles"):
    right = {"imread": "", "imdecode": "", "flag": ""}
    for orientation in range(1, 9):
        name = write(kind, orientation)
        upright = np.array(ImageOps.exif_transpose(Image.open(name)))
        content = np.fromfile(name, np.uint8)
        judged = {
            "imread": equal(cv2.imread(name, COLOURS), upright),
            "imdecode": equal(cv2.imdecode(content, COLOURS), upright),
            "flag": equal(cv2.imdecode(content, IGNORE), stored),
        }
        for way, good in judged.items():
            right[way] += f"{orientation} " if good else ""
    seen[kind] = {way: found.strip() for way, found in right.items()}
    one = seen[kind]
    print(f"{kind:7} imread {one['imread']:17} imdecode {one['imdecode']:17} as stored, by the flag {one['flag']}")

found = cv2.imread(write("tiles", 2), COLOURS)
in_tiles = stored.reshape(64, 3, 32, 3)  # rows, tiles of a row, columns of a tile, channels
in_place = bool((found == in_tiles[:, :, ::-1].reshape(64, 96, 3)).all())
print(f"orientation 2: {'each tile is mirrored in its own place' if in_place else 'something else'}")

every = "1 2 3 4 5 6 7 8"
wanted = {
    "JPEG": {"imread": every, "imdecode": every, "flag": every},
    "strips": {"imread": "1 2 3 4", "imdecode": every, "flag": "1"},
    "tiles": {"imread": "1 4", "imdecode": "1 4 5 8", "flag": "1"},
}
if seen != wanted or not in_place:
    sys.exit("changed: orientations of a TIFF are no longer read as they were")
EOF
