"""Parts of procedural tissue: fibres, nuclei and glands, painted as amounts of stain on one `Field`.

A field is a square view 384 um wide (0.5 um a pixel at 768 pixels, as with a 20x objective). Lengths are in um, and
places are drawn without regard to the image size: a smaller image is nearly the same view, scaled.
`draw_sample.py` puts the parts together into classes and gives the stains their colour.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Reals = npt.NDArray[np.float64]
Paint = tuple[int, int, int]
"""Haematoxylin, eosin and fibrousness, each 0-255; 100 is one unit of stain."""

FIELD_UM = 384.0
FIXED_POINT_BITS = 4  # cv2 draws at 1/16 pixel, so nuclei keep their shape in small images

TEXTURE_CELLS = 192
"""Cells a side of the grid that the fibre flow is computed on (2 um a cell)."""


@dataclass
class Field:
    """One view being painted."""

    rng: np.random.Generator
    """Source of every random choice."""
    paint: npt.NDArray[np.uint8]
    """(size, size, 3): haematoxylin, eosin, fibrousness (see `Paint`)."""
    fibres: Floats
    """(size, size): relative density of fibres, of deviation about 1; shows where fibrousness is painted."""
    direction: Floats
    """(TEXTURE_CELLS, TEXTURE_CELLS): local direction of fibres, radians."""

    def fill(self, outline: Reals, colour: Paint) -> None:
        """Fill the closed polygon `outline`, (points, 2) as x, y in um."""
        cv2.fillPoly(self.paint, [self.grid(outline)], colour, cv2.LINE_AA, FIXED_POINT_BITS)

    def grid(self, points: Reals) -> npt.NDArray[np.int32]:
        """Points (..., 2) in um as the fixed-point pixel coordinates that cv2 draws with."""
        scale = self.paint.shape[0] / FIELD_UM * 2**FIXED_POINT_BITS
        return np.asarray(np.rint(points * scale), np.int32)

    def pixel(self, points: Reals) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Row and column of the pixels nearest to points (n, 2) in um, for indexing."""
        size = self.paint.shape[0]
        column, row = np.clip(points * (size / FIELD_UM), 0, size - 1).astype(np.int64).T
        return row, column

    def uniform(self, low: float, high: float) -> float:
        """Draw one number."""
        return float(self.rng.uniform(low, high))


def noise(rng: np.random.Generator, cells: tuple[int, int], size: tuple[int, int]) -> Floats:
    """Smooth normal noise: a (rows, columns) grid of `cells`, resized to (rows, columns) `size`."""
    grid = rng.standard_normal(cells, dtype=np.float32)
    return np.asarray(cv2.resize(grid, size[::-1], interpolation=cv2.INTER_CUBIC), np.float32)


