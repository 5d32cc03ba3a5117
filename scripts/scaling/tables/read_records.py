"""The records of a study, each by itself and all together beyond doubt."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

from pydantic import ValidationError

from scripts import record
from scripts.errors import UserError, first_fault
from scripts.record import Record


class Point(Protocol):
    """What a record's settings are of."""

    @property
    def id(self) -> str: ...
    @property
    def cores(self) -> int: ...


def read_all(paths: Iterable[Path]) -> list[Record]:
    """The records in files, in their order.

    Raises:
        UserError: one is no record (scripts/record.py), or two are of one launch or of one block.
    """
    found: list[Record] = []
    launches: dict[object, Path] = {}
    blocks: dict[object, Path] = {}
    for path in paths:
        one = record.read(path)
        if not one.block:
            raise record.broken(path, "block: found 0, expected 1 or more")
        first = launches.setdefault(one.launch, path)
        if first is not path:
            raise record.broken(path, f"found the launch of {first} ({one.launch}), expected one of its own")
        first = blocks.setdefault((one.stage, one.point_id, one.block), path)
        if first is not path:
            raise UserError(f"{path}: found block {one.block} of {one.point_id} again, after {first}; expected it once")
        found.append(one)
    return found


def read_records(paths: Sequence[Path], point_of: Callable[[Any], Point]) -> dict[str, list[Record]]:
    """The records of one stage by point id, each point's in order of block.

    Args:
        point_of: makes a point of the stage of its settings, as `TrainingPoint.model_validate`.

    Raises:
        UserError: as `read_all`; or the settings of one are not those of its point.
    """
    found: dict[str, list[Record]] = {}
    for path, one in sorted(zip(paths, read_all(paths), strict=True), key=lambda pair: pair[1].block):
        _check_point(one, path, point_of)
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


def _check_point(one: Record, path: Path, point_of: Callable[[Any], Point]) -> None:
    try:
        point = point_of(one.point)
        expected = {"point_id": point.id, "cores": point.cores}
    except ValidationError as error:
        raise record.broken(path, f"point.{first_fault(error)}") from None
    except KeyError as error:  # of the registry of ways to load
        raise record.broken(path, f"point.backend: {error.args[0]}") from None
    for field, value in expected.items():
        if getattr(one, field) != value:
            raise record.broken(path, f"{field}: found {getattr(one, field)}, expected {value}, as its point says")
    if one.stage == "training" and one.key.get("device") not in {"cpu", "cuda"}:
        raise record.broken(path, f"key.device: found {one.key.get('device')}, expected cpu or cuda")
