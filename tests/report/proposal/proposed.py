"""The program that makes proposals, run on the study of quirks.py, with what a test changes."""

import json
from pathlib import Path
from typing import Any

from quirks_programs import python

from scripts.atomic import write_text
from scripts.config.proposal import Proposal
from scripts.scaling.answers.answer import Claims
from scripts.scaling.tables.rows import TrainingRow
from scripts.scaling.tables.table_file import read_answer, read_rows, write_table


def rows_and_claims(study: Path) -> tuple[list[TrainingRow], Claims]:
    """Of the study."""
    tables = study / "scaling"
    return read_rows(tables / "training.parquet", TrainingRow), read_answer(tables / "claims.json", Claims)


def confirmed(claims: Claims) -> Claims:
    """As if fresh blocks had borne out what is recommended."""
    stands = {"stands": True, "breaches": []}
    return Claims(claims=[one.model_copy(update=stands) if one.about == "answer" else one for one in claims.claims])


def propose(
    study: Path,
    folder: Path,
    claims: Claims | None = None,
    rows: list[TrainingRow] | None = None,
    plan: Path | None = None,
    records: bool = True,
    centre: str = "core_hours",
    **spec: Any,
) -> Path:
    """Run the program; its folder."""
    tables, mine = study / "scaling", folder / "given"
    training, judged = tables / "training.parquet", tables / "claims.json"
    if claims is not None:
        judged = mine / "claims.json"
        write_text(judged, claims.model_dump_json())
    if rows is not None:
        training = mine / "training.parquet"
        write_table(rows, TrainingRow, mine / "training.csv", training)
    found = sorted(study.glob("training/records/*/*.json")) if records else []
    python(
        "scripts.report.proposal.make_proposal",
        *("--training", training, "--recommendation", tables / "recommendation.json", "--claims", judged),
        *(("--plan", plan) if plan else ()),
        *(("--split", study / "images/split.parquet") if records else ()),
        *("--records", *found, "--centre", Proposal(centre=centre).centre_file, "--folder", folder),
        *("--spec", json.dumps({"study": "quirks", "trainings": None, "reserve": 0.2} | spec)),
    )
    return folder
