"""How often each training point is measured: as the config says, or, pass by pass, as the answer needs it.

An adaptive study begins with few worker counts of each curve; after each pass decide_pass says which more it needs, and
`passes.json` says so to the next run. Light: the Snakefile imports it.
"""

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from scripts.errors import UserError
from scripts.training.points import TrainingPoint


class Pass(BaseModel):
    """What one pass decides: `next_pass.json`, and `passes.json` once it is taken."""

    model_config = ConfigDict(extra="forbid")

    blocks: dict[str, int]  # of each point that is measured, in all passes together
    stable: bool  # no further pass would change the answer, or none is allowed
    core_hours: float  # spent so far
    core_hours_of_full_grid: float  # what all points with as many blocks as are allowed would have taken
    sentence: str


def blocks_of(
    points: Mapping[str, TrainingPoint], blocks: int, adaptive: bool, baseline: str, written: Path
) -> dict[str, int]:
    """Blocks of each point that is measured, in the order of `points`.

    Args:
        baseline: as the config's `scaling.baseline`.
        written: `passes.json` of an adaptive study; before its second pass there is none.

    Raises:
        UserError: that file is damaged.
    """
    if not adaptive:
        return dict.fromkeys(points, blocks)
    decided: dict[str, int] = {}
    if written.is_file():
        try:
            decided = Pass.model_validate_json(written.read_text(encoding="utf-8")).blocks
        except ValidationError as error:
            raise UserError(f"{written}: {error.errors()[0]['msg']}; remove it to begin anew") from None
    # A curve that the study has got since then begins as all did.
    begun = {points[point].curve for point in decided if point in points}
    first = {point for point in first_points(points, baseline) if points[point].curve not in begun}
    wanted = first | {point.baseline(baseline) for point in points.values()} | decided.keys()
    return {point: max(blocks, decided.get(point, 0)) for point in points if point in wanted}


def first_points(points: Mapping[str, TrainingPoint], baseline: str) -> set[str]:
    """Of each curve the least, a middle and the largest worker count; and all baselines."""
    found = {point.baseline(baseline) for point in points.values()}
    for some in by_curve(points).values():
        found |= {some[0], some[len(some) // 2], some[-1]}
    return found & points.keys()


def by_curve(points: Mapping[str, TrainingPoint]) -> dict[str, list[str]]:
    """Ids of the points of each curve, by workers."""
    found: dict[str, list[str]] = {}
    for point in sorted(points, key=lambda point: points[point].workers):
        found.setdefault(points[point].curve, []).append(point)
    return found
