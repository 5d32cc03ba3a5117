"""The page in a real browser."""

import base64
import hashlib
import html
import json
import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from quirks import BLOCKS, CLASSES, DRIFTS, LOADING, LOST_JOB, REJECT, STRAYS, TRAINING, WRONG
from quirks_programs import python, render_page

from scripts.loading.measuring.trace_dask import Trace
from scripts.report.words.point_words import names_of
from scripts.scaling.answers.answer import Claims, LoadingAnswer, Recommendations
from scripts.scaling.answers.laws import Laws
from scripts.scaling.answers.passes import Pass
from scripts.scaling.plan.planned import Plan
from scripts.scaling.tables.rows import JobRow, LoadingRow, TrainingRow
from scripts.scaling.tables.table_file import read_answer, read_rows, write_table

pytestmark = pytest.mark.browser


def test_it_asks_the_network_for_nothing_and_logs_nothing(browser: Browser, page: Path) -> None:
    context = browser.new_context(offline=True)
    window = context.new_page()
    asked: list[str] = []
    said: list[str] = []
    window.on("request", lambda request: asked.append(request.url))
    window.on("console", lambda message: said.append(message.text))
    window.on("pageerror", lambda error: said.append(str(error)))

    window.goto(page.as_uri())
    window.wait_for_load_state("networkidle")
    shown = window.locator("img").evaluate_all("images => images.map(image => image.naturalWidth > 0)")
    context.close()

    assert [url for url in asked if not url.startswith("data:")] == [page.as_uri()]
    assert said == []
    assert shown == [True] * (1 + len(CLASSES))


def test_it_would_load_nothing_from_elsewhere(page: Path) -> None:
    text = re.sub(r'xmlns(:\w+)?="[^"]*"', "", page.read_text())

    assert re.findall(r"https?://", text) == []
    assert '<img src="http' not in text


def test_its_policy_lets_one_script_run_and_no_other(page: Path) -> None:
    text = page.read_text()

    scripts = re.findall(r"<script>(.*?)</script>", text, flags=re.DOTALL)
    assert len(scripts) == text.count("<script") == 1
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{digest}'\"" in text


@pytest.mark.parametrize("width", [380, 1280])
def test_only_tables_scroll_sideways(browser: Browser, pages: dict[str, Path], width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, bypass_csp=True)
    window, scrolled = context.new_page(), {}
    for name, page in pages.items():
        window.goto(page.as_uri())
        window.add_style_tag(content="* { content-visibility: visible !important; }")
        window.locator("summary").evaluate_all("all => all.forEach(one => one.click())")
        scrolled[name] = window.evaluate("document.documentElement.scrollWidth")
    context.close()

    assert {name: reach for name, reach in scrolled.items() if reach > width} == {}


def test_every_point_has_a_row(opened: Page) -> None:
    rows = opened.locator("tr[data-point]").evaluate_all("rows => rows.map(row => row.dataset.point)")

    assert rows == [*TRAINING, *LOADING]


def test_an_invalid_row_is_marked_and_explained(opened: Page) -> None:
    for point, why in ((STRAYS, "its loss curve is"), (WRONG, "checksum: expected a1b2, found ffff")):
        row = opened.locator(f'tr[data-point="{point}"]')
        assert row.locator(".mark.invalid").is_visible()
        below = row.locator("xpath=following-sibling::tr[1]")
        assert f"blocks 1, 2, 3, 4: {why}" in below.inner_text()


def test_a_disturbed_block_of_a_valid_row_is_explained(opened: Page) -> None:
    point, block = DRIFTS
    row = opened.locator(f'tr[data-point="{point}"]')

    assert row.locator(".mark.invalid").count() == 0
    assert row.locator(".mark.noisy").count() == 1
    assert f"block {block}: drifted" in row.locator("xpath=following-sibling::tr[1]").inner_text()


def test_a_class_name_that_looks_like_html_is_shown_literally(opened: Page) -> None:
    heads = opened.locator(".confusion").first.locator("tbody th").all_inner_texts()

    assert heads == [*CLASSES, "precision"]
    assert "<b>x</b>&" in (opened.locator(".sheet img").first.get_attribute("alt") or "")
    assert opened.locator(".confusion b").count() == 0


