"""What axe-core finds on the pages, on a telephone, a laptop and a wide screen; and whether figures can be read."""

from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from made_pages import STUDIES
from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

LOOKS = [(width, scheme) for width in (390, 1280, 1920) for scheme in ("light", "dark")]
LEAST_CONTRAST = 4.5  # WCAG 2.2, success criterion 1.4.3
EVERY = "section"
# Where windows differ most, and pages of several studies.
FIRST = ":has(#answer), :has(#training)"
PARTICULAR = dict.fromkeys((*STUDIES, "somebody else's"), FIRST) | {"long names": ":has(#images), :has(#confusion)"}
# Of each text of a figure its colour's contrast with the page's.
CONTRASTS = """() => {
  const part = (value) => { value /= 255; return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4; };
  const light = (colour) => {
    const [red, green, blue] = colour.match(/[\\d.]+/g).map(Number).map(part);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const paper = light(getComputedStyle(document.documentElement).backgroundColor);
  const texts = [...document.querySelectorAll("figure svg text")];
  return texts.map((text) => {
    const ink = light(getComputedStyle(text).fill);
    return [text.textContent.trim(), (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05)];
  });
}"""


@pytest.fixture(scope="module")
def window(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def opened(window: Page, page: Path, sections: str = EVERY) -> None:
    """A page with all that it folds away, but without the other sections: axe looks at a part as long as at all."""
    window.goto(page.as_uri())
    window.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
    if sections != EVERY:
        window.locator(f"main > section:not({sections}), .figures").evaluate_all(
            "all => all.forEach(one => one.remove())"
        )
    window.evaluate(AXE_SCRIPT)


def look(window: Page, width: int, scheme: str) -> None:
    window.set_viewport_size({"width": width, "height": 900})
    window.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]


def violations(window: Page) -> list[str]:
    """What axe-core holds against the page, a line for each rule."""
    found = window.evaluate("axe.run({ resultTypes: ['violations'] })")
    assert found["passes"]
    return [
        f"{one['id']}: {one['help']}: {[node['html'][:120] for node in one['nodes'][:3]]}"
        for one in found["violations"]
    ]


def test_axe_finds_nothing_on_any_page(window: Page, pages: dict[str, Path]) -> None:
    found = {}
    for (name, page), (width, scheme) in zip(pages.items(), cycle(LOOKS), strict=False):
        opened(window, page, PARTICULAR.get(name, EVERY))
        look(window, width, scheme)
        found[name, width, scheme] = violations(window)

    assert {where: what for where, what in found.items() if what} == {}


def test_axe_finds_nothing_in_any_window(window: Page, page: Path) -> None:
    opened(window, page, FIRST)
    found = {}
    for width, scheme in LOOKS:
        look(window, width, scheme)
        found[width, scheme] = violations(window)

    assert {where: what for where, what in found.items() if what} == {}


def test_axe_would_find_something(window: Page, page: Path) -> None:
    opened(window, page, FIRST)
    look(window, 1280, "light")
    window.evaluate("document.querySelector('.facts').style.color = '#bbb'")

    assert [line.partition(":")[0] for line in violations(window)] == ["color-contrast"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_of_a_figure_stands_out(window: Page, page: Path, scheme: str) -> None:
    opened(window, page)
    look(window, 1280, scheme)

    contrasts = window.evaluate(CONTRASTS)

    assert len(contrasts) > 100
    assert [(text, ratio) for text, ratio in contrasts if ratio < LEAST_CONTRAST] == []
