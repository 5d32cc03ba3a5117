"""The first screen: tiles of what to ask for, with how sure that is."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from scripts.report.page.first_screen import Axis, Tile, answers
from scripts.scaling.answers.answer import Breach, Claim, Claims, LoadingAnswer, Recommendations
from scripts.scaling.answers.recommend import RecommendSpec, recommend
from scripts.scaling.tables.rows import LoadingRow, TrainingRow
from scripts.scaling.tables.table_file import read_answer, read_rows

SPEC = RecommendSpec(confidence=0.95, tolerance=0.05, marginal_efficiency=0.5, deadline_seconds=None, currency="")


@pytest.fixture
def rows(study: Path) -> list[TrainingRow]:
    return read_rows(study / "scaling/training.parquet", TrainingRow)


@pytest.fixture
def loading(study: Path) -> list[LoadingRow]:
    return read_rows(study / "scaling/loading.parquet", LoadingRow)


def tiles_of(rows: list[TrainingRow], rule: str = "", repeatable: bool = True) -> dict[str, Tile]:
    """The tiles of the first baseline by what they ask; what is answered breaks `rule`."""
    advice = recommend(rows, SPEC)
    breaches = [Breach(rule=rule, found="")] if rule else []
    claims = [
        Claim(about="answer", sentence=" ".join(one.sentences), rows=one.points, stands=not rule, breaches=breaches)
        for one in advice.recommendations
    ]
    found = answers(rows, advice, Claims(claims=claims), None, repeatable=repeatable)
    return {tile.asks: tile for tile in found[0].tiles}


def test_words_come_before_codes_and_the_interval_stands_on_the_measured_counts(rows: list[TrainingRow]) -> None:
    ask = tiles_of(rows)["ask for"]

    assert (ask.value, ask.words, ask.point) == ("4 cores", "DDP, 4 workers", "resnet18-ddp-4")
    assert ask.axis == Axis([1, 2, 4], 4, 4)
    assert ask.axis.x(4) == pytest.approx(250 / 3)


def test_what_may_not_be_quoted_says_what_would_tell(rows: list[TrainingRow]) -> None:
    tiles = tiles_of(rows, "measured again")

    assert {tile.state for tile in tiles.values()} == {"seen"}
    assert tiles["how sure"].command == "snakemake ... confirm"
    theirs = tiles_of(rows, "measured again", repeatable=False)["how sure"]
    assert (theirs.tells, theirs.command) == ("launches of your own", "")
    assert {tile.state for tile in tiles_of(rows).values()} == {"stands"}


def test_one_point_says_that_a_second_worker_count_would_tell(rows: list[TrainingRow]) -> None:
    alone = [row for row in rows if row.point == "resnet18-serial-1"]

    ask, sure = tiles_of(alone).values()
    assert (ask.value, sure.value, sure.tells) == ("–", "nothing to quote", "a second worker count")
    assert sure.words == "1 point, 4 blocks of each at most"
    assert sure.command == "snakemake ... --config training='{\"workers\": [1, 2]}'"


def test_one_block_of_each_says_how_many_more_would_tell(rows: list[TrainingRow]) -> None:
    once = [
        row.model_copy(update={"blocks": 1, "blocks_used": "1", "rates": row.rates.split()[0]})
        for row in rows
        if row.rates
    ]
    once = [row.model_copy(update={"levelled": row.levelled.split()[0]}) for row in once]

    tiles = tiles_of(once)

    assert (tiles["ask for"].state, tiles["ask for"].value) == ("open", "–")
    assert (tiles["how sure"].tells, '"blocks": 3' in tiles["how sure"].command) == ("2 more blocks of each", True)


def test_a_noisy_machine_is_said(rows: list[TrainingRow]) -> None:
    noisy = [row.model_copy(update={"marks": f"{row.marks} noisy".strip()}) for row in rows]
    calm = [row.model_copy(update={"marks": row.marks.replace("noisy", "").strip()}) for row in rows]

    assert "on a busy machine" in tiles_of(noisy)["how sure"].notes
    assert "on a calm machine" in tiles_of(calm)["how sure"].notes


def test_energy_and_money_stand_with_the_hours(rows: list[TrainingRow]) -> None:
    measured = [row.model_copy(update={"package_joules": 3.6e6, "cost": 1.5}) for row in rows]

    assert tiles_of(measured)["what it costs"].notes == ("cost 1.50", "1.00 kWh")


def test_loading_names_the_way_in_words(study: Path, rows: list[TrainingRow], loading: list[LoadingRow]) -> None:
    advice = read_answer(study / "scaling/recommendation.json", Recommendations)
    feeding = read_answer(study / "scaling/loading.json", LoadingAnswer).feeding
    claims = read_answer(study / "scaling/claims.json", Claims)

    tiles = {tile.asks: tile for tile in answers(rows, advice, claims, None, loading, feeding)[0].tiles}

    assert tiles["load with"].value == "packed"
    assert tiles["load with"].notes == ("straight from the files: serial",)


def test_forty_points_leave_ticks_that_can_be_read(rows: list[TrainingRow]) -> None:
    two = next(row for row in rows if row.point == "resnet18-ddp-2")
    many = [two.model_copy(update={"point": f"ddp-{n}", "workers": n, "cores": n}) for n in range(3, 43)]

    ask = tiles_of([*rows, *many])["ask for"]

    assert ask.axis is not None
    assert len(ask.axis.counts) > 40
    assert len(ask.axis.named) <= 10
    assert {ask.axis.low, ask.axis.high} <= set(ask.axis.named)


def test_each_precision_has_an_answer_with_a_title_in_words(rows: list[TrainingRow]) -> None:
    mine = [row for row in rows if row.model == "resnet18"]
    halves = [
        row.model_copy(
            update={
                "point": f"{row.point}-{name}",
                "baseline": f"{row.baseline}-{name}",
                "curve": f"{row.curve}-{name}",
                "precision_of_numbers": name,
            }
        )
        for row in mine
        for name in ("bf16", "fp16")
    ]
    advice = recommend([*mine, *halves], SPEC)

    found = answers([*mine, *halves], advice, Claims(claims=[]), None)

    assert [one.title for one in found] == [f"resnet18, {name}, strong scaling" for name in ("fp32", "bf16", "fp16")]


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_the_tiles_are_seen_without_scrolling(browser: Browser, page: Path, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900})
    window = context.new_page()
    window.goto(page.as_uri())
    ends = window.locator(".tile").evaluate_all("all => all.map(one => one.getBoundingClientRect().bottom)")
    context.close()

    first = 4 if width > 390 else 2
    assert max(ends[:first]) < 900


@pytest.mark.browser
def test_a_tile_leads_to_its_row_and_its_lines_are_copied_by_one_click(opened: Page) -> None:
    opened.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tile = opened.locator(".tile", has_text="ask for").first

    tile.locator("a").click()
    lines = opened.locator(".tile pre.paste").first
    opened.locator(".tile .copy").first.click()
    opened.get_by_text("copied").wait_for()

    assert opened.url.endswith("#at-resnet18-ddp-4")
    assert opened.locator("#at-resnet18-ddp-4").is_visible()
    assert opened.evaluate("navigator.clipboard.readText()") == f"{lines.text_content()}\n"


@pytest.mark.browser
def test_what_is_further_down_is_laid_out_once_it_is_reached(browser: Browser, page: Path) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    window = context.new_page()
    window.goto(page.as_uri())
    seen = "() => document.querySelector('.jobs tbody th').checkVisibility({ contentVisibilityAuto: true })"

    before = window.evaluate(seen)
    window.locator("nav a", has_text="Jobs").click()
    window.wait_for_function(seen)
    context.close()

    assert not before


@pytest.mark.browser
def test_without_scripts_all_stands_there(browser: Browser, page: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    window = context.new_page()
    window.goto(page.as_uri())
    buttons, hidden = window.locator("button").count(), window.locator("th.rest").first.is_visible()
    context.close()

    assert (buttons, hidden) == (0, True)
