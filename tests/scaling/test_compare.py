"""Two runs side by side."""

import csv
import json
from pathlib import Path

import numpy as np
from helping import ROOT, Run
from loading_records import POOL, SERIAL, study
from rows_of import rows_of

from scripts.scaling.claims.compare import compare, sentences
from scripts.scaling.tables import tabulate_loading
from scripts.scaling.tables.rows import LoadingRow, TrainingRow
from scripts.scaling.tables.table_file import write_table

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


def test_what_is_slower_comes_first_and_no_cause_is_claimed() -> None:
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
    assert said[0].startswith("slower: training resnet18-ddp-2 at 0.83")
    assert said[1].startswith("faster: training resnet18-ddp-4 at 1.10")
    assert said[-2] == "1 points are tied with their earlier rate; 2 could not be compared."
    assert said[-1].startswith("The runs share no blocks: what changed may be the machine")


def test_a_busy_machine_is_said_beside_a_change() -> None:
    noisy = [row.model_copy(update={"marks": "noisy"}) for row in rows(AFTER)]
    found = compare("training", rows(BEFORE), noisy, 0.95)
    assert "images/s, on a busy machine)." in sentences(found)[0]


def test_of_twenty_equal_points_hardly_any_run_finds_one_changed() -> None:
    """One 95 % interval a point finds a change in half of the runs."""
    rng = np.random.default_rng(0)
    (some,) = rows({"serial-1": [1.0] * 6})
    false = 0
    for _ in range(40):
        before, after = (
            [
                some.model_copy(update={"point": f"p-{i}", "rates": " ".join(map(repr, rates))})
                for i, rates in enumerate(rng.lognormal(0, 0.02, (20, 6)).tolist())
            ]
            for _ in range(2)
        )
        false += any(row.verdict != "tied" for row in compare("training", before, after, 0.95))
    assert false <= 5


def test_other_work_and_few_blocks_are_not_compared() -> None:
    before = rows({point: some[:2] for point, some in BEFORE.items()})
    found = compare("training", before, rows(AFTER), 0.95)
    assert found[0].reason == "2 and 3 valid blocks; expected 3 or more"
    other = [row.model_copy(update={"key": json.dumps(json.loads(row.key) | {"epochs": 3})}) for row in rows(BEFORE)]
    found = compare("training", other, rows(AFTER), 0.95)
    assert found[0].reason == "their work differs in epochs (3 against 2)"


def test_two_folders_are_compared_in_both_stages(run: Run, tmp_path: Path) -> None:
    for name, speedups, seconds in (("old", BEFORE, [2.0, 2.01, 1.99]), ("new", AFTER, [1.0, 1.01, 0.99])):
        folder = tmp_path / name / "scaling"
        folder.mkdir(parents=True)
        loading = study({SERIAL: [4.0, 4.01, 3.99], POOL: seconds})
        tables = {"training": rows(speedups), "loading": tabulate_loading.rows(loading, list(loading), 0.95)}
        for stage, kind in (("training", TrainingRow), ("loading", LoadingRow)):
            write_table(tables[stage], kind, folder / f"{stage}.csv", folder / f"{stage}.parquet")
    done = run(
        *(ROOT, "python", "-m", "scripts.scaling.claims.compare", "--csv", str(tmp_path / "found.csv")),
        *("--before", str(tmp_path / "old/scaling"), "--after", str(tmp_path / "new/scaling")),
        *("--spec", '{"confidence": 0.95}'),
    )
    assert f"faster: loading {POOL.id} at 2.00" in done.stderr
    with (tmp_path / "found.csv").open() as file:
        found = {(row["stage"], row["point"]): row["verdict"] for row in csv.DictReader(file)}
    assert found["loading", SERIAL.id] == "tied"
    assert found["training", "resnet18-ddp-2"] == "slower"
