"""What a number in a file can be: the types of the fields of records and of tables from outside."""

import json
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, Field

MOST = 10**18  # no second, byte or count of a launch reaches it


def _finite(value: dict[str, Any]) -> dict[str, Any]:
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        raise ValueError(f"found {value}, expected finite numbers") from None
    return value


def _moment(value: str) -> str:
    try:
        aware = datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        aware = False
    if not aware:
        raise ValueError(f"found {value!r}, expected a time with its offset from UTC, as 2026-01-31T12:00:00.000+00:00")
    return value


Positive = Annotated[float, Field(gt=0, lt=MOST, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, lt=MOST, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, lt=MOST)]
Whole = Annotated[int, Field(ge=0, lt=MOST)]
Plain = Annotated[dict[str, Any], AfterValidator(_finite)]  # of any shape that JSON has
Moment = Annotated[str, AfterValidator(_moment)]  # ISO 8601
