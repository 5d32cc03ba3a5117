"""A real browser, and the study's page in it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from made_pages import pages_of
from playwright.sync_api import Browser, Page, sync_playwright


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium; every address but a file leads nowhere."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no chromium: apt-get install chromium")
    arguments = ["--no-sandbox", "--proxy-server=http://127.0.0.1:9"]
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=program, args=arguments)
        yield found
        found.close()


@pytest.fixture
def opened(browser: Browser, page: Path) -> Iterator[Page]:
    """The page in a window of 1280 pixels, offline, all of it laid out as of a reader who has scrolled through it."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, offline=True)
    window = context.new_page()
    window.goto(page.as_uri())
    window.add_style_tag(content="* { content-visibility: visible !important; }")
    yield window
    context.close()


@pytest.fixture(scope="session")
def pages(study: Path, figures: Path, page: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Pages of many studies, by what is particular about them."""
    return pages_of(study, figures, page, tmp_path_factory.mktemp("pages"))
