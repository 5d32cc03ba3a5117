"""Numbers as people read them; sentences, page and terminal share these, so a value looks the same in all."""

import math

MISSING = "–"  # what cannot be said; the row's reason or marks say why
GIB = 2**30


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


def ratio(value: float | None, low: float | None = None, high: float | None = None) -> str:
    """A ratio and, where there is one, its interval: `1.85 [1.78, 1.93]`.

    Two decimals, fewer for large ratios; more, up to four, for an interval too narrow to show at two.
    """
    if value is None:
        return MISSING
    exponent = _exponent(value)
    decimals = max(0, 2 - max(exponent, 0)) if exponent >= -1 else 2 - exponent
    if low is None or high is None:
        return f"{value:,.{decimals}f}"
    if high > low:
        decimals = max(decimals, min(4, -math.floor(math.log10(high - low))))
    return f"{value:,.{decimals}f} [{low:,.{decimals}f}, {high:,.{decimals}f}]"


def rate(value: float | None, low: float | None = None, high: float | None = None) -> str:
    """A rate and, where there is one, its interval: `61,000 [60,100, 62,300]`."""
    return number(value) if low is None or high is None else f"{number(value)} [{number(low)}, {number(high)}]"


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


def counts(values: list[int]) -> str:
    """How often, over several rows: `3`, or `1 to 3`."""
    low, high = min(values), max(values)
    return f"{low}" if low == high else f"{low} to {high}"


def _exponent(value: float) -> int:
    """The power of ten of the first of three significant digits: 9.999 rounds to 10.0, so 1."""
    return int(f"{value:.2e}".partition("e")[2]) if value else 0
