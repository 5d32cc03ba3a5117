"""Targets beside the page: a plan, fresh blocks, passes. Their arithmetic is tested in tests/scaling."""

import json
from pathlib import Path

import pandas as pd
import pytest
from helping import ROOT, Run

from scripts.scaling.answers.answer import Choice, Recommendation, Recommendations
from scripts.scaling.tables import tabulate_external
from scripts.scaling.tables.costs import Prices
from scripts.scaling.tables.rows import TrainingRow
from scripts.scaling.tables.table_file import write_table

HEAD = "point,baseline,workers,cores,block,images,seconds,model,strategy,device,precision,scaling,global_batch"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Launches of 1, 2 and 4 workers in three blocks, measured elsewhere."""
    lines = [
        f"ddp-{n},ddp-1,{n},{n},{block},6400,{seconds * (1 + 0.01 * block)},resnet18,ddp,cpu,fp32,strong,64"
        for n, seconds in ((1, 100.0), (2, 55.0), (4, 32.0))
        for block in (1, 2, 3)
    ]
    found = tmp_path / "launches.csv"
    found.write_text("\n".join([HEAD, *lines]) + "\n")
    return found


def snakemake(run: Run, folder: Path, *words: str, check: bool = True) -> str:
    done = run(ROOT, "snakemake", "--profile", "local", "--directory", str(folder), *words, check=check)
    return done.stdout + done.stderr


def test_a_plan_is_made_of_measured_curves(run: Run, tmp_path: Path, table: Path) -> None:
    config = [
        f"scaling={{'external': '{table}', 'prices': {{'core_hour': 0.05, 'currency': 'EUR'}}}}",
        "plan={'jobs': [{'name': 'final', 'times': 4}, {'name': 'fold', 'count': 5}],"
        " 'cluster': {'cores_per_node': 4}}",
    ]
    snakemake(run, tmp_path, "plan", "--config", *config)
    plan = json.loads((tmp_path / "results/demo/scaling/plan.json").read_text())
    assert [job["job"] for job in plan["jobs"] if job["start_seconds"] == 0.0]
    assert {job["job"] for job in plan["jobs"]} == {"final", *(f"fold.{n}" for n in range(1, 6))}
    assert plan["unit_of_cost"] == "EUR"
    assert plan["gap"] < 0.2
    for figure in ("gantt", "pareto"):
        assert (tmp_path / f"results/demo/report/plan/{figure}.svg").read_text().count("<path") > 5
    snakemake(run, tmp_path, "--config", *config)
    page = (tmp_path / "results/demo/report/trainings.html").read_text()
    assert all(f'<th scope="row" class="text">{job["job"]}</th>' in page for job in plan["jobs"])
    limited = [config[0], config[1].replace("}}", "}, 'deadline_seconds': 10}")]
    said = snakemake(run, tmp_path, "plan", "--config", *limited, check=False)
    assert "error: Nothing is planned: no plan of 6 trainings was found that keeps to the limits: " in said
    assert "plan.deadline_seconds: 10.0 binds; " in said
    snakemake(run, tmp_path, "--config", *limited)  # and the page says so
    assert "plan.deadline_seconds: 10.0 binds; " in (tmp_path / "results/demo/report/trainings.html").read_text()


def test_a_proposal_says_what_a_table_from_outside_cannot_tell(run: Run, tmp_path: Path, table: Path) -> None:
    config = [f"scaling={{'external': '{table}'}}", "proposal={'centre': 'archer2', 'trainings': 20}"]
    said = snakemake(run, tmp_path, "proposal", "--config", *config)
    made = tmp_path / "results/demo/proposal"
    assert {"proposal.md", "proposal.tex", "strong_scaling.pdf"} <= {path.name for path in made.iterdir()}
    assert "- The total number of CU requested: not yet, see above" in (made / "proposal.md").read_text()
    assert "missing: No way to train is recommended that may be quoted: fresh blocks of DDP with " in said
    asked = ["plan={'jobs': [{'name': 'final'}]}", "proposal={'trainings': null}"]
    planned = snakemake(run, tmp_path, "proposal", "-n", "-p", "--config", config[0], *asked)
    assert "--plan results/demo/scaling/plan.json" in planned
    unknown = [config[0], "proposal={'centre': 'nowhere'}"]
    refused = snakemake(run, tmp_path, "proposal", "--config", *unknown, check=False)
    assert "proposal.centre: found 'nowhere'; expected access, archer2, " in refused


def test_compare_ends_with_status_1_of_a_regression_and_with_0_of_none(run: Run, tmp_path: Path, table: Path) -> None:
    """`table` has lost a tenth at 4 workers since the last earlier run; tables and figures are written all the same."""
    earlier = tmp_path / "earlier.csv"
    lines = table.read_text().splitlines()
    faster = [line.replace(",6400,32", ",7200,32") if line.startswith("ddp-4,") else line for line in lines]
    for name, text in (("earlier", faster), ("like", lines)):
        earlier.write_text("\n".join(text) + "\n")
        rows = tabulate_external.rows(tabulate_external.read(earlier), 0.95, Prices())
        (tmp_path / f"results/{name}/scaling").mkdir(parents=True)
        made = tmp_path / f"results/{name}/scaling/external"
        write_table(rows, TrainingRow, made.with_suffix(".csv"), made.with_suffix(".parquet"))

    def compare(*folders: str) -> tuple[int, str]:
        settings = {"external": f"{table}", "compare_with": list(folders), "fail_on_regression": True}
        words = ["--profile", "local", "--directory", f"{tmp_path}", "--config", f"scaling={json.dumps(settings)}"]
        done = run(ROOT, "snakemake", "compare", *words, check=False)
        return done.returncode, done.stdout + done.stderr

    status, said = compare("results/like", "results/earlier")
    assert status == 1
    assert "error: scaling.fail_on_regression: found 2 of 5 statements slower, expected none: " in said
    assert "training ddp-4 at 0.89 [0.85, 0.93] times its rate in results/earlier (221 to 196 images/s)" in said
    assert "training ddp-4 against ddp-1 at 0.8889 [0.88" in said
    written = {path.name for path in (tmp_path / "results/demo/report/history").iterdir()}
    assert {"ratios.svg", "ratios.csv", "rates.svg", "machines_training.svg", "machines_training.csv"} <= written
    assert "ddp-4,,slower,True,0.88" in (tmp_path / "results/demo/scaling/comparison.csv").read_text()
    status, said = compare("results/earlier", "results/like")
    assert status == 0
    assert "5 of 5 statements were compared (0 slower, 0 faster, 5 tied)" in said


def test_compare_asks_for_an_earlier_run_and_names_a_table_of_another_version(
    run: Run, tmp_path: Path, table: Path
) -> None:
    settings = {"external": f"{table}"}
    said = snakemake(run, tmp_path, "compare", "--config", f"scaling={json.dumps(settings)}", check=False)
    assert "target compare: found no scaling.compare_with; expected results folders of earlier runs" in said
    old = tmp_path / "results/old/scaling/external.parquet"
    old.parent.mkdir(parents=True)
    pd.DataFrame({"point": ["ddp-1"], "rates": ["1.0"]}).to_parquet(old)
    settings["compare_with"] = "results/old"
    said = snakemake(run, tmp_path, "compare", "--config", f"scaling={json.dumps(settings)}", check=False)
    assert "error: results/old/scaling/external.parquet: no table of this version: workers: Field required; " in said
    assert "run the workflow again for that study, or leave results/old out of scaling.compare_with" in said
    assert "Traceback" not in said


def test_confirm_measures_the_recommended_point_and_its_neighbours_in_fresh_blocks(run: Run, tmp_path: Path) -> None:
    choice = Choice(
        **dict.fromkeys(("of_best", "of_best_low", "of_best_high"), 1.0),
        **{"point": "resnet18-ddp-2", "workers": 2, "cores": 2, "wall_seconds": 9, "core_hours": 0.01},
        **dict.fromkeys(("gpu_hours", "cost", "test_accuracy")),
    )
    advice = Recommendation(
        **{
            "baseline": "resnet18-serial-1",
            "neighbours": ["resnet18-ddp-1"],
            "next": "resnet18-ddp-1",
            "tied": [],
            "sentences": [],
        },
        **{"recommended": choice, "fastest": choice},
        **dict.fromkeys(("baseline_accuracy", "cores_low", "knee", "cheapest")),
    )
    found = Recommendations(recommendations=[advice])
    written = tmp_path / "results/demo/scaling/recommendation.json"
    written.parent.mkdir(parents=True)
    written.write_text(found.model_dump_json())
    said = snakemake(run, tmp_path, "confirm", "-n", "--quiet", "rules", "--config", "scaling={'confirm_blocks': 2}")
    planned = snakemake(run, tmp_path, "confirm", "-n", "--config", "scaling={'confirm_blocks': 2}")
    assert "error" not in said.lower()
    for point in ("resnet18-ddp-1", "resnet18-ddp-2"):
        for block in (1001, 1002):
            assert f"records/{point}/b{block}.json" in planned
    assert "b1003.json" not in planned
    assert "records/resnet18-serial-1/b1001.json" not in planned


def test_an_adaptive_study_begins_with_few_points_and_measures_what_a_pass_asks_for(run: Run, tmp_path: Path) -> None:
    config = ["training={'workers': [1, 2, 4, 8]}", "scaling={'adaptive': {'passes': true}}"]
    planned = snakemake(run, tmp_path, "next_pass", "-n", "--config", *config)
    assert "records/resnet18-ddp-8/b3.json" in planned
    assert "records/resnet18-ddp-2/b1.json" not in planned
    decided = {
        "blocks": {"resnet18-serial-1": 3, "resnet18-ddp-2": 5},
        "stable": False,
        "core_hours": 1.0,
        "core_hours_of_full_grid": 2.0,
        "sentence": "",
    }
    written = tmp_path / "results/demo/scaling/passes.json"
    written.parent.mkdir(parents=True)
    written.write_text(json.dumps(decided))
    planned = snakemake(run, tmp_path, "next_pass", "-n", "--config", *config)
    assert "records/resnet18-ddp-2/b5.json" in planned
    assert "records/resnet18-ddp-8/" not in planned