def new_field(rng: np.random.Generator, size: int, base: Paint, *, bundle_um: float, wave_um: float) -> Field:
    """Start a view `size` pixels wide of stroma `base`, its fibre bundles `bundle_um` wide.

    The fibres are noise stretched along one direction, then bent by a slow wander and by the
    regular crimp of collagen, both of amplitude about `wave_um`.
    """
    angle, phase = rng.uniform(0, np.pi), rng.uniform(0, 2 * np.pi)
    crimp_um = rng.uniform(60, 110)
    n = TEXTURE_CELLS
    y, x = np.mgrid[0:n, 0:n].astype(np.float32) * np.float32(FIELD_UM / n) - FIELD_UM / 2
    along = x * np.cos(angle) + y * np.sin(angle)
    across = y * np.cos(angle) - x * np.sin(angle)
    wander = noise(rng, (4, 4), (n, n))
    across = across + wave_um * (3 * wander + np.sin(2 * np.pi * along / crimp_um + phase + wander))
    slope_y, slope_x = np.gradient(across)
    direction = np.arctan2(-slope_x, slope_y).astype(np.float32)

    # The stretched noise is one tile, 1 um a pixel across and 4 um along; remap bends it.
    tile = noise(rng, (round(768 / bundle_um), 11), (768, 192))
    tile += 0.6 * noise(rng, (round(768 / 4), 14), (768, 192))
    to_full = ((along / 4 + 96).astype(np.float32), (across + 384).astype(np.float32))
    column, row = (cv2.resize(grid, (size, size), interpolation=cv2.INTER_LINEAR) for grid in to_full)
    fibres = cv2.remap(tile, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    paint = np.full((size, size, 3), base, np.uint8)
    return Field(rng, paint, np.asarray(fibres, np.float32), direction)


def scatter(rng: np.random.Generator, spacing_um: float, jitter: float, stretch: float = 1.0) -> Reals:
    """Points (n, 2) in um on a jittered triangular grid, turned at random, past the view's edges.

    `jitter` is a share of `spacing_um`; `stretch` lengthens the grid along one direction.
    """
    half = int(FIELD_UM * 0.72 / spacing_um) + 2
    row, column = (a.ravel() for a in np.mgrid[-half : half + 1, -half : half + 1])
    grid = np.column_stack(((column + 0.5 * (row % 2)) * stretch, row * 0.87)) * spacing_um
    grid = grid + rng.normal(0, jitter * spacing_um, grid.shape)
    turn = rng.uniform(0, 2 * np.pi)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    points = grid @ rotation + FIELD_UM / 2 + rng.uniform(-0.5, 0.5, 2) * spacing_um
    inside = (np.abs(points - FIELD_UM / 2) < FIELD_UM / 2 + spacing_um).all(axis=1)
    return np.asarray(points[inside], np.float64)


def wobble(rng: np.random.Generator, count: int, amount: float, angles: Reals) -> Reals:
    """Radius factors (count, angles) around 1: the 2nd to 5th harmonics, at most about `amount`."""
    order = np.arange(2, 6)
    size = amount * rng.uniform(-1, 1, (count, 4)) / np.sqrt(order)
    shift = rng.uniform(0, 2 * np.pi, (count, 4))
    waves = np.cos(order[None, :, None] * angles + shift[:, :, None])
    return np.asarray(1 + (size[:, :, None] * waves).sum(axis=1), np.float64)


ANGLES: Reals = np.linspace(0, 2 * np.pi, 48, endpoint=False)
UNIT_CIRCLE: Reals = np.column_stack((np.cos(ANGLES), np.sin(ANGLES)))


def territories(centres: Reals, gap_um: float, largest_um: float) -> Reals:
    """Radii (n, 48) in um of rounded Voronoi cells about `centres`, `gap_um` apart.

    A p-norm over the neighbours' bisectors in place of their minimum rounds the corners;
    `largest_um` bounds a radius in the same way.
    """
    offset = centres[None] - centres[:, None]
    squared = (offset**2).sum(axis=2) + np.eye(len(centres)) * 1e12
    towards = np.maximum(2 * (offset / squared[:, :, None]) @ UNIT_CIRCLE.T, 0)
    towards **= 8
    radius = (towards.sum(axis=1) + largest_um**-8) ** (-1 / 8)
    return np.asarray(np.maximum(radius - gap_um / 2, 2.0), np.float64)


def nuclei(
    field: Field,
    centres: Reals,
    length_um: float,
    *,
    aspect: float,
    angle: Reals | float,
    spread: float = 0.1,
    rough: float = 0.08,
    stain: int = 165,
    vesicular: bool = False,
) -> None:
    """Draw nuclei at `centres` (n, 2) um: ellipses `length_um` long with a darker membrane.

    `spread` is the relative deviation of size, `rough` of the outline; a vesicular nucleus is
    pale inside and shows a nucleolus.
    """
    count, rng = len(centres), field.rng
    angles = ANGLES[::3]
    long = length_um / 2 * np.exp(rng.normal(0, spread, count))
    short = long / (aspect * np.exp(rng.normal(0, 0.6 * spread, count)))
    turn = angle + rng.normal(0, 0.15, count)
    radius = wobble(rng, count, rough, angles)
    u, v = long[:, None] * radius * np.cos(angles), short[:, None] * radius * np.sin(angles)
    cos, sin = np.cos(turn)[:, None], np.sin(turn)[:, None]
    shape = np.stack((u * cos - v * sin, u * sin + v * cos), axis=2)
    depth = np.clip(stain * np.exp(rng.normal(0, 0.13, count)), 60, 250).astype(int)
    nucleolus = centres + rng.normal(0, 0.14, (count, 2)) * long[:, None]
    margin = np.abs(centres - FIELD_UM / 2).max(axis=1) - FIELD_UM / 2
    seen = np.flatnonzero(margin < length_um)
    membrane, chromatin, dot = (
        field.grid(at[seen, None] + share * shape[seen])
        for at, share in ((centres, 1.0), (centres, 0.72), (nucleolus, 0.2))
    )
    for i, h in enumerate(depth[seen].tolist()):
        layers = [(membrane, h, 45), (chromatin, int(h * (0.62 if vesicular else 0.82)), 40)]
        if vesicular:
            layers.append((dot, h, 90))
        for polygons, haematoxylin, eosin in layers:
            cv2.fillPoly(field.paint, [polygons[i]], (haematoxylin, eosin, 0), cv2.LINE_AA, FIXED_POINT_BITS)


def along_fibres(field: Field, centres: Reals) -> Reals:
    """Direction of the fibres at each of `centres` (n, 2) um, radians."""
    cell = np.clip(centres * (TEXTURE_CELLS / FIELD_UM), 0, TEXTURE_CELLS - 1).astype(int)
    return np.asarray(field.direction[cell[:, 1], cell[:, 0]], np.float64)


def fibroblasts(field: Field, spacing_um: float, length_um: float = 15.0) -> None:
    """Scatter spindle nuclei along the fibres."""
    centres = scatter(field.rng, spacing_um, 0.3)
    turn = along_fibres(field, centres)
    nuclei(field, centres, length_um, aspect=4.0, angle=turn, spread=0.25, stain=150)


def ring(rng: np.random.Generator, radius: Reals, share: float, spacing_um: float) -> Reals:
    """Polar positions (n, 2), radians and um, about `spacing_um` apart at `share` of an outline."""
    count = max(int(2 * np.pi * float(radius.mean()) * share / spacing_um), 3)
    turn = (np.arange(count) + rng.normal(0, 0.13, count) + rng.uniform()) * (2 * np.pi / count)
    reach = np.interp(turn, ANGLES, radius, period=2 * np.pi)
    return np.column_stack((turn, reach * share))


def glands(
    field: Field,
    centres: Reals,
    outlines: Reals,
    *,
    cytoplasm: tuple[int, int],
    lumen: tuple[float, float],
    lumen_wobble: float,
    rings: tuple[tuple[float, float], ...],
    nucleus_um: float,
    aspect: float,
    vesicular: bool,
) -> None:
    """Draw glands: an epithelium with `rings` of nuclei (share of radius, spacing um) and a lumen."""
    rng = field.rng
    epithelium = (int(rng.integers(16, 28)), int(rng.integers(*cytoplasm)), 12)
    secretion = int(rng.integers(4, 16))
    shares = rng.uniform(*lumen, len(centres))[:, None] * wobble(rng, len(centres), lumen_wobble, ANGLES)
    places: list[Reals] = []
    for centre, outline, share in zip(centres, outlines, shares, strict=True):
        edge = outline[:, None] * UNIT_CIRCLE
        field.fill(centre + edge * (1 + 1.2 / outline[:, None]), (25, 85, 30))  # basement membrane
        field.fill(centre + edge, epithelium)
        inner = edge * (share * outline / outline.mean())[:, None]  # longer where the gland is
        field.fill(centre + inner * 1.08, (epithelium[0], epithelium[1] + 25, 0))  # apical border
        field.fill(centre + inner, (2, secretion + int(rng.integers(0, 8)), 0))
        for at, spacing_um in rings:
            polar = ring(rng, outline, at, spacing_um)
            polar[:, 1] += rng.normal(0, 0.05 * nucleus_um, len(polar))
            spot = polar[:, 1:] * np.column_stack((np.cos(polar[:, 0]), np.sin(polar[:, 0])))
            places.append(np.column_stack((centre + spot, polar[:, 0])))
    if places:
        place = np.concatenate(places)
        nuclei(
            field,
            place[:, :2],
            nucleus_um,
            aspect=aspect,
            angle=place[:, 2],
            spread=0.16 if vesicular else 0.08,
            rough=0.1,
            stain=215 if vesicular else 165,
            vesicular=vesicular,
        )
