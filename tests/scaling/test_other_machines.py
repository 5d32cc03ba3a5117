"""The same points on two machines: by node, by core and by price, side by side."""

import csv
from pathlib import Path

import pytest
from helping import ROOT, Run
from loading_records import POOL, SERIAL, study
from rows_of import rows_of
from runs_of import FIRST, FOUR, SLOWER, SPEC, edited, run, said, told

from scripts.scaling.history.compare_runs import history
from scripts.scaling.history.history import Beside
from scripts.scaling.history.runs import Run as EarlierRun
from scripts.scaling.tables import tabulate_loading
from scripts.scaling.tables.costs import Prices
from scripts.scaling.tables.rows import LoadingRow, TrainingRow
from scripts.scaling.tables.table_file import write_table

HERE = {"cpu_model": "Ours", "version of torch": "2.1"}
THERE = {"cpu_model": "Theirs", "version of torch": "2.2"}
DIFFERS = "cpu_model (Ours against Theirs), version of torch (2.1 against 2.2)"


def machine(name: str, key: dict[str, str], core_hour: float, factor: float = 1.0, currency: str = "EUR") -> EarlierRun:
    speedups = {point: [factor * rate for rate in rates] for point, rates in FIRST.items()}
    return edited(run(name, speedups, prices=Prices(core_hour=core_hour, currency=currency)), key=key)


def on(found: list[Beside], name: str, point: str = FOUR) -> Beside:
    return next(one for one in found if (one.machine, one.point) == (name, point))


def test_two_machines_stand_side_by_side_by_node_core_and_price() -> None:
    found = history([machine("theirs", THERE, 0.1, 2.0), machine("ours", HERE, 0.04)], SPEC)

    ours, theirs = on(found.beside, "Ours"), on(found.beside, "Theirs")
    assert (ours.run, theirs.run) == ("ours", "theirs")
    assert theirs.per_node == pytest.approx(6.0, rel=0.01)
    assert theirs.per_core == pytest.approx(1.5, rel=0.01)
    assert theirs.per_cost == pytest.approx(6.0 * 3600 / (4 * 0.1), rel=0.01)  # 4 cores, each 0.1 EUR an hour
    assert ours.per_cost == pytest.approx(3.0 * 3600 / (4 * 0.04), rel=0.01)
    assert (ours.currency, theirs.currency) == ("EUR", "EUR")
    assert theirs.low is not None
    assert theirs.low < theirs.images_per_second


def test_they_are_never_divided_and_what_differs_is_named() -> None:
    runs = [machine("theirs", THERE, 0.1, 2.0), machine("ours", HERE, 0.04)]

    assert {row.verdict for row in told(*runs).values()} == {"not compared"}
    assert f"its work differs from theirs's in {DIFFERS}" in said(*runs)
    assert f"not divided by each other: Theirs (theirs), Ours (this run); {DIFFERS}." in said(*runs)
    assert on(history(runs, SPEC).beside, "Theirs").differs == DIFFERS


def test_a_run_on_another_machine_in_between_hides_no_regression() -> None:
    runs = [machine("v1", HERE, 0.04), machine("theirs", THERE, 0.1), edited(run("new", SLOWER), key=HERE)]

    assert told(*runs)[FOUR, ""].regression
    assert told(*runs)[FOUR, ""].earlier == "v1"


def test_other_work_on_another_machine_is_left_out_and_said() -> None:
    runs = [edited(machine("theirs", THERE, 0.1), key={"epochs": 7}), machine("ours", HERE, 0.04)]

    assert history(runs, SPEC).beside == []
    assert history(runs, SPEC).left_out == [
        f"Theirs (theirs): resnet18-serial-1, resnet18-ddp-2, {FOUR} left out, since the work differs in epochs (2 "
        "against 7)."
    ]


def test_of_one_machine_alone_there_is_nothing_to_set_beside() -> None:
    earlier = edited(run("v1", FIRST | {"fsdp-2": [1.0, 1.1, 1.2]}), key=HERE | {"epochs": 7})

    found = history([earlier, machine("ours", HERE, 0.1)], SPEC)

    assert (found.beside, found.left_out) == ([], [])


def test_runs_in_folders_are_compared_in_both_stages_by_the_program(run: Run, tmp_path: Path) -> None:
    for name, speedups, seconds in (("old", FIRST, [2.0, 2.01, 1.99]), ("new", SLOWER, [1.0, 1.01, 0.99])):
        loading = study({SERIAL: [4.0, 4.01, 3.99], POOL: seconds})
        tables = {
            "training": ([*rows_of(speedups).values()], TrainingRow),
            "loading": (tabulate_loading.rows(loading, list(loading), 0.95), LoadingRow),
        }
        for stage, (rows, kind) in tables.items():
            (tmp_path / name / "scaling").mkdir(parents=True, exist_ok=True)
            made = tmp_path / name / "scaling" / stage
            write_table(rows, kind, made.with_suffix(".csv"), made.with_suffix(".parquet"))
    written = {"--history": tmp_path / "history.json", "--csv": tmp_path / "found.csv"}

    def compared(*folders: str, check: bool = True) -> str:
        flags = [word for flag, path in written.items() for word in (flag, str(path))]
        flags += ["--tables", "training", "loading", "--spec", SPEC.model_dump_json()]
        runs = [str(tmp_path / folder) for folder in folders]
        program = "scripts.scaling.history.compare_runs"
        return run(ROOT, "python", "-m", program, "--runs", *runs, *flags, check=check).stderr

    compared("old", "new")

    with written["--csv"].open() as file:
        found = {(row["stage"], row["point"], row["against"]): row["verdict"] for row in csv.DictReader(file)}
    assert found["loading", SERIAL.id, ""] == "tied"
    assert found["loading", POOL.id, SERIAL.id] == "faster"
    assert found["training", FOUR, ""] == "slower"
    missing = compared("none", "new", check=False)
    assert "none/scaling/training.parquet: found no file, expected a scaling table; run the workflow up to" in missing
    assert "leave" in missing
    assert "Traceback" not in missing
