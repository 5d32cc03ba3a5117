"""Runs from images/s that a test chooses, and what is said of them."""

import json
from collections.abc import Mapping, Sequence

from rows_of import rows_of

from scripts.scaling.history.compare_runs import CompareSpec, history
from scripts.scaling.history.history import ComparisonRow
from scripts.scaling.history.runs import Run
from scripts.scaling.history.say_changes import sentences

SERIAL, TWO, FOUR = "resnet18-serial-1", "resnet18-ddp-2", "resnet18-ddp-4"
# Images/s of each block.
FIRST = {"serial-1": [1.0, 1.01, 0.99], "ddp-2": [1.8, 1.81, 1.79], "ddp-4": [3.0, 3.02, 2.98]}
SLOWER = FIRST | {"ddp-4": [rate * 0.9 for rate in FIRST["ddp-4"]]}  # by 10 %
SPEC = CompareSpec(confidence=0.95, claims=[], under_test=["files"])


def run(name: str, speedups: Mapping[str, Sequence[float]], **changes: object) -> Run:
    return Run(name, {"training": [*rows_of(speedups, **changes).values()]}, SPEC.confidence)


def edited(one: Run, **changes: object) -> Run:
    """A run whose rows have other values, or another key."""
    key = changes.pop("key", {})
    rows = [
        row.model_copy(update={"key": json.dumps(json.loads(row.key) | key)} | changes) for row in one.rows.values()
    ]
    return Run(one.name, {"training": rows}, SPEC.confidence)


def told(*runs: Run, claims: Sequence[tuple[str, str]] = ()) -> dict[tuple[str, str], ComparisonRow]:
    found = history(list(runs), SPEC.model_copy(update={"claims": list(claims)}))
    return {(row.point, row.against): row for row in found.comparisons}


def said(*runs: Run) -> str:
    return "\n".join(sentences(history(list(runs), SPEC)))
