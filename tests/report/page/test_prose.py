"""The sentences of a page: short, and of words, not of ids."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from scripts.report.words.profile_tables import POP_NOTE, PROFILES_NOTE

pytestmark = pytest.mark.browser

MOST_WORDS = 25
UNITS = (
    "s|ms|min|%|px|GiB|MiB|MB|MHz|kWh|GFLOP|CPU ms|images/s|cores?|core-hours|GPU-hours|images|workers|launches|blocks"
)
# Each part of the page that is read as text; tables, commands and pictures are none.
PROSE = """() => [...document.querySelectorAll(".facts, main p, main li, main dd, main summary")]
  .filter((one) => !one.closest(".screen, table, svg, .others") && !one.querySelector("p, li"))
  .map((one) => one.textContent.replace(/\\s+/g, " ").trim())"""


@dataclass(frozen=True)
class Said:
    """The prose of a page, and the ids of the points in its tables."""

    texts: list[str]
    points: list[str]


@pytest.fixture(scope="module")
def said(browser: Browser, pages: dict[str, Path]) -> list[Said]:
    context = browser.new_context()
    window, found = context.new_page(), []
    for page in pages.values():
        window.goto(page.as_uri())
        points = window.locator("tr[data-point]").evaluate_all("rows => rows.map(row => row.dataset.point)")
        found.append(Said(window.evaluate(PROSE), points))
    context.close()
    return found


def sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.!?])\s+(?=[A-Zn0-9])", text)


def words(sentence: str) -> int:
    """How many; a number with its unit and its interval is one."""
    without = re.sub(r"\[[^\]]*\]", "", sentence)
    return len(re.sub(rf"(\d) +(?:{UNITS})(?![\w/])", r"\1", without).split())


def test_a_number_with_unit_and_interval_is_one_word() -> None:
    assert words("It takes 1.84 [1.71, 1.98] times 40.0 s, on 2 cores.") == 7
    assert sentences("Ask for 4 cores. It takes 0.5 s. n is 3.") == ["Ask for 4 cores.", "It takes 0.5 s.", "n is 3."]


def test_no_sentence_is_longer_than_a_breath(said: list[Said]) -> None:
    found = {one for page in said for text in page.texts for one in sentences(text)}

    assert len(found) > 200
    assert {one for one in found if words(one) > MOST_WORDS} == set()


def test_notes_of_profiles_are_short_too() -> None:
    assert [one for note in (PROFILES_NOTE, POP_NOTE) for one in sentences(note) if words(one) > MOST_WORDS] == []


def test_points_are_named_in_words(said: list[Said]) -> None:
    coded = set()
    for page in said:
        ids = "|".join(map(re.escape, page.points))
        # In brackets, behind its words, a baseline has its id.
        coded |= {text for text in page.texts if re.search(rf"(?<![\w(/-])(?:{ids})(?![\w/-])", text)}

    assert any("DDP with 4 workers" in text for text in said[0].texts)
    assert coded == set()
