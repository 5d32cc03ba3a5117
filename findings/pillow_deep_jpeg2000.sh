#!/usr/bin/env bash
# Pillow 13.0.0 (October 2026), on files of imagecodecs 2026.3.6 (March 2026)
#
# Behaviour: a JPEG 2000 of RGB with more than eight bits a sample is shown with the brightest half level as black:
# samples are rounded to eight bits, and what would become 256 becomes 0. Nothing is raised or warned of. Gray of the same
# depth stays at 16 bits and is right.
#
# Why one would guess otherwise: all other readers here drop the lower bits, which cannot overflow, and rounding without
# a limit is the kind of slip that white paper or a saturated sky would show at once; most test pictures have no white.
#
# Seen, samples of 16 bits and what is shown of them:
#   0x0080 -> 1    0x7fff -> 128    0xff7f -> 255    0xff80 -> 0    0xffff -> 0
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check pillow==13.0.0 imagecodecs==2026.3.6 numpy==2.4.6

venv/bin/python - <<'EOF'
import io
import sys

import imagecodecs
import numpy as np
from PIL import Image

samples = np.array([0x0080, 0x7FFF, 0xFF7F, 0xFF80, 0xFFFF], np.uint16)
picture = np.repeat(np.repeat(samples, 16)[np.newaxis, :, np.newaxis], 16, axis=0).repeat(3, axis=2)
data = imagecodecs.jpeg2k_encode(picture, level=0, reversible=True)
assert (imagecodecs.jpeg2k_decode(data) == picture).all()
shown = np.asarray(Image.open(io.BytesIO(data)))[0, ::16, 0].tolist()
print("    ".join(f"0x{sample:04x} -> {level}" for sample, level in zip(samples.tolist(), shown)))
if shown != [1, 128, 255, 0, 0]:
    sys.exit("changed: deep RGB in JPEG 2000 is no longer shown as it was")
EOF
