"""The study of quirks.py as the scaling stage leaves it, and its report by the real programs."""

from pathlib import Path

import pytest
from quirks_programs import draw_figures, render_page, typeset_tables
from quirks_study import make_study


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results folder of the study, without a report."""
    folder = tmp_path_factory.mktemp("results") / "quirks"
    make_study(folder)
    return folder


@pytest.fixture(scope="session")
def figures(study: Path) -> Path:
    """The folder of the study's figures."""
    folder = study / "report/figures"
    draw_figures(study, folder)
    return folder


@pytest.fixture(scope="session")
def page(study: Path, figures: Path) -> Path:
    """The study's page."""
    found = study / "report/index.html"
    render_page(study, figures, study / "scaling/jobs.parquet", found)
    return found


@pytest.fixture(scope="session")
def typeset(study: Path) -> Path:
    """The folder of the study's tables for a paper."""
    typeset_tables(study, study / "scaling/training.parquet", study / "report/tables")
    return study / "report/tables"
