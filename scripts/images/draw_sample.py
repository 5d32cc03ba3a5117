"""Draw one class of the sample study: tissue-like JPEG images, for a first run without any data.

Question: can the whole workflow be tried, and its classifier learn something, with no download?
Input: a class name and `--spec`, JSON with `per_class` (images), `size` (pixels an edge) and `seed`.
Output: `<folder>/<tissue>_<0001..>.jpg`, RGB, JPEG quality 90.

The images are drawings in the colours of haematoxylin and eosin (H&E), not microscopy: nothing measured on them says
anything about pathology. Image i of a class depends on the seed, the class, i and the size alone. Its mean colour is
drawn from one distribution for all classes, so that structure, not colour, must tell a class.

By hand:
    python -m scripts.images.draw_sample --folder sample --tissue solid_sheets \\
        --spec '{"per_class": 60, "size": 768, "seed": 0}'

To add a class, add its name to `sample_classes.CLASSES` and a function of that name, registered in `TISSUES`.
"""

import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from scripts import cli
from scripts.atomic import replacing
from scripts.images.sample_classes import CLASSES, file_name
from scripts.images.tissue import (
    ANGLES,
    UNIT_CIRCLE,
    Field,
    Floats,
    Reals,
    fibroblasts,
    glands,
    new_field,
    noise,
    nuclei,
    ring,
    scatter,
    territories,
    wobble,
)
from scripts.spec import Spec

JPEG_QUALITY = 90

HAEMATOXYLIN_OD = np.array([0.62, 0.78, 0.36])
EOSIN_OD = np.array([0.16, 0.82, 0.42])
"""Optical density (natural log) of one unit of each stain in R, G, B; chosen by eye."""

MEAN_RGB = np.array([199.0, 155.0, 189.0])
MEAN_RGB_SHARED_SD = 5.0
MEAN_RGB_CHANNEL_SD = np.array([2.5, 4.0, 2.5])
"""An image's mean colour, 0-255: normal, with a brightness shared by the channels and a part of each channel's own."""


class SampleSpec(Spec):
    """What drawing takes from the config."""

    per_class: int
    size: int
    seed: int


def draw(tissue: str, index: int, size: int, seed: int) -> npt.NDArray[np.uint8]:
    """Image `index` of class `tissue`: (size, size, 3) uint8 RGB; size is 64 to 2048 pixels."""
    cv2.setNumThreads(1)  # one job, one core; and never a result that depends on the number of cores
    key = np.random.SeedSequence([seed, zlib.crc32(tissue.encode()), index])
    layout, stain = (np.random.default_rng(part) for part in key.spawn(2))
    field = TISSUES[tissue](layout, size)
    return develop(optical_density(field, stain), mean_rgb(stain))


def glands_regular(rng: np.random.Generator, size: int) -> Field:
    """Round, well separated glands: an open lumen and one even ring of small basal nuclei."""
    field = new_field(rng, size, (10, 52, 60), bundle_um=9, wave_um=6)
    fibroblasts(field, field.uniform(24, 40), 13)
    nuclei(field, scatter(rng, field.uniform(34, 70), 0.4), 5.5, aspect=1.05, angle=0, stain=190)
    spacing_um = field.uniform(86, 116)
    centres = scatter(rng, spacing_um, 0.08)
    radius = territories(centres, field.uniform(12, 22), spacing_um * 0.47)
    radius *= rng.uniform(0.82, 1.0, (len(centres), 1))
    outlines = radius * wobble(rng, len(centres), 0.09, ANGLES)
    glands(
        field, centres, outlines, cytoplasm=(36, 60), lumen=(0.54, 0.68), lumen_wobble=0.1,
        rings=((0.85, 6.8),), nucleus_um=7.0, aspect=1.3, vesicular=False,
    )  # fmt: skip
    return field


