"""What has changed: each statement of this run against the last earlier run that can be compared with it.

Statements are images/s of each point, each speedup over its baseline, and the pairs of `scaling.claims`: what the
config names, and no launch has chosen. (Which way is the fastest, launches choose; that is not held over time, the
images/s of all ways are.) A statement has become slower where three things hold:

1. the interval of later / earlier lies below 1: Welch's t on logs, since runs share no blocks. A ratio inside a run is
   paired by its blocks first. All these intervals are true at once with the probability `confidence` (Sidak, J. Am.
   Stat. Assoc. 62(318), 1967), so that so often no statement at all is said to have changed where none has;
2. what this run says lies outside the earlier run's own interval;
3. what that run said lies outside this run's own interval.

What changed between the runs beside the code is in none of these intervals, but for the speed of the cores, as the
calibrations around each launch tell it: images/s have changed only if they have by both, as measured and levelled.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from scripts.scaling.comparing.keys import differing
from scripts.scaling.comparing.limits import LEAST_BLOCKS
from scripts.scaling.comparing.ratios import Ratio
from scripts.scaling.history.history import ComparisonRow, Reading, Verdict
from scripts.scaling.history.runs import Level, Run, Statement, between


@dataclass(frozen=True)
class Pair:
    """A statement of this run, and the earlier run that it is held against."""

    about: Statement
    later: Level | None = None
    earlier: Level | None = None
    run: str = ""  # the earlier one
    tried: str = ""  # in what their keys differ, as they may
    reason: str = ""  # why there is none


def statements(run: Run, claimed: Iterable[tuple[str, str]] = ()) -> list[Statement]:
    """Those of a run, images/s first.

    Args:
        claimed: pairs of points that the config's `scaling.claims` name.
    """
    ratios = [
        Statement(stage, point, row.baseline)
        for (stage, point), row in run.rows.items()
        if row.baseline != point and (stage, row.baseline) in run.rows and not row.has("ceiling")
    ]
    pairs = [
        Statement(stage, one, other)
        for one, other in claimed
        for stage, point in run.rows
        if point == one and (stage, other) in run.rows
    ]
    rates = [Statement(stage, point) for stage, point in run.rows]
    return list(dict.fromkeys([*rates, *ratios, *pairs]))


def compare(
    runs: Sequence[Run], about: Sequence[Statement], confidence: float, under_test: Collection[str] = ()
) -> list[ComparisonRow]:
    """A row for each statement.

    Args:
        runs: in order of time, this one last.
        about: statements of this run.
        confidence: that all intervals hold together.
        under_test: fields of comparison keys that may differ.
    """
    *earlier, later = runs
    pairs = [_pair(one, later, earlier, under_test) for one in about]
    each = confidence ** (1 / max(1, sum(not pair.reason for pair in pairs)))
    rows = {pair.about: _row(pair, each) for pair in pairs}
    for one, row in rows.items():
        rows[one] = _judged(row, rows.get(Statement(one.stage, one.point)), rows.get(Statement(one.stage, one.against)))
    gone = {key: run.name for run in earlier for key in run.rows if key not in later.rows}
    lost = [
        ComparisonRow(stage=stage, point=point, against="", verdict="not compared", reason=f"only {name} has it")
        for (stage, point), name in gone.items()
    ]
    return [*rows.values(), *lost]


def _pair(about: Statement, later: Run, earlier: Sequence[Run], under_test: Collection[str]) -> Pair:
    """With the last earlier run that may be compared; that choice looks at no launch's time."""
    mine = later.level(about)
    if mine is None:
        return Pair(about, reason="no launch of this run counts")
    if not mine.logs:
        return Pair(about, mine, reason=_too_few(mine))
    why = "no earlier run has it"
    for run in reversed(earlier):
        theirs = run.level(about)
        if theirs is None:
            continue
        unequal = differs(mine, theirs, under_test)
        reason = f"its work differs from {run.name}'s in {unequal}" if unequal else ""
        if not reason and theirs.logs:
            return Pair(about, mine, theirs, run.name, tried=differs(mine, theirs))
        why = (reason or f"of {run.name}: {_too_few(theirs)}") if why == "no earlier run has it" else why
    return Pair(about, mine, reason=why)


def differs(one: Level, other: Level, but: Collection[str] = ()) -> str:
    """In which fields the comparison keys of two runs differ, with what each says; `but` for some."""
    keys = [[{name: key[name] for name in key if name not in but} for key in level.keys] for level in (one, other)]
    pairs = zip(*keys, strict=True)
    return ", ".join(dict.fromkeys(field for mine, theirs in pairs for field in differing(mine, theirs)))


def _too_few(level: Level) -> str:
    return f"{level.blocks} valid block{'' if level.blocks == 1 else 's'}; expected {LEAST_BLOCKS} or more"


def _row(pair: Pair, each: float) -> ComparisonRow:
    about, later, earlier = pair.about, pair.later, pair.earlier
    row = ComparisonRow(stage=about.stage, point=about.point, against=about.against, verdict="not compared")
    if later is not None:
        mine = later.ratio
        row = row.model_copy(update={"after": mine.value, "after_low": mine.low, "after_high": mine.high})
    if later is None or earlier is None:
        return row.model_copy(update={"reason": pair.reason})
    ratio, theirs = between(later, earlier, each), earlier.ratio
    return row.model_copy(
        update={
            "verdict": _verdict(ratio, later.ratio, theirs),
            "ratio": ratio.value,
            "low": ratio.low,
            "high": ratio.high,
            "earlier": pair.run,
            "before": theirs.value,
            "before_low": theirs.low,
            "before_high": theirs.high,
            "tried": pair.tried,
            "noisy": later.noisy or earlier.noisy,
        }
    )


def _verdict(ratio: Ratio, later: Ratio, earlier: Ratio) -> Verdict:
    """Outside both: the ratio's interval, and each run's own."""
    if ratio.tied or _holds(later, earlier.value) or _holds(earlier, later.value):
        return "tied"
    return "faster" if ratio.value > 1 else "slower"


def _holds(ratio: Ratio, value: float) -> bool:
    return ratio.low is None or ratio.high is None or ratio.low <= value <= ratio.high


def _judged(row: ComparisonRow, rate: ComparisonRow | None, divisor: ComparisonRow | None) -> ComparisonRow:
    """With whether it is a regression.

    Args:
        rate: the row of its point's own images/s.
        divisor: the row of those of the point that it is divided by.
    """
    if row.verdict != "slower":
        return row
    if row.against and divisor and rate and divisor.verdict == "faster" and rate.verdict != "slower":
        return row.model_copy(update={"reason": f"{row.against}, which it is divided by, has become faster"})
    return row.model_copy(update={"regression": True})


def readings(runs: Sequence[Run], about: Sequence[Statement], under_test: Collection[str] = ()) -> list[Reading]:
    """What each run says of each statement, and in what it differs from the last, but for what is under test."""
    found = []
    for one in about:
        last = runs[-1].level(one)
        for run in runs:
            level = last if run is runs[-1] else run.level(one)
            if level is not None:
                found.append(
                    Reading(
                        run=run.name,
                        stage=one.stage,
                        point=one.point,
                        against=one.against,
                        value=level.ratio.value,
                        low=level.ratio.low,
                        high=level.ratio.high,
                        blocks=level.blocks,
                        differs=differs(last, level, under_test) if last else "",
                    )
                )
    return found
