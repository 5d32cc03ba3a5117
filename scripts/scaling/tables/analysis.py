"""From records to the figures of a row: which blocks count, what they are divided by, and how sure the ratio is."""

import json
import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from scripts.record import Record
from scripts.scaling.comparing.faults import faults
from scripts.scaling.comparing.keys import commonest_key, differing, other_work
from scripts.scaling.comparing.limits import DRIFT, LEAST_BLOCKS
from scripts.scaling.comparing.ratios import Ratio, efficiency, paired_ratio, serial_fraction


def usable(
    records: list[Record], baseline: dict[int, Record], more: Callable[[Record, Record], list[str]] | None = None
) -> tuple[list[Record], list[str]]:
    """The records that count, and a sentence for each that does not.

    Args:
        baseline: the baseline's records by block, those with faults too: what a run learned can be compared with one
            whose timing was disturbed.
        more: further faults of a record beside the baseline's of its block.
    """
    good, reasons, unequal = [], [], other_work(records, baseline.values())
    for one in records:
        found = faults(one)
        if one.block in unequal:
            found.append(unequal[one.block])
        if other := baseline.get(one.block):
            found += more(one, other) if more and one.block not in unequal else []
            between = abs(one.noise.calibration_before / other.noise.calibration_before - 1)
            if between > DRIFT and not faults(other):
                found.append(f"drifted: calibrations differ by {between:.0%} from {other.point_id}'s")
        elif more and baseline:
            found.append(f"no {next(iter(baseline.values())).point_id} to compare with")
        if found:
            reasons.append(f"block {one.block}: {'; '.join(found)}")
        else:
            good.append(one)
    return good, reasons


def median(values: Sequence[float | None]) -> float | None:
    """The median; None of nothing, or where a value is missing."""
    present = [value for value in values if value is not None]
    return statistics.median(present) if present and len(present) == len(values) else None


def sound(records: Iterable[Record]) -> dict[int, Record]:
    """Of a point's records those without a fault of their own, of the work that most of them did, by block."""
    good = [one for one in records if not faults(one)]
    key = commonest_key(good) or {}
    return {one.block: one for one in good if not differing(one.key, key)}


class Launch(Protocol):
    """What a table's common columns are made of: a record, or a line of a table from outside."""

    @property
    def point_id(self) -> str: ...
    @property
    def key(self) -> dict[str, Any]: ...
    @property
    def block(self) -> int: ...
    @property
    def workers(self) -> int: ...
    @property
    def cores(self) -> int: ...
    @property
    def seconds(self) -> float: ...
    @property
    def images_per_second(self) -> float: ...
    @property
    def oversubscribed(self) -> bool: ...


def common_columns(
    launches: Sequence[Launch],
    good: Sequence[Launch],
    reasons: Sequence[str],
    baseline_id: str,
    baseline: Mapping[int, Launch],
    confidence: float,
) -> dict[str, Any]:
    """The columns that every table has (scripts/scaling/tables/rows.py, Row).

    Args:
        launches: of one point, at least one; `good` are those that count, `reasons` say why the others do not.
        baseline: the baseline's launches that count, by block.
    """
    first = launches[0]
    pairs = [(baseline[one.block], one) for one in good if one.block in baseline]
    ratio: Ratio | None = None
    if pairs:
        # Of rates, not of seconds: weak scaling trains on a few images more or less than its baseline.
        ratio = paired_ratio(
            [one.images_per_second for _, one in pairs], [base.images_per_second for base, _ in pairs], confidence
        )
    is_baseline = first.point_id == baseline_id
    unpaired = [f"block {one.block}: no valid {baseline_id} to divide by" for one in good if one.block not in baseline]
    marks = {
        "baseline": is_baseline,
        "tied": ratio is not None and ratio.tied and not is_baseline,
        "exploratory": bool(good) and len(pairs) < LEAST_BLOCKS,
        "oversubscribed": any(one.oversubscribed for one in launches),
    }
    baseline_cores = next((one.cores for one in baseline.values()), first.cores)
    return {
        "point": first.point_id,
        "workers": first.workers,
        "cores": first.cores,
        "blocks": len(good),
        "blocks_used": " ".join(str(one.block) for one in good),
        "rates": " ".join(repr(one.images_per_second) for one in good),
        "key": json.dumps((good or launches)[0].key, sort_keys=True),
        "seconds": median([one.seconds for one in good]),
        "seconds_min": min((one.seconds for one in good), default=None),
        "seconds_max": max((one.seconds for one in good), default=None),
        "images_per_second": median([one.images_per_second for one in good]),
        "speedup": ratio.value if ratio else None,
        # The baseline is divided by itself: exactly 1, and no interval is one of anything.
        "speedup_low": ratio.low if ratio and not is_baseline else None,
        "speedup_high": ratio.high if ratio and not is_baseline else None,
        "confidence": confidence,
        "efficiency": efficiency(ratio.value, first.cores, baseline_cores) if ratio else None,
        "serial_fraction": serial_fraction(ratio.value, first.cores, baseline_cores) if ratio else None,
        "baseline": baseline_id,
        "baseline_seconds": median([one.seconds for one in baseline.values()]),
        "validity": "valid" if good else "invalid",
        "marks": " ".join(name for name, holds in marks.items() if holds),
        "reason": ". ".join([*reasons, *unpaired]),
    }


def loss_distance(one: Record, other: Record) -> float:
    """Mean over epochs of the distance of two training-loss curves, as a share of ln(classes), the loss of guessing.

    Returns nan where either has no curve of the same length.
    """
    if one.quality is None or other.quality is None or len(one.quality.epochs) != len(other.quality.epochs):
        return math.nan
    pairs = zip(one.quality.epochs, other.quality.epochs, strict=True)
    chance = math.log(len(one.quality.classes))
    return statistics.fmean(abs(a.loss - b.loss) for a, b in pairs) / chance