def glands_crowded(rng: np.random.Generator, size: int) -> Field:
    """Irregular glands back to back: slit lumens, large nuclei piled up in two rows."""
    field = new_field(rng, size, (6, 40, 60), bundle_um=7, wave_um=6)
    fibroblasts(field, 26, 12)
    spacing_um = field.uniform(62, 80)
    centres = scatter(rng, spacing_um, 0.15, stretch=field.uniform(1.4, 1.9))
    radius = territories(centres, field.uniform(5, 10), spacing_um * 0.95)
    outlines = radius * wobble(rng, len(centres), 0.1, ANGLES)
    glands(
        field, centres, outlines, cytoplasm=(34, 52), lumen=(0.07, 0.18), lumen_wobble=0.3,
        rings=((0.87, 7.8), (0.66, 8.6), (0.46, 9.6)), nucleus_um=11.0, aspect=1.5, vesicular=True,
    )  # fmt: skip
    return field


def solid_sheets(rng: np.random.Generator, size: int) -> Field:
    """Nests of dense, large, unequal nuclei without lumens, parted by thin strands of stroma."""
    field = new_field(rng, size, (14, 26, 10), bundle_um=9, wave_um=6)
    spacing_um = field.uniform(12, 15)
    centres = scatter(rng, spacing_um, 0.17)
    across = noise(rng, (5, 5), (size, size))  # a strand runs where this crosses zero
    strand_width = field.uniform(0.03, 0.06)
    centres = centres[np.abs(across[field.pixel(centres)]) > strand_width]
    turn = rng.uniform(0, np.pi, len(centres))
    for centre, eosin in zip(centres, rng.integers(22, 44, len(centres)), strict=True):
        field.fill(centre + 0.56 * spacing_um * UNIT_CIRCLE[::6], (14, int(eosin), 4))
    field.paint[np.abs(across) < 0.7 * strand_width] = (12, 66, 70)
    nuclei(
        field, centres, spacing_um * field.uniform(0.78, 0.92), aspect=1.25, angle=turn,
        spread=0.2, rough=0.16, stain=190, vesicular=True,
    )  # fmt: skip
    return field


def air_spaces(rng: np.random.Generator, size: int) -> Field:
    """Wide spaces with pale fluid and a few macrophages between thin, partly broken walls."""
    field = new_field(rng, size, (24, 84, 60), bundle_um=6, wave_um=5)
    spacing_um = field.uniform(74, 118)
    centres = scatter(rng, spacing_um, 0.17, stretch=field.uniform(1.0, 1.3))
    count, gap_um = len(centres), field.uniform(9, 15)
    outlines = territories(centres, gap_um, 1e3) * wobble(rng, count, 0.07, ANGLES)
    broken = np.where(rng.uniform(size=(count, 1)) < 0.2, rng.uniform(1.06, 1.18, (count, 1)), 1.0)
    fluid = int(rng.integers(13, 25))
    places: list[Reals] = []
    for centre, outline, factor in zip(centres, outlines, broken, strict=True):
        space = (outline * factor)[:, None] * UNIT_CIRCLE
        field.fill(centre + space, (2, fluid, 0))
        polar = ring(rng, outline + gap_um * field.uniform(0.2, 0.6), 1.0, field.uniform(14, 24))
        spot = polar[:, 1:] * np.column_stack((np.cos(polar[:, 0]), np.sin(polar[:, 0])))
        places.append(np.column_stack((centre + spot, polar[:, 0] + np.pi / 2)))
    place = np.concatenate(places)
    place = place[field.paint[field.pixel(place[:, :2])][:, 1] > 50]  # a nucleus needs a wall
    nuclei(field, place[:, :2], 6.5, aspect=1.6, angle=place[:, 2], spread=0.2, stain=130)
    macrophages = centres[rng.uniform(size=count) < 0.3]
    macrophages = macrophages + rng.normal(0, 0.15 * spacing_um, macrophages.shape)
    for centre in macrophages:
        field.fill(centre + field.uniform(5, 8) * UNIT_CIRCLE[::3], (14, 44, 0))
    nuclei(field, macrophages + rng.normal(0, 1.5, macrophages.shape), 6, aspect=1.2, angle=0)
    return field


