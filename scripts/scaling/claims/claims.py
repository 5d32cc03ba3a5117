"""The gate: which rules a sentence about rows breaks. It may be quoted where it breaks none.

A sentence says what was measured, also where somebody claims a number of his own. That stands beside it: borne out,
where the measured value rounds to it at its digits; not ruled out, where it only lies in the interval; else not borne
out, and refused.
"""

import json
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

from scripts import format as show
from scripts.scaling.answers.answer import Breach, Claim
from scripts.scaling.comparing.comparison import Comparison
from scripts.scaling.comparing.keys import differing
from scripts.scaling.comparing.launches_needed import more_would
from scripts.scaling.comparing.limits import LEAST_BLOCKS
from scripts.scaling.comparing.ratios import Ratio, efficiency
from scripts.scaling.tables.rows import Row, TrainingRow


def compare(
    one: Row, other: Row, comparison: Comparison[str], lead: Ratio | None = None, times: str | None = None
) -> Claim:
    """That `one` is as many times as fast as `other` as the rows say, as one of all that is said of their points.

    Args:
        comparison: of the points, both among them.
        lead: their ratio, where `one` is the fastest of some.
        times: what somebody claims.
    """
    ratio = lead or comparison.together(one.point, other.point)
    found = breaches(one, other)
    if ratio is not None and ratio.tied:
        more = more_would(comparison.more_launches(one.point, other.point, together=True))
        apart = f"cannot be told apart with {min(one.blocks, other.blocks)} launches; {more}"
        found.append(Breach(rule="no tie", found=f"the interval of {_said(ratio)} holds 1: {apart}"))
    if ratio is None and one.blocks and other.blocks:
        apart = f"no shared blocks join {one.point} and {other.point}"
        found.append(Breach(rule="blocks in common", found=apart))
    trains = isinstance(one, TrainingRow)
    text = f"{one.point} {'trains' if trains else 'loads'} {_said(ratio)} times as fast as {other.point}"
    text += "" if other.seconds is None else f" ({show.number(other.seconds)} s)"
    said = [text, _on(one, other, ratio), *_besides(one, other)]
    said += [f"Measured {show.BUSY}"] if one.has("noisy") or other.has("noisy") else []
    said += [f"{sharing[0].upper()}{sharing[1:]}" for sharing in _sharing([one, other])]
    if times is not None:
        verdict = borne_out(ratio, times) if ratio else None
        # What may not be divided bears out nothing.
        said.append(f"Claimed: {times}" + (f", {verdict}" if not found else ""))
        if verdict == "not borne out":
            found.append(Breach(rule="what was measured", found=f"{times} is claimed; the rows say {_said(ratio)}"))
    return _claim("training" if trains else "loading", f"{'. '.join(said)}.", [one, other], found)


def borne_out(ratio: Ratio, times: str) -> Literal["borne out", "not ruled out", "not borne out"]:
    """Whether the rows bear out a claim of `times`, whose digits count: 1.8 is anything from 1.75 to 1.85."""
    claimed = Decimal(times)
    half = Decimal(5).scaleb(int(claimed.as_tuple().exponent) - 1)
    # What floating point adds to the last digits does not count.
    if abs(Decimal(f"{ratio.value:.12g}") - claimed) <= half:
        return "borne out"
    inside = ratio.low is not None and ratio.high is not None and ratio.low <= float(claimed) <= ratio.high
    return "not ruled out" if inside else "not borne out"


def answered(sentence: str, rows: Sequence[Row], beside: Row | None = None, more: Sequence[Breach] = ()) -> Claim:
    """What the study answers, by the rows that it names: the first against each other one. Ties it says itself.

    Args:
        beside: a row of other work that the sentence names too.
        more: rules that it breaks beside those of rows.
    """
    first, *others = rows
    found = [breach for other in others or [first] for breach in breaches(first, other)]
    found += breaches(beside, beside) if beside is not None else []
    named = [*rows, beside] if beside is not None else rows
    sharing = _sharing(named)
    sentence += f" Here {' and '.join(sharing)}." if sharing else ""
    return _claim("answer", sentence, named, list(dict.fromkeys([*found, *more])))


