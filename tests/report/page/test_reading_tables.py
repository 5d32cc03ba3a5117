"""What a reader does with the page's tables: more columns, an order, a filter, a copy."""

import pytest
from playwright.sync_api import Locator, Page
from quirks import TRAINING

pytestmark = pytest.mark.browser


@pytest.fixture
def training(opened: Page) -> Locator:
    """The training table's part of the page."""
    return opened.locator("section", has=opened.locator("h2#training"))


def points(training: Locator) -> list[str]:
    return training.locator("tr[data-point]:visible").evaluate_all("rows => rows.map(row => row.dataset.point)")


def test_the_readers_columns_come_first_and_the_rest_by_a_button(training: Locator) -> None:
    table = training.locator("table").first
    assert not table.locator("th", has_text="global batch").is_visible()

    training.get_by_role("button", name="all columns").first.click()

    assert table.locator("th", has_text="global batch").is_visible()


def test_the_readers_columns_fit_a_laptop(training: Locator) -> None:
    scroll = training.locator(".scroll").first

    assert scroll.evaluate("one => one.scrollWidth <= one.clientWidth")


def test_a_table_is_sorted_by_keyboard_and_comes_back(training: Locator) -> None:
    head = training.locator("th", has_text="seconds").first.locator("button")
    head.focus()
    head.press("Enter")
    assert points(training)[0] == "resnet18-ddp-4"
    head.press("Enter")
    assert points(training)[0] == "resnet50-serial-1"
    head.press("Enter")
    assert points(training) == list(TRAINING)


def test_reasons_stay_below_their_rows(training: Locator) -> None:
    training.locator("th", has_text="seconds").first.locator("button").click()

    below = training.locator("tr[data-point=resnet18-fsdp-2] + tr")
    assert "its loss curve is" in below.inner_text()


def test_a_filter_leaves_the_rows_that_hold_all_its_words(training: Locator) -> None:
    training.get_by_role("searchbox").first.fill("resnet50 ddp")

    assert points(training) == ["resnet50-ddp-2"]
    assert training.get_by_role("status").first.inner_text() == f"1 of {len(TRAINING)} rows"


def test_a_copy_holds_what_is_seen(opened: Page, training: Locator) -> None:
    opened.context.grant_permissions(["clipboard-read", "clipboard-write"])
    training.get_by_role("searchbox").first.fill("resnet50")

    training.get_by_role("button", name="copy as CSV").first.click()
    opened.get_by_text("copied").wait_for()

    head, *lines = opened.evaluate("navigator.clipboard.readText()").splitlines()
    assert head.startswith("point,marks,cores,n,seconds")
    assert [line.split(",")[0] for line in lines] == ["resnet50-serial-1", "resnet50-ddp-2"]
