"""Two runs side by side."""

import json

from rows_of import rows_of

from scripts.scaling.compare import compare, sentences
from scripts.scaling.rows import TrainingRow

BEFORE = {
    "serial-1": [1.0, 1.01, 0.99],
    "ddp-2": [1.8, 1.81, 1.79],
    "ddp-4": [3.0, 3.02, 2.98],
    "fsdp-2": [1.5, 1.6, 1.4],
}
AFTER = {
    "serial-1": [1.0, 1.02, 0.98],
    "ddp-2": [1.5, 1.51, 1.49],
    "ddp-4": [3.3, 3.31, 3.29],
    "ddp-8": [5.0, 5.0, 5.0],
}


def rows(speedups: dict[str, list[float]]) -> list[TrainingRow]:
    return list(rows_of(speedups).values())


def test_regressions_are_marked_and_come_first() -> None:
    found = {row.point: row for row in compare("training", rows(BEFORE), rows(AFTER), 0.95)}

    assert {point: row.verdict for point, row in found.items()} == {
        "resnet18-serial-1": "tied",
        "resnet18-ddp-2": "slower",
        "resnet18-ddp-4": "faster",
        "resnet18-ddp-8": "not compared",
        "resnet18-fsdp-2": "not compared",
    }
    assert found["resnet18-ddp-8"].reason == "only the later run has it"
    assert found["resnet18-fsdp-2"].reason == "only the earlier run has it"
    said = sentences(list(found.values()))
    assert said[0].startswith("REGRESSION: training resnet18-ddp-2 at 0.83")
    assert said[1].startswith("faster: training resnet18-ddp-4 at 1.10")
    assert said[-1] == "1 points are tied with their earlier rate; 2 could not be compared."


def test_other_work_and_few_blocks_are_not_compared() -> None:
    before = rows({point: some[:2] for point, some in BEFORE.items()})
    found = compare("training", before, rows(AFTER), 0.95)
    assert found[0].reason == "2 and 3 valid blocks; expected 3 or more"
    other = [row.model_copy(update={"key": json.dumps(json.loads(row.key) | {"epochs": 3})}) for row in rows(BEFORE)]
    found = compare("training", other, rows(AFTER), 0.95)
    assert found[0].reason == "their work differs in epochs (3 against 2)"
