"""What the page and the terminal show of profiles, by the real programs."""

import shutil
from pathlib import Path

import pytest
from made_profiles import DDP, SERIAL, beside
from quirks_programs import python, render_page

from scripts.scaling.profiles import tabulate_pop, tabulate_profiles
from scripts.scaling.profiles.profile_rows import PopRow, ProfileRow
from scripts.scaling.tables.table_file import write_table

SLOWER = SERIAL.model_copy(update={"rank_phases": [SERIAL.phases | {"optimizer": 0.5}]})
FSDP = DDP.model_copy(update={"point_id": "fsdp-2", "unreduced_steps": None})


@pytest.fixture(scope="module")
def profiled(study: Path, figures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study's folder with profiles in it, and what is drawn of them."""
    folder = tmp_path_factory.mktemp("profiled") / "quirks"
    shutil.copytree(study, folder, ignore=shutil.ignore_patterns("report"))
    shutil.copytree(figures, folder / "report/figures")
    blocks = [[beside(one, base) for base in (SERIAL, SLOWER, SERIAL)] for one in (SERIAL, DDP, FSDP)]
    tables = folder / "scaling"
    write_table([tabulate_pop.row(pairs, 0.95) for pairs in blocks], PopRow, tables / "pop.csv", tables / "pop.parquet")
    rows = [tabulate_profiles.row(pairs) for pairs in blocks]
    write_table(rows, ProfileRow, tables / "profiles.csv", tables / "profiles.parquet")
    files = ("--profiles", tables / "profiles.parquet", "--pop", tables / "pop.parquet")
    python("scripts.report.figures.draw_profiles", *files, "--folder", folder / "report/figures")
    return folder


def test_the_page_shows_efficiencies_with_intervals_and_says_why_one_is_missing(profiled: Path) -> None:
    page, tables = profiled / "report/index.html", profiled / "scaling"
    more = ("--profiles", tables / "profiles.parquet", tables / "pop.parquet")
    render_page(profiled, profiled / "report/figures", tables / "jobs.parquet", page, *more)

    _, _, text = page.read_text().partition('<h3 id="pop">')
    section = text.partition("</section>")[0]

    assert '<figure data-name="pop">' in section
    assert '<a download="pop.csv" href="data:text/csv' in section
    row = section.partition('<th scope="row" class="text">ddp-2</th>')[2].partition("</tr>")[0]
    assert ">0.68 [0.62, 0.74]<" in row
    assert ">global efficiency<" in row  # of all that is under 0.8, what is so with its interval
    assert "no parallel efficiency: the exchange stands inside forward and backward" in section


def test_a_study_without_profiles_has_no_such_table(page: Path) -> None:
    assert 'id="pop"' not in page.read_text()


def test_the_terminal_has_their_values_in_lines_that_fit(profiled: Path) -> None:
    printed = python("scripts.report.terminal.print_tables", profiled / "scaling")

    _, _, after = printed.partition("POP efficiencies")
    line = next(line for line in after.splitlines() if line.startswith("ddp-2"))

    assert line.split()[:5] == ["ddp-2", "2", "3", "0.68", "0.84"]
    assert max(map(len, printed.splitlines())) <= 120
