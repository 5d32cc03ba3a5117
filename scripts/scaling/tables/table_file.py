"""The files of the scaling stage: tables, one for people (CSV) and one for programs (parquet), and answers (JSON)."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import pandas as pd
from pyarrow import ArrowInvalid, parquet
from pydantic import BaseModel, ValidationError

from scripts import format as show
from scripts.atomic import replacing
from scripts.errors import UserError

M = TypeVar("M", bound=BaseModel)


def write_table(rows: Sequence[BaseModel], kind: type[BaseModel], csv: Path, parquet: Path) -> None:
    """Write rows for people (CSV, 6 significant digits, never rounded onto 1) and for programs (parquet, exact)."""
    table = pd.DataFrame([row.model_dump() for row in rows], columns=list(kind.model_fields))
    with replacing(csv) as temporary:
        table.to_csv(temporary, index=False, float_format=show.six_digits)
    with replacing(parquet) as temporary:
        table.to_parquet(temporary, index=False)


def read_rows(path: Path, kind: type[M]) -> list[M]:
    """The rows of a table.

    Raises:
        UserError: there is no such file, or its columns are not those of `kind`.
    """
    if not path.is_file():
        raise UserError(f"{path}: found no file, expected a scaling table; run the workflow up to its tables")
    try:
        return [kind.model_validate(row) for row in parquet.read_table(path).to_pylist()]
    except ValidationError as error:
        first = error.errors()[0]
        found = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    except ArrowInvalid as error:
        found = str(error)
    raise UserError(f"{path}: no table of this version: {found}; run the workflow again")


def read_answer(path: Path, kind: type[M]) -> M:
    """An answer, as the model that it was written from.

    Raises:
        UserError: there is no such file, or it is of another version.
    """
    if not path.is_file():
        raise UserError(f"{path}: found no file, expected an answer; run the workflow up to its tables")
    try:
        return kind.model_validate_json(path.read_text(encoding="utf-8"))
    except ValidationError as error:
        first = error.errors()[0]
        found = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise UserError(f"{path}: no answer of this version: {found}; run the workflow again") from None
