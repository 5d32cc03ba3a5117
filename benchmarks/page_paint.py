"""How soon is the page of a large study seen, and how large is it?

Mechanism: a study as large as config/studies/lc25000.yaml, 444 loading and 84 training measurements. Its records are
made as those of tests/report, its tables, figures and page by the real programs. Chromium opens the page from disk,
each round in a fresh context; it tells itself when it first painted anything, and the largest thing that is seen
without scrolling.

    make bench        or        python -m benchmarks.page_paint --rounds 7 [--keep FOLDER]
"""

import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from rich.console import Console
from rich.table import Table

from scripts import cli
from scripts.registry import ROOT

sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/report")]

import quirks  # noqa: E402

WAYS = (
    "pool_map",
    "pool_imap",
    "pool_imap_unordered",
    "pool_starmap",
    "pool_apply_async",
    "pool_map_async",
    "processes",
)
WIDTH, HEIGHT = 1280, 900
# Milliseconds since the page was asked for.
PAINTS = """() => new Promise((resolve) => {
  const seen = {};
  const told = (list) => {
    for (const one of list.getEntries()) seen[one.name || "largest"] = one.startTime;
    if (seen["first-contentful-paint"] && seen.largest) resolve([seen["first-contentful-paint"], seen.largest]);
  };
  const observe = (type) => new PerformanceObserver(told).observe({ type, buffered: true });
  ["paint", "largest-contentful-paint"].forEach(observe);
})"""


def made_page(folder: Path) -> Path:
    """The page of a study of 528 measurements, six blocks of 14 ways to train and of 74 to load."""
    quirks.BLOCKS = tuple(range(1, 7))
    counts = (1, 2, 3, 4, 6, 8)
    quirks.TRAINING.clear()
    quirks.TRAINING.update({f"resnet18-{way}-{n}": 42 / n + 2 for way in ("ddp", "fsdp") for n in counts})
    quirks.TRAINING.update({f"{model}-serial-1": 40.0 for model in ("resnet18", "resnet50")})
    quirks.STRAYS = quirks.WRONG = ""
    both = {f"{way}-{n}-16": 0.33 / n + 0.01 * i for i, way in enumerate(WAYS) for n in (1, 2, 3, 4)}
    both |= {f"threads-{n}-16": 0.3 / n for n in (1, 2, 3, 4)} | {"serial-1": 0.31}
    quirks.LOADING.clear()
    quirks.LOADING.update({"packed-1": 0.0021, "packed-2": 0.0015, "headspace-1": 0.0011, "decode_only-1": 0.24})
    quirks.LOADING.update(both | {f"asyncio-{n}-16": 0.3 / n for n in (1, 2, 3, 4)})
    quirks.LOADING.update({f"{point}-cold": 1.3 * seconds for point, seconds in both.items()})
    # They take what they measure from there.
    from quirks_programs import draw_figures, render_page
    from quirks_study import make_study

    make_study(folder)
    measured = len(list(folder.glob("*/records/*/*.json")))
    if measured != 528:
        sys.exit(f"made {measured} records, expected 528")
    figures, page = folder / "report/figures", folder / "report/index.html"
    draw_figures(folder, figures)
    render_page(folder, figures, folder / "scaling/jobs.parquet", page)
    return page


def paints(browser: Browser, page: Path) -> tuple[float, float]:
    """Milliseconds to the first and to the largest paint."""
    context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT})
    window = context.new_page()
    window.goto(page.as_uri(), wait_until="load")
    first, largest = window.evaluate(PAINTS)
    context.close()
    return first, largest


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--keep", type=Path, help="a folder that the study is left in")
    args = parser.parse_args()
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        sys.exit("no chromium: apt-get install chromium")
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        page = made_page((args.keep or Path(temporary)) / "quirks")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        paints(browser, page)  # it reads its own files
        found = [paints(browser, page) for _ in range(args.rounds)]
        browser.close()
        size = page.stat().st_size
    table = Table("", "median", "least", "greatest", title=f"Page of 528 measurements, {size / 1e6:.2f} MB")
    for name, times in zip(("first contentful", "largest contentful"), zip(*found, strict=True), strict=True):
        numbers = (f"{value:.0f}" for value in (statistics.median(times), min(times), max(times)))
        table.add_row(f"{name} paint, ms", *numbers)
    Console().print(table)


if __name__ == "__main__":
    cli.run(main)
