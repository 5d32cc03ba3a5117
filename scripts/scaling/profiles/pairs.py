"""Profiles of points beside their baselines', block by block."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.errors import UserError
from scripts.spec import Spec
from scripts.training.loop import step_profile
from scripts.training.loop.step_profile import StepProfile


class PointSpec(Spec):
    """One row of a table of profiles."""

    point: str
    baseline: str
    images: int  # of a step


@dataclass(frozen=True)
class Pair:
    """A point and its baseline in one block."""

    one: StepProfile
    base: StepProfile
    images: int  # of a step of the point
    base_images: int  # of a step of the baseline


def paired(paths: Iterable[Path], points: Sequence[PointSpec]) -> Iterator[list[Pair]]:
    """Of each point the blocks that it shares with its baseline, in order.

    Args:
        paths: of profiles, <point>/b<block>.json.

    Raises:
        UserError: a file holds no profile, or another point's; a point shares no block with its baseline.
    """
    found: dict[str, dict[str, StepProfile]] = {}
    for path in paths:
        one = step_profile.read(path)
        if one.point_id != path.parent.name:
            raise UserError(f"{path}: found the profile of {one.point_id}; remove it, and run the workflow again")
        found.setdefault(one.point_id, {})[path.stem] = one
    images = {point.point: point.images for point in points}
    for point in points:
        mine, bases = found.get(point.point, {}), found.get(point.baseline, {})
        if not mine.keys() & bases.keys():
            raise UserError(f"{point.point}: found no block that {point.baseline} was profiled in too; expected one")
        yield [
            Pair(mine[block], bases[block], point.images, images[point.baseline]) for block in mine if block in bases
        ]
