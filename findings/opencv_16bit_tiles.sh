#!/usr/bin/env bash
# opencv-python-headless 5.0.0.93 (July 2026), on files of tifffile 2026.3.3 (March 2026)
#
# Behaviour: a 16-bit gray TIFF in tiles, read as 8 bits (IMREAD_GRAYSCALE, IMREAD_COLOR), is wrong in every tile that
# the right edge of the image cuts. Rows of such a tile are taken (tile + cut) / 2 pixels apart, where they lie a tile's
# width apart. Nothing is raised or logged. The same file is right with IMREAD_UNCHANGED, and so are 8-bit tiles and
# 16-bit strips.
#
# Why one would guess otherwise: tiles and bit depth are two independent things of the format, each read well by itself,
# and a reader that decodes all 16 bits of a tile should only have to drop the lower eight. Tests use 256 px, which
# tiles divide.
#
# Seen, gradients of 224 x 224, share of pixels that differ from the upper byte of the true value:
#   strips         8 bits 0.00   16 bits kept 0.00
#   tiles of 32    8 bits 0.00   16 bits kept 0.00
#   tiles of 64    8 bits 0.11   16 bits kept 0.00
#   tiles of 256   8 bits 0.94   16 bits kept 0.00
#   rows of a tile of 64, cut to 36: 50 pixels apart
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check \
  opencv-python-headless==5.0.0.93 tifffile==2026.3.3 numpy==2.4.6

venv/bin/python - <<'EOF'
import sys

import cv2
import numpy as np
import tifffile


def write(pixels: np.ndarray, tile: int | None) -> None:
    tifffile.imwrite("x.tif", pixels, photometric="minisblack", tile=(tile, tile) if tile else None)


y, x = np.mgrid[:224, :224]
true = (x * 290 + y).astype(np.uint16)
reduced, kept = {}, {}
for tile in (None, 32, 64, 256):
    write(true, tile)
    assert (tifffile.imread("x.tif") == true).all()
    reduced[tile] = float((cv2.imread("x.tif", cv2.IMREAD_GRAYSCALE) != true >> 8).mean())
    kept[tile] = float((cv2.imread("x.tif", cv2.IMREAD_UNCHANGED) != true).mean())
    name = f"tiles of {tile}" if tile else "strips"
    print(f"{name:14} 8 bits {reduced[tile]:.2f}   16 bits kept {kept[tile]:.2f}")

# Two pictures number the rows and columns of a cut tile, so that what is read tells where it was taken from.
found = []
for number in np.mgrid[1:65, 1:37]:
    picture = np.zeros((64, 100), np.uint16)
    picture[:, 64:] = number << 8
    write(picture, 64)
    found.append(cv2.imread("x.tif", cv2.IMREAD_GRAYSCALE)[:, 64:].astype(int))
rows, columns = found
first = [int(np.flatnonzero(row)[0]) if row.any() else -1 for row in rows]  # the padding of a tile is 0
starts = {i: (rows[i, j] - 1) * 64 + columns[i, j] - 1 - j for i, j in enumerate(first) if i and j >= 0}
apart = {float(start / i) for i, start in starts.items()}
print(f"rows of a tile of 64, cut to 36: {', '.join(f'{one:g}' for one in sorted(apart))} pixels apart")

same = max(kept.values()) == reduced[None] == reduced[32] == 0 and reduced[64] > 0.1 and reduced[256] > 0.9
if not (same and apart == {50.0}):
    sys.exit("changed: 16-bit tiles cut by the right edge are no longer read as they were")
EOF
