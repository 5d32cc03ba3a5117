"""Which launches of a study do not count: what `--config again=invalid` measures again."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from scripts import record
from scripts.errors import UserError
from scripts.scaling.comparing.faults import faults


def uncounted(results: Path, blocks: Mapping[str, Mapping[str, int]]) -> list[str]:
    """The records in `results`, a study's folder, that do not count; of what a study measures alone.

    Args:
        blocks: by stage and point, how many there are.
    """
    found = []
    for stage, points in blocks.items():
        for point, count in points.items():
            for block in range(1, count + 1):
                path = results / stage / "records" / point / f"b{block}.json"
                with suppress(UserError, OSError):  # not measured yet, or of another version
                    if faults(record.read(path)):
                        found.append(path.as_posix())
    return found
