"""The gate: which rules a sentence about rows breaks. It may be quoted where it breaks none."""

import json
import re
from collections.abc import Sequence
from typing import Literal

from scripts import format as show
from scripts.scaling.answers.answer import Breach, Claim
from scripts.scaling.comparing.keys import differing
from scripts.scaling.comparing.limits import LEAST_BLOCKS
from scripts.scaling.comparing.ratios import Ratio, lead
from scripts.scaling.tables.rows import Row, TrainingRow


def compare(one: Row, other: Row, confidence: float, times: float | None = None) -> Claim:
    """That `one` is as many times as fast as `other` as the rows say; or `times` as fast, as somebody says."""
    mine, others = one.rates_by_block, other.rates_by_block
    able = mine and others and (mine.keys() & others.keys() or min(len(mine), len(others)) > 1)
    ratio = lead(mine, others, confidence) if able else None
    found = breaches(one, other, ratio)
    if times is not None:
        found += _wrong(ratio, times)
    said = f"{times:g}" if times is not None else _said(ratio)
    trains = isinstance(one, TrainingRow)
    text = f"{one.point} {'trains' if trains else 'loads'} {said} times as fast as {other.point}"
    text += "" if other.seconds is None else f" ({show.number(other.seconds)} s)"
    return _claim("training" if trains else "loading", f"{text}{_besides(one, other)}.", [one, other], found)


def answered(sentence: str, rows: Sequence[Row], beside: Row | None = None, more: Sequence[Breach] = ()) -> Claim:
    """What the study answers, by the rows that it names: the first against each other one. Ties it says itself.

    Args:
        beside: a row of other work that the sentence names too.
        more: rules that it breaks beside those of rows.
    """
    first, *others = rows
    found = [breach for other in others or [first] for breach in breaches(first, other, None)]
    found += breaches(beside, beside, None) if beside is not None else []
    named = [*rows, beside] if beside is not None else rows
    return _claim("answer", sentence, named, list(dict.fromkeys([*found, *more])))


def _claim(
    about: Literal["training", "loading", "answer"], sentence: str, rows: Sequence[Row], found: list[Breach]
) -> Claim:
    points = [row.point for row in rows]
    return Claim(about=about, sentence=sentence, rows=points, stands=not found, breaches=found)


def breaches(one: Row, other: Row, ratio: Ratio | None) -> list[Breach]:
    """Every rule that dividing these rows breaks; none where it may be quoted."""
    found = []
    unequal = differing(json.loads(one.key), json.loads(other.key))
    if unequal:
        found.append(Breach(rule="equal work", found=f"they differ in {', '.join(unequal)}"))
    for row in (one, other) if one is not other else (one,):
        if row.validity == "invalid":
            found.append(Breach(rule=_why_invalid(row), found=f"{row.point} has no valid block: {row.reason}"))
        elif row.blocks < LEAST_BLOCKS:
            some = f"{row.blocks} valid block{'' if row.blocks == 1 else 's'}"
            found.append(Breach(rule="repetition", found=f"{row.point} has {some}; expected {LEAST_BLOCKS} or more"))
        if row.has("ceiling"):
            found.append(Breach(rule="a way to load", found=f"{row.point} is a ceiling: no way, but the most there is"))
        if row.has("oversubscribed"):
            found.append(Breach(rule="cores enough", found=f"{row.point} had more cores than the machine offered"))
    if ratio is not None and ratio.tied:
        found.append(Breach(rule="no tie", found=f"the interval of {_said(ratio)} holds 1"))
    return found


def _wrong(ratio: Ratio | None, times: float) -> list[Breach]:
    if ratio is None:
        return []
    if ratio.low is None or ratio.high is None:
        # As many digits as the claim has must agree.
        agrees = round(ratio.value, len(f"{times:g}".partition(".")[2])) == times
    else:
        agrees = ratio.low <= times <= ratio.high
    if agrees:
        return []
    return [Breach(rule="what was measured", found=f"the rows say {_said(ratio)}")]


def _why_invalid(row: Row) -> str:
    """The rule that its blocks broke: one of these, where all broke the same."""
    rules = {"drifted": "no drift", "disturbed": "alone on the machine", "resumed": "no resumed timing"}
    blocks = re.split(r"block \d+: ", row.reason)[1:]
    same = (rule for word, rule in rules.items() if blocks and all(f"{word}: " in said for said in blocks))
    return next(same, "validity before speed")


def _said(ratio: Ratio | None) -> str:
    return "an unknown number of" if ratio is None else show.ratio(ratio.value, ratio.low, ratio.high)


def _besides(one: Row, other: Row) -> str:
    """What must be known beside a ratio of rates: cores, and what was learned."""
    said = f", on {one.cores} against {other.cores} cores"
    efficient = one.efficiency is not None and one.baseline == other.point
    if not isinstance(one, TrainingRow) or not isinstance(other, TrainingRow):
        return f"{said} (efficiency {show.ratio(one.efficiency)})" if efficient else said
    if one.device == other.device == "cuda":
        said = f", on {one.workers} against {other.workers} GPUs"
    if efficient:
        said += f" (efficiency {show.ratio(one.efficiency)})"
    if one.test_accuracy is not None and other.test_accuracy is not None:
        said += f"; test accuracy {show.share(one.test_accuracy)} against {show.share(other.test_accuracy)}"
    if one.global_batch != other.global_batch:
        said += f" at a global batch of {one.global_batch:,} against {other.global_batch:,}"
    return said
