"""A proposal: what it asks for, what it says is missing, and in which languages."""

import re
import shutil
from pathlib import Path

import helping
import pytest
from proposed import confirmed, propose, rows_and_claims

from scripts.atomic import write_text
from scripts.report.proposal.centre import Rate
from scripts.report.proposal.languages import escaped, make_pdf
from scripts.report.proposal.request import MONTH, of_measured, of_plan, units_of
from scripts.scaling.answers.answer import Recommendations
from scripts.scaling.plan.planned import Plan, PlannedJob
from scripts.scaling.tables.table_file import read_answer

CORES = Rate(each="core", units=1)


def planned(name: str, start: float, seconds: float, cores: int = 2) -> PlannedJob:
    return PlannedJob(
        **{"job": name, "point": "resnet18-ddp-2", "workers": cores, "cores": cores, "gpus": 0, "cost": 1.0},
        **{"start_seconds": start, "end_seconds": start + seconds, "workers_on": [cores], "sbatch": ""},
    )


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two trainings now and one in the third month, an hour of two cores each."""
    jobs = [planned("a", 0, 3600), planned("b", 0, 3600), planned("c", 2.5 * MONTH, 3600)]
    numbers = dict.fromkeys(("makespan_seconds", "cost", "total_completion_seconds", "bound", "gap"), 1.0)
    made = Plan(
        **{"objective": "makespan", "unit_of_cost": "core-hours", "cores_per_node": 4, "jobs": jobs, "nodes": 1},
        **{"pareto": [], "sentences": []},
        **numbers,
    )
    found = tmp_path_factory.mktemp("plan") / "plan.json"
    write_text(found, made.model_dump_json())
    return found


@pytest.fixture(scope="module")
def ten(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a proposal for ten trainings, at a centre that charges whole nodes, by a form."""
    claims = confirmed(rows_and_claims(study)[1])
    return propose(study, tmp_path_factory.mktemp("ten"), claims=claims, trainings=10, centre="nhr_zib")


def text(folder: Path) -> str:
    return (folder / "proposal.md").read_text()


def missing(folder: Path) -> str:
    """The list at the top."""
    return text(folder).partition("Before this is handed in")[2].partition("## Problem")[0]


def test_a_request_is_trainings_times_measured_cost_times_reserve(study: Path) -> None:
    rows, _ = rows_and_claims(study)
    [row] = [one for one in rows if one.point == "resnet18-ddp-4"]
    each = units_of(row, CORES)
    assert each == row.core_hours
    found = of_measured(row, CORES, trainings=10, reserve=0.25)
    assert found is not None
    assert found.total == pytest.approx(10 * each * 1.25)


def test_a_plan_is_requested_by_the_month_that_trainings_begin_in(plan: Path) -> None:
    found = of_plan(read_answer(plan, Plan).jobs, CORES, reserve=0.5)
    assert found is not None
    assert [(one.number, one.trainings, one.units) for one in found.months] == [(1, 2, 4.0), (3, 1, 2.0)]
    assert found.total == pytest.approx(9.0)


def test_the_text_states_trainings_unit_and_reserve(ten: Path, study: Path) -> None:
    advice = read_answer(study / "scaling/recommendation.json", Recommendations).recommendations[0].recommended
    assert advice is not None
    said = text(ten)
    units = 96 * advice.wall_seconds / 3600  # on one whole node
    stated = re.search(r"Requested: 10 trainings x ([\d.]+) core-h = ([\d.]+) core-h; with a reserve of 20 % ", said)
    assert stated is not None
    assert float(stated[1]) == pytest.approx(units, rel=0.01)
    assert float(stated[2]) == pytest.approx(10 * units, rel=0.01)
    assert "charged as 1 whole node) takes" in said
    assert "n = 4 launches of each count" in said
    assert "AMD EPYC 7763, 4 cores" in said
    assert "torch " in said


def test_a_refused_ratio_is_in_no_language(ten: Path) -> None:
    for language in ("md", "tex"):
        lines = (ten / f"proposal.{language}").read_text().splitlines()
        table = [line for line in lines if line.startswith(("| resnet18-", "resnet18-"))]
        assert [re.search(r"resnet18-\w+-\d", line)[0] for line in table] == [  # type: ignore[index]
            *("resnet18-serial-1", "resnet18-ddp-1", "resnet18-ddp-2", "resnet18-ddp-4")
        ]
        assert "tied, " in table[1]
    eight = "DDP with 8 workers (resnet18)"
    assert f"{eight} stands in no table: {eight} had more cores than the machine offered." in missing(ten)


def test_what_the_form_asks_for_and_is_not_there_is_a_list_at_the_top(ten: Path) -> None:
    asked = "Asked for: 2.3.1 Parallel efficiency, strong/weak scaling. No weak-scaling series was measured: add "
    assert f"{asked}`training: {{scaling: [strong, weak]}}`." in missing(ten)
    assert "Asked for: 3.1 Detailed plan for compute time, work plan. No months: " in missing(ten)
    assert "- 2.1 Software, libraries, licences, target architecture: How it was measured" in text(ten)


