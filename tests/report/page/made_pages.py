"""Pages of studies that readers may bring: one point, forty, three precisions, other classes, somebody else's table."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from quirks import CLASSES
from quirks_programs import answer_study, here, render_page

from scripts import record
from scripts.registry import ROOT
from scripts.report.figures.figure_parts import save
from scripts.report.figures.style import styled
from scripts.report.figures.training.answer_figure import draw_answer
from scripts.scaling.answers.answer import Recommendations
from scripts.scaling.tables.rows import TrainingRow
from scripts.scaling.tables.table_file import read_answer, read_rows, write_table

Rows = list[TrainingRow]
OF_TRAININGS = ("answer", "speedup", "efficiency", "costs", "laws")  # figures
LONG = [f'<i>{"adenocarcinoma_of_the_" * 4}{i}</i>, ünïcode & "quotes"' for i in range(len(CLASSES))]


def one_point(rows: Rows) -> Rows:
    return [row for row in rows if row.point == "resnet18-serial-1"]


def forty_points(rows: Rows) -> Rows:
    two = next(row for row in rows if row.point == "resnet18-ddp-2")
    return [
        *rows,
        *(two.model_copy(update={"point": f"resnet18-ddp-{n}", "workers": n, "cores": n}) for n in range(9, 49)),
    ]


def three_precisions(rows: Rows) -> Rows:
    mine = [row for row in rows if row.model == "resnet18"]
    names = ("point", "baseline", "curve")
    return mine + [
        row.model_copy(update={name: f"{getattr(row, name)}-{kind}" for name in names} | {"precision_of_numbers": kind})
        for kind in ("bf16", "fp16")
        for row in mine
    ]


def busy_machine(rows: Rows) -> Rows:
    return [row.model_copy(update={"marks": f"{row.marks} noisy".strip()}) for row in rows]


STUDIES: dict[str, Callable[[Rows], Rows]] = {
    "one point": one_point,
    "forty points": forty_points,
    "three precisions": three_precisions,
    "a busy machine": busy_machine,
}


def page_of(study: Path, figures: Path, folder: Path, change: Callable[[Rows], Rows]) -> Path:
    """The page of a copy of a study whose trainings are others; its first figure is drawn anew."""
    shutil.copytree(study, folder, ignore=shutil.ignore_patterns("report"))
    tables, drawn = folder / "scaling", folder / "report/figures"
    rows = change(read_rows(study / "scaling/training.parquet", TrainingRow))
    write_table(rows, TrainingRow, tables / "training.csv", tables / "training.parquet")
    answer_study(folder, here)
    shutil.copytree(figures, drawn)
    with styled():
        save(draw_answer(rows, read_answer(tables / "recommendation.json", Recommendations)), drawn, "answer")
    return rendered(folder)


def page_of_long_names(study: Path, figures: Path, folder: Path) -> Path:
    """The page of a copy of a study whose classes have long and odd names."""
    shutil.copytree(study, folder, ignore=shutil.ignore_patterns("report"))
    shutil.copytree(figures, folder / "report/figures")
    split = folder / "images/split.parquet"
    table = pd.read_parquet(split)
    table["class"] = table["class"].map(dict(zip(CLASSES, LONG, strict=True)))
    table.to_parquet(split, index=False)
    for path in folder.glob("training/records/*/*.json"):
        one = record.read(path)
        assert one.quality is not None
        quality = one.quality.model_copy(update={"classes": LONG})
        record.write(one.model_copy(update={"quality": quality}), path)
    return rendered(folder)


def page_of_trainings(study: Path, figures: Path, folder: Path) -> Path:
    """The page of the trainings as if somebody else had measured them."""
    tables = study / "scaling"
    drawn = [figures / f"{name}.{kind}" for name in OF_TRAININGS for kind in ("svg", "csv")]
    here(
        "scripts.report.page.render_trainings",
        *("--training", tables / "training.parquet", "--strategies", tables / "strategies.parquet"),
        *("--laws", tables / "laws.json", "--recommendation", tables / "recommendation.json"),
        *("--claims", tables / "claims.json", "--figures", *drawn),
        *("--template", ROOT / "scripts/report/page/trainings.html.jinja", "--page", folder / "trainings.html"),
        *("--spec", json.dumps({"study": "outside", "table": "theirs.csv", "program": None, "scaling": {}})),
    )
    return folder / "trainings.html"


def rendered(study: Path) -> Path:
    page = study / "report/index.html"
    render_page(study, study / "report/figures", study / "scaling/jobs.parquet", page, start=here)
    return page


def pages_of(study: Path, figures: Path, page: Path, folder: Path) -> dict[str, Path]:
    """All pages, by what is particular about them."""
    return {
        "quirks": page,
        **{
            name: page_of(study, figures, folder / name.replace(" ", "_") / "quirks", change)
            for name, change in STUDIES.items()
        },
        "long names": page_of_long_names(study, figures, folder / "long_names/quirks"),
        "somebody else's": page_of_trainings(study, figures, folder),
    }
