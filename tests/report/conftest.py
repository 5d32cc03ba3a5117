"""The study of quirks.py as the scaling stage leaves it, and its report by the real programs."""

import json
from pathlib import Path

import pytest
from quirks import (
    BLOCKS,
    LOADING,
    TRAINING,
    draw_figures,
    loading_record,
    python,
    training_record,
    write_images,
    write_records,
)

from scripts.registry import ROOT
from scripts.scaling import tabulate_loading, tabulate_training
from scripts.scaling.analysis import read_records, write_table
from scripts.scaling.rows import LoadingRow, TrainingRow
from scripts.scaling.tabulate_training import ScalingSpec


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results folder of the study, without a report."""
    folder = tmp_path_factory.mktemp("results") / "quirks"
    write_images(folder / "images")
    training = write_records(folder, (training_record(point, block) for point in TRAINING for block in BLOCKS))
    loading = write_records(folder, (loading_record(point, block) for point in LOADING for block in BLOCKS))
    tables = folder / "scaling"
    scaling = ScalingSpec(baseline="serial-1", confidence=0.95, loss_tolerance=0.25)
    rows = tabulate_training.rows(read_records(training), list(TRAINING), scaling)
    write_table(rows, TrainingRow, tables / "training.csv", tables / "training.parquet")
    loaded = tabulate_loading.rows(read_records(loading), list(LOADING), 0.95)
    write_table(loaded, LoadingRow, tables / "loading.csv", tables / "loading.parquet")
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
    sheet, found = study / "report/contact_sheet.png", study / "report/index.html"
    images = study / "images"
    python(
        "scripts.report.contact_sheet",
        *("--shards", images / "shards", "--split", images / "split.parquet", "--sheet", sheet),
    )
    config = {
        "study": "quirks",
        "training": {"epochs": 6, "scaling": "strong", "global_batch": 32},
        "images": {"folder": "/data/<script>alert(1)</script>"},
    }
    python(
        "scripts.report.render_page",
        *("--training", study / "scaling/training.parquet", "--loading", study / "scaling/loading.parquet"),
        *("--records", *sorted(study.glob("*/records/*/*.json"))),
        *("--split", images / "split.parquet", "--rejects", images / "rejects.csv"),
        *("--figures", *sorted(figures.glob("*.svg")), "--sheet", sheet),
        *("--template", ROOT / "scripts/report/page.html.jinja", "--page", found),
        *("--spec", json.dumps({"config": config})),
    )
    return found
