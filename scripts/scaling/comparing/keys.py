"""Comparison keys: which launches did the same work, and may so be divided by each other."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scripts.record import VERSION, Record
from scripts.scaling.comparing.faults import faults


def differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """The fields in which two comparison keys differ, with what each says.

    Versions are those of packages that both rest on: a way to load through Dask is divided by one without.
    """
    names = sorted(
        name for name in one.keys() | other.keys() if not name.startswith(VERSION) or (name in one and name in other)
    )
    return [f"{name} ({one.get(name)} against {other.get(name)})" for name in names if one.get(name) != other.get(name)]


def commonest_key(launches: Iterable[Record]) -> dict[str, Any] | None:
    """The key that most launches without a fault have; of two that as many have, the one of the lower block.

    Where all have faults, of all; None of no launch.
    """
    found = sorted(launches, key=lambda one: one.block)
    found = [one for one in found if not faults(one)] or found
    counts = Counter(json.dumps(one.key, sort_keys=True) for one in found)
    return json.loads(counts.most_common(1)[0][0]) if counts else None


def other_work(launches: Sequence[Record], baseline: Iterable[Record]) -> dict[int, str]:
    """By block, in which fields the key of a point's launch is not its row's: such a launch may not be divided.

    A row has the key of the baseline's launches in most of their blocks, and of what the point alone rests on that of
    its own in most of theirs.

    Args:
        launches: of one point.
        baseline: those of the point that it is divided by; may be itself, or none.
    """
    others = list(baseline)
    theirs, found = commonest_key(others), {}
    for one in launches:
        if theirs is not None and (unequal := differing(one.key, theirs)):
            whose = "most of its blocks" if others[0].point_id == one.point_id else others[0].point_id
            found[one.block] = f"cannot be divided: {one.point_id} and {whose} differ in {', '.join(unequal)}"
    own = commonest_key(one for one in launches if one.block not in found)
    for one in launches:
        if own is not None and one.block not in found and (unequal := differing(one.key, own)):
            found[one.block] = (
                f"cannot be divided: {one.point_id} and most of its blocks differ in {', '.join(unequal)}"
            )
    return found
