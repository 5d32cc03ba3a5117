"""Numbers as people read them; sentences, page and terminal share these, so a value looks the same in all.

The ends of an interval are rounded outwards: what is shown holds all of it, and promises no more.
"""

import math
from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from typing import Any

MISSING = "–"  # what cannot be said; the row's reason or marks say why
BUSY = "on a busy machine"  # how what launches with the mark `noisy` show is told
GIB = 2**30
EDGES = (1.0,)  # an interval that holds 1 is a tie
WIDE = Context(prec=700)  # digits enough for every float


def six_digits(value: Any) -> str:
    """As a table for people has it: six significant digits, all where these would make it 1 and it is not."""
    short = f"{value:.6g}"
    return short if float(short) != 1 or value == 1 else repr(float(value))


def number(value: float | None) -> str:
    """Three significant digits: `0.0760`, `12.8`, `201,000`."""
    if value is None:
        return MISSING
    if value == 0:
        return "0"
    places = 2 - _exponent(value)
    return f"{round(value, places):,.{max(0, places)}f}"


def count(value: int | None) -> str:
    """A whole number: `1,280`."""
    return MISSING if value is None else f"{value:,}"


def whole(value: float | None) -> str:
    """A number without its decimals, as the seconds of a clock that tells no parts of one: `1,280`."""
    return MISSING if value is None else f"{value:,.0f}"


def word(value: str | None) -> str:
    """A word, as a job's state: `COMPLETED`."""
    return MISSING if value is None else value


def share(value: float | None) -> str:
    """A share of one, as accuracy and F1: `0.912`."""
    return MISSING if value is None else f"{value:.3f}"


def ratio(
    value: float | None, low: float | None = None, high: float | None = None, edges: Sequence[float] = EDGES
) -> str:
    """A ratio and, where there is one, its interval: `1.85 [1.78, 1.94]`.

    Two decimals, fewer for large ratios; more, up to four, for an interval too narrow to show at two, and as many as it
    takes to show no end on an edge, or beyond it, unless it is there: `1.007 [1.003, 1.012]`.

    Args:
        edges: where it matters on which side an end lies.
    """
    if value is None:
        return MISSING
    exponent = _exponent(value)
    places = max(0, 2 - max(exponent, 0)) if exponent >= -1 else 2 - exponent
    if low is None or high is None:
        return f"{value:,.{places}f}"
    if 0 < high - low < math.inf:
        places = max(places, min(4, -math.floor(math.log10(high - low))))
    below, above = _exact(low, edges), _exact(high, edges)
    while not (_faithful(below, ROUND_FLOOR, places, edges) and _faithful(above, ROUND_CEILING, places, edges)):
        places += 1
    ends = f"[{_rounded(below, ROUND_FLOOR, places):,f}, {_rounded(above, ROUND_CEILING, places):,f}]"
    return f"{_rounded(_exact(value, edges), ROUND_HALF_EVEN, places):,f} {ends}"


def rate(value: float | None, low: float | None = None, high: float | None = None) -> str:
    """A rate and, where there is one, its interval: `61,000 [60,100, 62,400]`."""
    if value is None or low is None or high is None:
        return number(value)
    digits = max(_digits(low, ROUND_FLOOR), _digits(high, ROUND_CEILING))
    middle = _significant(value, ROUND_HALF_EVEN, digits)
    return f"{middle} [{_significant(low, ROUND_FLOOR, digits)}, {_significant(high, ROUND_CEILING, digits)}]"


def at_least(value: float | None) -> str:
    """A number that is not shown as more than it is: three significant digits, rounded down."""
    return MISSING if value is None else _significant(value, ROUND_FLOOR, _digits(value, ROUND_FLOOR))


def at_most(value: float | None) -> str:
    """A number that is not shown as less than it is: three significant digits, rounded up."""
    return MISSING if value is None else _significant(value, ROUND_CEILING, _digits(value, ROUND_CEILING))


def interval(low: float | None, high: float | None) -> str:
    """An interval without its middle: `1.02 to 1.32`."""
    return MISSING if low is None or high is None else f"{at_least(low)} to {at_most(high)}"


def milliseconds(seconds: float | None) -> str:
    """Seconds in ms, without the unit: `0.0430`, `-1.20`."""
    return number(None if seconds is None else 1000 * seconds)


def mebibytes(value: float | None) -> str:
    """Bytes in MiB, without the unit: `12.4`."""
    return number(None if value is None else value / 2**20)


def fraction(value: float | None) -> str:
    """A fraction that may be negative, as the serial one: `0.08`, `-0.02`."""
    return MISSING if value is None else f"{round(value, 2) + 0.0:.2f}"


def span(low: float | None, high: float | None) -> str:
    """From the least to the greatest: `1.02 to 1.31`."""
    return MISSING if low is None or high is None else f"{number(low)} to {number(high)}"


def gibibytes(value: float | None) -> str:
    """Bytes in GiB, without the unit: `0.32`."""
    return MISSING if value is None else f"{value / GIB:,.2f}"


def percent(value: float) -> str:
    """A share as `95 %`, with a decimal only where it has one."""
    return f"{100 * value:.3g} %"


def some(names: Sequence[str], most: int = 3) -> str:
    """The first names, and how many more there are: `a, b, c and 12 more`."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most:,} more"


def counts(values: list[int]) -> str:
    """How often, over several rows: `3`, or `1 to 3`."""
    low, high = min(values), max(values)
    return f"{low}" if low == high else f"{low} to {high}"


def _exponent(value: float) -> int:
    """The power of ten of the first of three significant digits: 9.999 rounds to 10.0, so 1."""
    return int(f"{value:.2e}".partition("e")[2]) if value else 0


def _exact(value: float, edges: Sequence[float]) -> Decimal:
    """A number without what floating point adds to its last digits, unless these put it on another side of an edge."""
    short, exact = Decimal(f"{value:.12g}"), Decimal(repr(float(value)))
    return short if _sides(short, edges) == _sides(exact, edges) else exact


def _sides(value: Decimal, edges: Sequence[float]) -> list[Decimal]:
    """Of each edge: whether a number is below, on or above it."""
    return [value.compare(Decimal(f"{edge:.12g}")) for edge in edges]


def _rounded(value: Decimal, rounding: str, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), rounding, WIDE) if value.is_finite() else value


def _faithful(value: Decimal, rounding: str, places: int, edges: Sequence[float]) -> bool:
    """Whether a rounded number is on the same side of each edge."""
    return _sides(_rounded(value, rounding, places), edges) == _sides(value, edges)


def _digits(value: float, rounding: str) -> int:
    """Significant digits of an end: three, more where fewer would put it on another side of 1."""
    exact, digits = _exact(value, EDGES), 3
    while _sides(Context(digits, rounding).create_decimal(exact), EDGES) != _sides(exact, EDGES):
        digits += 1
    return digits


def _significant(value: float, rounding: str, digits: int) -> str:
    found = Context(digits, rounding).create_decimal(_exact(value, EDGES))
    return f"{found:,.{max(0, digits - 1 - found.adjusted())}f}" if found else "0"
