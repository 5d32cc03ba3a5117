"""The page on paper."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

MILLIMETRE = 96 / 25.4  # CSS pixels
WIDTH, HEIGHT = int((297 - 24) * MILLIMETRE), int((210 - 24) * MILLIMETRE)  # of A4, landscape, inside its margins
WHITE, MOST_PAGES = "rgb(255, 255, 255)", 20


@pytest.fixture(scope="module")
def window(browser: Browser) -> Iterator[Page]:
    """A window as wide as paper, of a reader who likes it dark."""
    context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="dark")
    yield context.new_page()
    context.close()


def printed(window: Page, page: Path) -> None:
    window.goto(page.as_uri())
    window.emulate_media(media="print", color_scheme="dark")


def test_nothing_is_cut_at_the_right_edge(window: Page, pages: dict[str, Path]) -> None:
    beyond = """width => [...document.querySelectorAll("main *")]
      .filter((one) => one.getClientRects().length && one.getBoundingClientRect().right > width + 0.5)
      .map((one) => `${one.tagName} ${one.textContent.slice(0, 40)}`)"""
    found = {}
    for name, page in pages.items():
        printed(window, page)
        found[name] = window.evaluate(beyond, WIDTH)

    assert {name: what for name, what in found.items() if what} == {}


def test_tables_have_all_their_columns_and_nothing_scrolls(window: Page, page: Path) -> None:
    printed(window, page)

    assert window.locator("th.rest").count() > 10
    assert all(window.locator("th.rest").evaluate_all("all => all.map(one => one.offsetWidth > 0)"))
    cut = "all => all.filter(one => getComputedStyle(one).overflow !== 'visible').length"
    assert window.locator(".scroll").evaluate_all(cut) == 0


def test_paper_is_light_whatever_the_reader_likes(window: Page, page: Path) -> None:
    printed(window, page)

    assert window.evaluate("getComputedStyle(document.documentElement).backgroundColor") == WHITE
    assert window.locator("button:not(thead button):visible").count() == 0


def test_figures_and_tiles_stay_whole(window: Page, page: Path) -> None:
    printed(window, page)

    tall = "all => all.map(one => [getComputedStyle(one).breakInside, one.offsetHeight])"
    found = window.locator("figure, .tile").evaluate_all(tall)
    assert len(found) > 10
    assert {broken for broken, _ in found} == {"avoid"}
    assert max(height for _, height in found) < HEIGHT


def test_a_study_is_a_few_sheets_of_paper(window: Page, page: Path) -> None:
    printed(window, page)

    paper = window.pdf(prefer_css_page_size=True, print_background=True)

    box = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", paper)
    assert box is not None
    assert float(box[1]) > float(box[2])
    assert 5 < len(re.findall(rb"/Type /Page\b(?!s)", paper)) <= MOST_PAGES