def fibrous_stroma(rng: np.random.Generator, size: int) -> Field:
    """Wavy bundles of collagen with clefts between them and sparse spindle nuclei."""
    bundle_um, wave_um = float(rng.uniform(18, 34)), float(rng.uniform(2, 8))
    field = new_field(rng, size, (8, 62, 150), bundle_um=bundle_um, wave_um=wave_um)
    field.paint[field.fibres < -field.uniform(1.0, 1.6)] = (2, 12, 0)  # clefts
    fibroblasts(field, field.uniform(34, 56), 18)
    return field


TISSUES: dict[str, Callable[[np.random.Generator, int], Field]] = {
    "air_spaces": air_spaces,
    "fibrous_stroma": fibrous_stroma,
    "glands_crowded": glands_crowded,
    "glands_regular": glands_regular,
    "solid_sheets": solid_sheets,
}


def mean_rgb(rng: np.random.Generator) -> Reals:
    """An image's mean colour (R, G, B), 0-255, whatever its class."""
    shared = np.clip(rng.normal(), -2, 2) * MEAN_RGB_SHARED_SD
    own = np.clip(rng.normal(size=3), -2, 2) * MEAN_RGB_CHANNEL_SD
    return np.asarray(MEAN_RGB + shared + own, np.float64)


def optical_density(field: Field, rng: np.random.Generator) -> Floats:
    """Stain a painted field: optical density (size, size, 3) float32 in R, G, B, before its mean is set."""
    size = field.paint.shape[0]
    grain = noise(rng, (256, 256), (size, size))
    patches = noise(rng, (7, 7), (size, size))
    h, e, fibrous = (field.paint[:, :, channel].astype(np.float32) / 100 for channel in range(3))
    h *= 1 + 0.14 * grain
    e *= np.maximum(1 + 0.06 * grain + 0.10 * patches + 0.45 * fibrous * field.fibres, 0.1)
    stains = np.stack((HAEMATOXYLIN_OD, EOSIN_OD), axis=1) * rng.normal(1, 0.05, (3, 2))
    density = cv2.transform(np.dstack((h, e)), stains.astype(np.float32)) + np.float32(0.03)
    sigma = max(0.7 * size / 768, 0.3)  # the objective's blur, pixels
    return np.asarray(cv2.GaussianBlur(density, (0, 0), sigma), np.float32)


def develop(density: Floats, mean: Reals) -> npt.NDArray[np.uint8]:
    """Turn optical density (size, size, 3) into RGB uint8 whose channel means are `mean`, 0-255.

    Each channel's density is multiplied by one number, as longer or shorter staining would, found by Newton's method on
    a sparse grid of pixels. By the Beer-Lambert law light is 255 exp(-density), which cannot leave 0-255.
    """
    step = max(density.shape[0] // 192, 1)
    sample = density[::step, ::step].reshape(-1, 3).astype(np.float64)
    factor = np.ones(3)
    for _ in range(8):
        light = 255 * np.exp(-factor * sample)
        slope = -(sample * light).mean(axis=0)
        factor = np.clip(factor - (light.mean(axis=0) - mean) / slope, 0.05, 20)
    image = np.exp(density * (-factor).astype(np.float32)) * np.float32(255)
    return np.asarray(np.rint(image), np.uint8)


def write_class(folder: Path, tissue: str, count: int, size: int, seed: int) -> list[Path]:
    """Write images 1 to `count` of class `tissue` into `folder`, each whole or not at all; return their paths.

    Images of the class beyond `count`, left by a larger study, are removed.
    """
    paths = [folder / file_name(tissue, index) for index in range(1, count + 1)]
    for old in set(folder.glob(f"{tissue}_*.jpg")) - set(paths):
        old.unlink()
    for index, path in enumerate(cli.progress(paths, total=count, doing=f"draw {tissue}"), start=1):
        bgr = cv2.cvtColor(draw(tissue, index, size, seed), cv2.COLOR_RGB2BGR)
        _, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        with replacing(path) as temporary:
            temporary.write_bytes(jpeg.tobytes())
    return paths


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--tissue", choices=CLASSES, required=True)
    parser.add_argument("--spec", type=SampleSpec.model_validate_json, required=True)
    args = parser.parse_args()
    write_class(args.folder, args.tissue, args.spec.per_class, args.spec.size, args.spec.seed)


if __name__ == "__main__":
    cli.run(main)
