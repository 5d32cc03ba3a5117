"""docs/formats.md, made of what was seen of the files of the grid."""

from pathlib import Path
from typing import NamedTuple

import jinja2
import numpy as np
from format_grid import Made

# The other library that a kind is compared with.
SECOND = {
    "JPEG": "Pillow (libjpeg-turbo too)",
    "PNG": "Pillow",
    "WEBP": "Pillow (libwebp too)",
    "AVIF": "Pillow",
    "GIF": "OpenCV",
    "BMP": "OpenCV",
    "JPEG2000": "OpenCV",
    "TIFF": "Pillow (libtiff)",
}


class Seen(NamedTuple):
    """A file of the grid, and who shows it right."""

    made: Made
    here: bool
    by_second: bool


class Damage(NamedTuple):
    """Files that are accepted with wrong pixels; None: by a library that reads no whole one of the kind."""

    here: int
    by_pillow: int | None
    by_opencv: int | None


def page(
    grid: dict[str, list[Seen]],
    damage: dict[str, list[Damage]],
    each: int,
    strips: tuple[int, int],
    refused: list[tuple[str, str]],
) -> str:
    """The page.

    Args:
        grid: by kind.
        damage: by kind, of each sort of damage.
        each: how many files of a kind were damaged in each way.
        strips: of the TIFFs whose strips were damaged, how many are refused, and how many have wrong pixels.
        refused: names of files and why they are refused.
    """
    template = Path(__file__).with_name("formats.md.jinja").read_text(encoding="utf-8")
    text: str = jinja2.Template(template, undefined=jinja2.StrictUndefined, autoescape=False).render(
        grid=[
            {
                "kind": kind,
                "files": len(seen),
                "right": sum(one.here for one in seen),
                "second": SECOND[kind],
                "by_second": sum(one.by_second for one in seen),
                "axes": _axes(seen),
            }
            for kind, seen in grid.items()
        ],
        damage={
            kind: ["-" if wrong is None else wrong for one in found for wrong in one] for kind, found in damage.items()
        },
        each=each,
        rejected=strips[0],
        wrong=strips[1],
        refused=[(name, reason.replace("|", "\\|")) for name, reason in refused],
    )
    return text + "\n"


def _axes(seen: list[Seen]) -> str:
    values: dict[str, dict[str, None]] = {}
    for one in seen:
        for axis, value in one.made.axes.items():
            values.setdefault(axis, {})[value] = None
    return "; ".join(f"**{axis}**: {', '.join(found)}" for axis, found in values.items())


def close(found: np.ndarray | str, right: np.ndarray | str) -> bool:
    """Whether two pictures are equal within a level; a text in place of one says why there is none."""
    if isinstance(found, str) or isinstance(right, str) or found.shape != right.shape:
        return False
    return bool(np.abs(found.astype(int) - right).max() <= 1)