def test_a_path_that_looks_like_html_is_shown_literally(opened: Page) -> None:
    opened.locator("summary", has_text="Rejected files").click()

    assert opened.locator(".rejects li").all_inner_texts() == [f"{REJECT[0]}: {REJECT[1]}"]
    assert "/data/<script>alert(1)</script>" in (opened.locator("details pre").last.text_content() or "")


def test_figures_follow_the_pages_colours_and_have_names(opened: Page) -> None:
    figures = opened.locator("figure svg[role=img]")
    ids = opened.locator("[id]").evaluate_all("all => all.map(one => one.id)")

    assert figures.count() == 11
    assert all(name for name in figures.evaluate_all("all => all.map(one => one.getAttribute('aria-label'))"))
    assert "var(--ink)" in figures.first.inner_html()
    assert len(ids) == len(set(ids))


def test_the_first_line_counts_the_images(opened: Page) -> None:
    facts = " ".join(opened.locator(".facts").inner_text().split())

    assert facts.startswith("36 images in 3 classes: 30 train, 3 validate, 3 test; 1 rejected.")


def test_each_baseline_has_its_confusion(opened: Page) -> None:
    assert opened.locator(".confusion").count() == 2
    assert "one process, resnet50, block 1: 30 test images" in opened.locator("main").inner_text()
    margins = opened.locator(".confusion").first.locator("td.margin").all_inner_texts()
    recall, precision = margins[:3], margins[3:6]
    assert (recall, precision) == (["0.900", "1.000", "0.800"], ["0.818", "0.909", "1.000"])


def test_each_network_says_what_it_asks_for(opened: Page) -> None:
    assert (
        "resnet50 at 64 px has 23.5 million parameters. An image takes 0.296 GFLOP forward, about three times that to "
        "train. Of an image, forward keeps 1.82 MB for backward in float32." in opened.locator("main").inner_text()
    )


def test_noise_names_the_launch_that_drifted(opened: Page) -> None:
    noise = opened.locator(".pairs div", has_text="Largest drift").inner_text()

    assert f"training DDP with 2 workers (resnet18), block {DRIFTS[1]}" in noise


def test_each_launch_has_its_job(opened: Page) -> None:
    heads = opened.locator(".jobs thead th").all_inner_texts()
    rows = [dict(zip(heads, row, strict=True)) for row in opened.locator(".jobs tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.innerText))"
    )]  # fmt: skip
    known = next(row for row in rows if (row["point"], row["block"]) == ("resnet18-ddp-2", "3"))
    lost = next(row for row in rows if (row["point"], row["block"]) == (LOST_JOB[0], str(LOST_JOB[1])))
    local = [row for row in rows if row["accounting"] == "not a Slurm job"]

    assert (known["queue s"], known["run s"], known["CPU efficiency"]) == ("30", "50", "0.750")
    assert (known["MaxRSS GiB"], known["requested GiB"], known["accounting"]) == ("1.00", "2.00", "complete")
    assert (lost["queue s"], lost["accounting"]) == ("–", "no accounting: sacct does not know the job's end")
    assert len(local) == len(LOADING) * len(BLOCKS)
    assert len(rows) == (len(LOADING) + len(TRAINING)) * len(BLOCKS)


def test_without_a_slurm_job_a_sentence_says_so(study: Path, figures: Path, tmp_path: Path) -> None:
    jobs = [row for row in read_rows(study / "scaling/jobs.parquet", JobRow) if row.job_id is None]
    write_table(jobs, JobRow, tmp_path / "jobs.csv", tmp_path / "jobs.parquet")

    render_page(study, figures, tmp_path / "jobs.parquet", tmp_path / "index.html")

    text = (tmp_path / "index.html").read_text()
    assert "No launch was a Slurm job." in text
    assert '<table class="rows jobs">' not in text


def test_the_page_opens_with_the_answer_and_what_was_skipped(opened: Page, study: Path) -> None:
    section = opened.locator("main > section").first

    said = section.locator(".answer").all_inner_texts()

    advice = read_answer(study / "scaling/recommendation.json", Recommendations).recommendations
    loading = read_answer(study / "scaling/loading.json", LoadingAnswer).sentences
    names = names_of(
        read_rows(study / "scaling/training.parquet", TrainingRow),
        read_rows(study / "scaling/loading.parquet", LoadingRow),
    )
    assert said == [names.say(one) for one in (*(" ".join(one.sentences) for one in advice), *loading)]
    assert said[0].startswith("Ask for 4 cores (95 %: 4): DDP with 4 workers (resnet18). It is the fastest")
    assert said[-1] == "ffcv was not measured: the package <ffcv> is not installed."
    assert section.locator(".answer a").count() == 0


