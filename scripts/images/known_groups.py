"""Which images are known to belong together, of one patient or tile: a CSV of `path,group`, as a user writes it.

Light, since the Snakefile reads it too: a path that fits no image is told before the first job.
"""

import csv
import posixpath
from collections.abc import Collection, Mapping
from pathlib import Path

from scripts.errors import ImageError


def read_groups(path: Path) -> dict[str, str]:
    """The group of each relative path that the CSV puts in one; blanks around its name are none of it.

    Raises:
        ImageError: the file is missing, lacks a column, names no group, or one path twice.
    """
    found: dict[str, str] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file)
            columns = [name.strip() for name in next(rows, [])]
            if missing := {"path", "group"} - set(columns):
                raise ImageError(f"images.groups: {path} lacks the column {', '.join(sorted(missing))}")
            for row in rows:
                cells = dict(zip(columns, row, strict=False))
                name, group = posixpath.normpath(cells.get("path", "")), cells.get("group", "").strip()
                if group and name in found:
                    raise ImageError(f"images.groups: {path} line {rows.line_num} names {name!r} twice")
                if group:
                    found[name] = group
    except (OSError, UnicodeError, csv.Error) as error:
        raise ImageError(f"images.groups: {path} cannot be read: {error}") from None
    if not found:
        raise ImageError(f"images.groups: {path} names no groups")
    return found


def check_groups(groups: Mapping[str, str], images: Collection[str]) -> None:
    """Raises ImageError where `groups` names a path that is none of `images`."""
    there = set(images)
    if unknown := sorted(groups.keys() - there):
        like = f", as {min(there)!r}" if there else ""
        raise ImageError(
            f"images.groups: {len(unknown)} of its {len(groups)} paths are of no image, {unknown[0]!r} among them; "
            f"expected paths inside the image folder, with forward slashes{like}"
        )
