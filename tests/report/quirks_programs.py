"""The real programs of the report, run on the study of quirks.py."""

import json
import sys
from pathlib import Path

from helping import run
from quirks import CLASSES

from scripts.registry import ROOT


def python(*arguments: object) -> str:
    """Run a program of the repository; its stdout."""
    return run(ROOT, sys.executable, "-m", *map(str, arguments)).stdout


def draw_figures(study: Path, folder: Path) -> None:
    """Run the program on the study."""
    python(
        "scripts.report.figures.draw_figures",
        *("--training", study / "scaling/training.parquet", "--loading", study / "scaling/loading.parquet"),
        *("--records", *sorted(study.glob("*/records/*/*.json")), "--folder", folder),
        *("--usage", *sorted(study.glob("training/records/*/b1.usage.csv")), "--laws", study / "scaling/laws.json"),
        *("--recommendation", study / "scaling/recommendation.json"),
    )


def typeset_tables(study: Path, training: Path, folder: Path) -> None:
    """Run the program on the study, with a training table of its own."""
    tables = study / "scaling"
    python(
        "scripts.report.paper.typeset_tables",
        *("--training", training, "--strategies", tables / "strategies.parquet"),
        *("--loading", tables / "loading.parquet", "--jobs", tables / "jobs.parquet", "--folder", folder),
        *("--records", *sorted(study.glob("*/records/*/*.json"))),
    )


def render_page(study: Path, figures: Path, jobs: Path, page: Path, *more: object) -> None:
    """Run the programs of the contact sheet and the page on the study, the page's with `more` arguments."""
    sheet, images = page.with_name("contact_sheet.jpg"), study / "images"
    if not sheet.exists():
        shards = ("--shards", images / "shards", "--split", images / "split.parquet")
        python("scripts.report.pictures.contact_sheet", *shards, "--sheets", sheet)
    config = {
        "study": "quirks",
        "training": {"epochs": 6, "scaling": "strong", "global_batch": 32},
        "images": {"folder": "/data/<script>alert(1)</script>"},
    }
    dask = ("--dask-report", study / "loading/dask_report.html") if (figures / "dask_graph.svg").exists() else ()
    python(
        "scripts.report.page.render_page",
        *("--answer", study / "scaling/loading.json", "--laws", study / "scaling/laws.json"),
        *("--strategies", study / "scaling/strategies.parquet"),
        *("--recommendation", study / "scaling/recommendation.json", "--claims", study / "scaling/claims.json", *dask),
        *("--training", study / "scaling/training.parquet", "--loading", study / "scaling/loading.parquet"),
        *("--networks", *sorted((study / "training" / "facts").glob("*.json"))),
        *("--jobs", jobs, "--records", *sorted(study.glob("*/records/*/*.json"))),
        *("--split", images / "split.parquet", "--rejects", images / "rejects.csv"),
        *("--leaks", images / "leaks.json", "--previews", *[sheet] * len(CLASSES)),
        *("--figures", *sorted([*figures.glob("*.svg"), *figures.glob("*.csv")]), "--sheet", sheet),
        *("--template", ROOT / "scripts/report/page/page.html.jinja", "--page", page),
        *("--spec", json.dumps({"config": config})),
        *more,
    )
