#!/usr/bin/env bash
# opencv-python-headless 5.0.0.93 (July 2026), on files of Pillow 13.0.0 (October 2026)
#
# Behaviour: IMREAD_COLOR_RGB, the flag that asks for red first, has no effect on an AVIF with an alpha channel: it
# gives blue first, as IMREAD_COLOR does. For an AVIF without alpha, and for PNG, WebP and JPEG 2000 with it, the flag
# is obeyed.
#
# Why one would guess otherwise: the two flags name the order of the result, whatever is in the file, and each is right
# on every AVIF of a test set made from photographs. One picture with alpha among them has its colours exchanged, with
# no word.
#
# Seen, which colour stands first in what the flag gives:
#   PNG         without alpha: red    with alpha: red
#   WEBP        without alpha: red    with alpha: red
#   JPEG2000    without alpha: red    with alpha: red
#   AVIF        without alpha: red    with alpha: blue
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check opencv-python-headless==5.0.0.93 pillow==13.0.0 numpy==2.4.6

venv/bin/python - <<'EOF'
import sys

import cv2
import numpy as np
from PIL import Image

y, x = np.mgrid[:64, :64]
colours = np.stack([255 - x, y * 3, x], -1).astype(np.uint8)  # red falls from left to right, blue rises
alpha = (255 - y * 2).astype(np.uint8)
options = {"PNG": {}, "WEBP": {"lossless": True, "exact": True}, "JPEG2000": {}}
options["AVIF"] = {"quality": 100, "subsampling": "4:4:4"}


def first(kind: str, pixels: np.ndarray) -> str:
    Image.fromarray(pixels).save("x", kind, **options[kind])
    with Image.open("x") as image:
        true = np.array(image).astype(int)[..., :3]
    found = cv2.imread("x", cv2.IMREAD_COLOR_RGB).astype(int)
    orders = {"red": [0, 1, 2], "blue": [2, 1, 0]}
    off = {name: float(np.abs(found - true[..., order]).mean()) for name, order in orders.items()}
    return next((name for name, one in off.items() if one < 1), "neither")


seen = {kind: (first(kind, colours), first(kind, np.dstack([colours, alpha]))) for kind in options}
for kind, (without, with_alpha) in seen.items():
    print(f"{kind:11} without alpha: {without:6} with alpha: {with_alpha}")
if seen != {kind: ("red", "blue" if kind == "AVIF" else "red") for kind in options}:
    sys.exit("changed: the order of colours that IMREAD_COLOR_RGB gives")
EOF
