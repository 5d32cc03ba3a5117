"""The real programs of the report, run on the study of quirks.py."""

import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from unittest import mock

from helping import run
from quirks import CLASSES

from scripts.registry import ROOT


def python(*arguments: object) -> str:
    """Run a program of the repository; its stdout."""
    return run(ROOT, sys.executable, "-m", *map(str, arguments)).stdout


def here(module: str, *arguments: object) -> None:
    """Run a program in this process: what is tested is what it leaves behind."""
    with mock.patch.object(sys, "argv", [module, *map(str, arguments)]):
        importlib.import_module(module).main()


def answer_study(study: Path, start: Callable[..., object] = python) -> None:
    """What the training table and the loading answer say: laws, recommendation, claims."""
    tables = study / "scaling"
    limits = {"confidence": 0.95, "tolerance": 0.05, "marginal_efficiency": 0.5, "deadline_seconds": None}
    for program, output, spec_of in (
        ("laws.fit_laws", "laws", {"confidence": 0.95, "workers_per_node": None}),
        ("answers.recommend", "recommendation", limits | {"currency": ""}),
        ("claims.judge_claims", "claims", {"claims": []}),
    ):
        found = (tables / output).with_suffix(".json")
        flags = ["--training", tables / "training.parquet", f"--{output}", found, "--spec", json.dumps(spec_of)]
        if program == "claims.judge_claims":
            for name in ("laws.json", "recommendation.json", "loading.parquet"):
                flags += [f"--{name.partition('.')[0]}", tables / name]
            flags += ["--answer", tables / "loading.json", "--csv", tables / "claims.csv"]
        start(f"scripts.scaling.{program}", *flags)


def draw_figures(study: Path, folder: Path, start: Callable[..., object] = python) -> None:
    """Run the program on the study."""
    start(
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


def render_page(
    study: Path, figures: Path, jobs: Path, page: Path, *more: object, start: Callable[..., object] = python
) -> None:
    """Run the programs of the contact sheet and the page on the study, the page's with `more` arguments."""
    sheet, images = page.with_name("contact_sheet.jpg"), study / "images"
    if not sheet.exists():
        shards = ("--shards", images / "shards", "--split", images / "split.parquet")
        start("scripts.report.pictures.contact_sheet", *shards, "--sheets", sheet)
    config = {
        "study": "quirks",
        "training": {"epochs": 6, "scaling": "strong", "global_batch": 32},
        "images": {"folder": "/data/<script>alert(1)</script>"},
    }
    dask = ("--dask-report", study / "loading/dask_report.html") if (figures / "dask_graph.svg").exists() else ()
    start(
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
