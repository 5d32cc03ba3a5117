"""The records of a study, each by itself and all together beyond doubt."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import ValidationError

from scripts import record
from scripts.errors import UserError, first_fault
from scripts.loading.points import LoadingPoint
from scripts.record import Record
from scripts.training.points import TrainingPoint

POINTS: dict[str, type[LoadingPoint] | type[TrainingPoint]] = {"loading": LoadingPoint, "training": TrainingPoint}


def read_all(paths: Iterable[Path]) -> list[Record]:
    """The records in files, in their order.

    Raises:
        UserError: one is no record (scripts/record.py), its settings are not those of its point, or two are of one
            launch or of one block.
    """
    found: list[Record] = []
    launches: dict[object, Path] = {}
    blocks: dict[object, Path] = {}
    for path in paths:
        one = record.read(path)
        _check_point(one, path)
        first = launches.setdefault(one.launch, path)
        if first is not path:
            raise record.broken(path, f"found the launch of {first} ({one.launch}), expected one of its own")
        first = blocks.setdefault((one.stage, one.point_id, one.block), path)
        if first is not path:
            raise UserError(f"{path}: found block {one.block} of {one.point_id} again, after {first}; expected it once")
        found.append(one)
    return found


def read_records(paths: Sequence[Path]) -> dict[str, list[Record]]:
    """The records by point id, each point's in order of block.

    Raises:
        UserError: as `read_all`.
    """
    found: dict[str, list[Record]] = {}
    for one in sorted(read_all(paths), key=lambda one: one.block):
        found.setdefault(one.point_id, []).append(one)
    return found


def of_point(records: dict[str, list[Record]], point: str) -> list[Record]:
    """The records of a point.

    Raises:
        UserError: there are none.
    """
    if point not in records:
        raise UserError(f"--records: found none of {point}, expected one for each of its blocks; give all of the study")
    return records[point]


def _check_point(one: Record, path: Path) -> None:
    try:
        point = POINTS[one.stage].model_validate(one.point)
        expected = {"point_id": point.id, "cores": point.cores}
    except ValidationError as error:
        raise record.broken(path, f"point.{first_fault(error)}") from None
    except KeyError as error:  # of the registry of ways to load
        raise record.broken(path, f"point.backend: {error.args[0]}") from None
    for field, value in expected.items():
        if getattr(one, field) != value:
            raise record.broken(path, f"{field}: found {getattr(one, field)}, expected {value}, as its point says")
    if not one.block:
        raise record.broken(path, "block: found 0, expected 1 or more")
    if one.stage == "training" and one.key.get("device") not in {"cpu", "cuda"}:
        raise record.broken(path, f"key.device: found {one.key.get('device')}, expected cpu or cuda")