def test_a_weak_series_that_is_measured_is_shown_and_not_missing(study: Path, tmp_path: Path) -> None:
    rows, _ = rows_and_claims(study)
    mixed = [row.model_copy(update={"scaling": "weak"}) if row.model == "resnet50" else row for row in rows]
    made = propose(study, tmp_path, rows=mixed, trainings=1)
    assert "weak" not in missing(made)
    assert "## Weak scaling of resnet50, fp32" in text(made)
    assert (made / "weak_scaling.png").is_file()


def test_what_is_not_confirmed_is_not_requested(study: Path, tmp_path: Path) -> None:
    made = propose(study, tmp_path, trainings=10)
    assert "No way to train is recommended that may be quoted: fresh blocks of " in missing(made)
    assert "(`snakemake confirm`)" in missing(made)
    assert "Requested: " not in text(made)
    assert "Ask for " not in text(made)


def test_a_plans_trainings_are_requested_by_month(study: Path, tmp_path: Path, plan: Path) -> None:
    made = propose(study, tmp_path, claims=confirmed(rows_and_claims(study)[1]), plan=plan)
    assert "Requested: 3 trainings of the plan: 6.00 core-h, predicted from " in text(made)
    assert "| 1 | 2 | 4.80 |\n| 3 | 1 | 2.40 |" in text(made)


def test_without_a_number_of_trainings_the_list_says_where_it_is_set(study: Path, tmp_path: Path) -> None:
    made = propose(study, tmp_path, claims=confirmed(rows_and_claims(study)[1]))
    assert "set `proposal.trainings`, or list them in `plan.jobs`" in missing(made)
    assert "One training as " in text(made)


def test_a_centre_without_a_rate_for_these_trainings_is_asked_for_one(study: Path, tmp_path: Path) -> None:
    claims = confirmed(rows_and_claims(study)[1])
    made = propose(study, tmp_path, claims=claims, trainings=1, centre="gpu_hours")
    assert "What GPU-hours charges for cores is not in its file: add `cpu: {each: core, units: ...}`" in missing(made)
    assert "Requested: " not in text(made)


def test_a_table_from_outside_has_no_machine_to_tell_of(study: Path, tmp_path: Path) -> None:
    made = propose(study, tmp_path, records=False, centre="nhr_zib")
    assert "Machine and software are not known of a table from outside: write them in." in missing(made)
    assert "**Machine**" not in text(made)


def test_a_study_without_a_row_that_counts_makes_a_proposal_that_says_so(study: Path, tmp_path: Path) -> None:
    rows, _ = rows_and_claims(study)
    nothing = {"blocks": 0, "blocks_used": "", "rates": "", "levelled": "", "validity": "invalid", "seconds_min": None}
    made = propose(study, tmp_path, rows=[row.model_copy(update=nothing) for row in rows])
    assert "Asked for: strong scaling. No strong-scaling series may be quoted: add counts" in missing(made)
    assert text(made).count("Nothing yet: see the list at the top.") == 3
    assert not list(made.glob("*_scaling*"))


def test_latex_shows_a_text_as_it_is() -> None:
    assert escaped("a_b & 5 % of $3 {x} #1 ~ ^ \\") == (
        r"a\_b \& 5 \% of \$3 \{x\} \#1 \textasciitilde{} \textasciicircum{} \textbackslash{}"
    )
    assert escaped("Köln × 2 – `snakemake a_b`, ≤ 3 細胞") == r"Köln × 2 – \texttt{snakemake a\_b}, $\le$ 3 ??"


def test_a_proposal_without_latex_leaves_no_old_pdf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_text(tmp_path / "proposal.tex", "")
    write_text(tmp_path / "proposal.pdf", "of an earlier run")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert make_pdf(tmp_path / "proposal.tex") is None
    assert not (tmp_path / "proposal.pdf").exists()


@pytest.mark.latex
def test_latexmk_makes_two_pages_of_it(ten: Path) -> None:
    if not (shutil.which("latexmk") and shutil.which("pdftotext")):
        pytest.skip("no LaTeX: apt-get install texlive-latex-base texlive-latex-recommended lmodern latexmk")
    assert re.search(r"^Pages: +2$", helping.run(ten, "pdfinfo", "proposal.pdf").stdout, re.MULTILINE)
    shown = helping.run(ten, "pdftotext", "-layout", "proposal.pdf", "-").stdout
    for said in ("Before this is handed in", "Strong scaling", "resnet18-ddp-4", "Requested: 10 trainings", "AMD EPYC"):
        assert said in shown


@pytest.mark.skipif(shutil.which("pandoc") is None, reason="no pandoc: apt-get install pandoc")
def test_pandoc_makes_a_docx_with_the_figure_in_it(ten: Path, tmp_path: Path) -> None:
    shutil.unpack_archive(ten / "proposal.docx", tmp_path, "zip")
    assert list((tmp_path / "word/media").glob("*.png"))