def _claim(
    about: Literal["training", "loading", "answer"], sentence: str, rows: Sequence[Row], found: list[Breach]
) -> Claim:
    points = [row.point for row in rows]
    return Claim(about=about, sentence=sentence, rows=points, stands=not found, breaches=found)


def breaches(one: Row, other: Row) -> list[Breach]:
    """Every rule that dividing these rows breaks; none where it may be quoted."""
    found = []
    unequal = differing(json.loads(one.key), json.loads(other.key))
    if unequal:
        found.append(Breach(rule="equal work", found=f"they differ in {', '.join(unequal)}"))
    for row in (one, other) if one is not other else (one,):
        if row.validity == "invalid":
            found.append(Breach(rule=_why_invalid(row), found=f"{row.point} has no valid block: {_causes(row)}"))
        elif row.blocks < LEAST_BLOCKS:
            some = f"{row.blocks} valid block{'' if row.blocks == 1 else 's'}"
            found.append(Breach(rule="repetition", found=f"{row.point} has {some}; expected {LEAST_BLOCKS} or more"))
        if row.has("ceiling"):
            found.append(Breach(rule="a way to load", found=f"{row.point} is a ceiling: no way, but the most there is"))
        if row.has("decoder"):
            found.append(Breach(rule="equal pixels", found=f"{row.point} decodes to pixels of its own"))
        if row.has("once"):
            found.append(Breach(rule="equal pixels", found=f"{row.point} gives pixels that were not compared"))
        if row.has("oversubscribed"):
            found.append(Breach(rule="cores enough", found=f"{row.point} had more cores than the machine offered"))
    return found


def _why_invalid(row: Row) -> str:
    """The rule that its blocks broke."""
    blocks = re.split(r"block \d+: ", row.reason)[1:]
    return "no resumed timing" if blocks and all("resumed: " in said for said in blocks) else "validity before speed"


def _causes(row: Row) -> str:
    """What its blocks broke, each cause once."""
    causes = [cause.strip().rstrip(".") for cause in re.split(r"block \d+: ", row.reason)]
    return "; ".join(dict.fromkeys(filter(None, causes)))


def _said(ratio: Ratio | None) -> str:
    return "an unknown number of" if ratio is None else show.ratio(ratio.value, ratio.low, ratio.high)


def _sharing(rows: Sequence[Row]) -> list[str]:
    """Of which rows hardware threads share a core, in words."""
    found = []
    for row in rows:
        who = "ranks" if isinstance(row, TrainingRow) else "workers"
        if row.has("shared_cores"):
            found.append(f"two {who if row.cores == row.workers else 'threads'} of {row.point} share a core")
    return found


def _on(one: Row, other: Row, ratio: Ratio | None) -> str:
    """How many cores or GPUs a ratio of rates is between."""
    said = f"That is on {one.cores} against {other.cores} cores"
    if isinstance(one, TrainingRow) and isinstance(other, TrainingRow) and one.device == other.device == "cuda":
        said = f"That is on {one.workers} against {other.workers} GPUs"
    if ratio is not None and one.baseline == other.point:
        said += f" (efficiency {show.ratio(efficiency(ratio.value, one.cores, other.cores))})"
    return said


def _besides(one: Row, other: Row) -> list[str]:
    """What must be known beside a ratio of rates: what was learned, and by which batches."""
    if not isinstance(one, TrainingRow) or not isinstance(other, TrainingRow):
        return []
    said = []
    if one.test_accuracy is not None and other.test_accuracy is not None:
        said.append(f"Test accuracy {show.share(one.test_accuracy)} against {show.share(other.test_accuracy)}")
    if one.global_batch != other.global_batch:
        said.append(f"Global batch of {one.global_batch:,} against {other.global_batch:,}")
    if one.has("learning_not_checked") or other.has("learning_not_checked"):
        said.append("That both learn alike was not checked")
    return said