def test_a_plan_and_what_a_pass_decided_stand_on_the_page(study: Path, figures: Path, tmp_path: Path) -> None:
    spec = {"jobs": [{"name": "<final>", "like": "resnet18-serial-1", "times": 10, "count": 2}], "currency": ""}
    spec |= {"cluster": {"nodes": 2, "cores_per_node": 4, "gpus_per_node": 0}, "minimise": "makespan"}
    spec |= {"deadline_seconds": None, "budget": None, "solver_seconds": 5, "confidence": 0.95}
    plan, table = tmp_path / "plan.json", study / "scaling/training.parquet"
    flags = ("--training", table, "--plan", plan, "--csv", tmp_path / "plan.csv", "--spec", json.dumps(spec))
    python("scripts.scaling.plan.make_plan", *flags)
    python("scripts.report.figures.draw_plan", "--plan", plan, "--folder", tmp_path)
    decided = Pass(blocks={}, stable=True, core_hours=1, core_hours_of_full_grid=2, sentence="The answer is stable.")
    (tmp_path / "next_pass.json").write_text(decided.model_dump_json())

    shown = tmp_path / "index.html"
    drawn = (plan, tmp_path / "gantt.svg", tmp_path / "pareto.svg")
    more = ("--plan", *drawn, "--decided-pass", tmp_path / "next_pass.json")
    render_page(study, figures, study / "scaling/jobs.parquet", shown, *more)

    text = shown.read_text()
    assert '<p class="answer">The answer is stable.</p>' in text
    found = read_answer(plan, Plan)
    assert [f'<p class="answer">{sentence}</p>' in text for sentence in found.sentences] == [True]
    for job in found.jobs:
        assert f'<th scope="row" class="text">{html.escape(job.job)}</th>' in text
        assert html.escape(job.sbatch) in text
    assert text.count("<figure ") == 11 + 2


def test_laws_and_claims_stand_with_what_is_refused_and_why(opened: Page, study: Path) -> None:
    laws = read_answer(study / "scaling/laws.json", Laws)
    claims = read_answer(study / "scaling/claims.json", Claims)

    assert opened.locator(".laws tbody tr").count() == sum(len(curve.fits) for curve in laws.curves)
    section = opened.locator("section", has=opened.locator("#claims"))
    standing = [one.sentence for one in claims.standing if one.about == "training"]
    said = section.locator("> .standing li").all_inner_texts()
    assert len(said) == len(standing)
    assert said[0].startswith("DDP with 2 workers (resnet18) trains ")
    assert section.locator(".loading-claims .standing li").count() == sum(
        one.stands and one.about == "loading" for one in claims.claims
    )
    seldom = sum(one.too_few for one in claims.refused)  # a recommendation that no fresh block has confirmed
    assert section.locator(".observed > li").count() == seldom > 0
    assert section.locator(".refused > li").count() == len(claims.refused) - seldom > 0
    assert "Validity before speed: " in section.inner_text()


def test_a_study_that_loads_with_dask_shows_its_graph_and_links_to_its_report(
    browser: Browser, study: Path, figures: Path, tmp_path: Path
) -> None:
    shutil.copytree(figures, tmp_path / "report/figures")
    trace = Trace(images=2, chunk=1, chunks=1, drawn=1, workers=1, means=[1, 2, 3], needs={"load 0": []})
    (tmp_path / "dask_graph.json").write_text(trace.model_dump_json())
    folder = tmp_path / "report/figures"
    python("scripts.report.figures.draw_dask_graph", "--graph", tmp_path / "dask_graph.json", "--folder", folder)
    report = study / "loading/dask_report.html"
    report.write_text("<title>Dask</title>")

    render_page(study, folder, study / "scaling/jobs.parquet", study / "report/with_dask.html")
    window = browser.new_page()
    window.goto((study / "report/with_dask.html").as_uri())
    drawn = window.locator("figure", has_text="load 0").is_visible()
    window.locator("a", has_text="Dask's performance report").click()
    opened = window.url
    window.close()

    assert drawn
    assert opened == report.as_uri()
