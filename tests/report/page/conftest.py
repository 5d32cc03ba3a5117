"""A real browser, and the study's page in it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
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
    """The page in a window of 1280 pixels, offline."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, offline=True)
    window = context.new_page()
    window.goto(page.as_uri())
    yield window
    context.close()
