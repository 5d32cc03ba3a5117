"""Rows compared: the same launches by the same model for tables, answers and claims, and so the same ratios."""

from collections.abc import Sequence
from typing import TypeVar

from scripts.scaling.comparing.comparison import Comparison
from scripts.scaling.tables.rows import Row

R = TypeVar("R", bound=Row)


def by_baseline(rows: Sequence[R]) -> dict[str, list[R]]:
    """The rows of each baseline: what may be compared, all of it at once."""
    found: dict[str, list[R]] = {}
    for row in rows:
        found.setdefault(row.baseline, []).append(row)
    return found


def compared(rows: Sequence[Row]) -> Comparison[str]:
    """The points of rows, by the launches that count.

    Args:
        rows: all of a baseline: the ratios of fewer would be others where blocks are missing.
    """
    return Comparison(
        {row.point: row.rates_by_block for row in rows},
        {row.point: row.levelled_by_block for row in rows},
        rows[0].confidence,
        rows[0].confidence_of_all,
    )
