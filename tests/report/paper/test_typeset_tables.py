"""Tables for a paper."""

import re
from pathlib import Path

import pytest
from quirks import LOADING, STRAYS, TRAINING
from quirks_programs import typeset_tables

from scripts.scaling.tables.rows import TrainingRow
from scripts.scaling.tables.table_file import read_rows, write_table


@pytest.mark.parametrize(("name", "points"), [("training", TRAINING), ("loading", LOADING), ("jobs", TRAINING)])
def test_both_languages_have_a_line_for_each_point(typeset: Path, name: str, points: list[str]) -> None:
    markdown = (typeset / f"{name}.md").read_text().splitlines()
    latex = (typeset / f"{name}.tex").read_text()

    below = markdown[2:]  # the caption: no blank line among a table's, or it would be none
    lines = below[: below.index("")] if "" in below else below
    assert [line.split(" | ")[0].removeprefix("| ") for line in lines[2:]] == list(points)
    assert len({line.count(" | ") for line in lines}) == 1
    assert not (typeset / f"{name}.md").read_text().endswith("\n\n")
    for point in points:
        assert point.replace("_", r"\_") in latex


def test_the_caption_says_baseline_n_interval_and_machine(typeset: Path) -> None:
    caption = (typeset / "training.md").read_text().split("\n\n")[0]

    assert re.search(r"One process, resnet18 \(resnet18-serial-1\): [\d.]+ s \(n = 4\)", caption)
    assert "its 95 % interval, of each statement alone: along shared blocks" in caption
    assert "Machine: AMD EPYC 7763, 4 cores, " in caption
    assert "torch " in caption


def test_latex_is_booktabs_and_escaped(typeset: Path) -> None:
    latex = (typeset / "training.tex").read_text()

    assert r"\toprule" in latex
    assert r"\label{tab:training}" in latex
    assert r"95 \% interval" in latex
    assert not re.search(r"(?<!\\)%", latex)


def test_strong_and_weak_scaling_are_tables_apart(study: Path, tmp_path: Path) -> None:
    rows = read_rows(study / "scaling/training.parquet", TrainingRow)
    mixed = [row.model_copy(update={"scaling": "weak"}) if row.model == "resnet50" else row for row in rows]
    table = tmp_path / "training.parquet"
    write_table(mixed, TrainingRow, tmp_path / "training.csv", table)

    typeset_tables(study, table, tmp_path / "tables")

    strong, weak = ((tmp_path / f"tables/training_{name}.md").read_text() for name in ("strong", "weak"))
    assert "Speedup is against one process, resnet18 (resnet18-serial-1): " in strong
    assert "resnet50" not in strong
    assert "Speedup is against one process, resnet50 (resnet50-serial-1): " in weak
    assert "resnet18" not in weak


def test_a_paper_is_told_what_does_not_count_and_what_it_cost(typeset: Path) -> None:
    markdown, latex = ((typeset / f"training.{language}").read_text() for language in ("md", "tex"))

    assert f"\n{STRAYS}: blocks 1, 2, 3, 4: its loss curve is " in markdown
    assert f"\\footnotesize {STRAYS}: blocks 1, 2, 3, 4: its loss curve is " in latex
    titles = markdown.splitlines()[2]
    assert "| core-hours |" in titles
    assert "serial fraction" in titles
    assert "GPU-hours" not in titles  # nobody has any
    strategies = (typeset / "strategies.md").read_text()
    assert "In brackets 95 % intervals: Student t on log ratios" in strategies
    assert "Baselines: one process, resnet18. " in strategies
