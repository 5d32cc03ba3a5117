"""What has changed since an earlier run? Every point that both have, rate against rate, with intervals.

The two runs share no blocks, so their logs are compared by Welch's t: the one place where that is done. Its interval
holds the scatter of launches inside each run, and nothing of what changed between the two; that may be the machine as
well as the code, and the sentences say so. All points together are one promise: with the probability `confidence` no
point at all is said to have changed where none has (Sidak, JASA 62(318), 1967). A point is not compared where its work
differs, or where either run has too few valid blocks.

Inputs: `training.parquet` and `loading.parquet` of both runs. Output: `comparison.csv` (ComparisonRow), and its
sentences on stderr: the slower ones first.

By hand:
    python -m scripts.scaling.claims.compare --before results/old/scaling --after results/new/scaling \
        --csv comparison.csv --spec '{"confidence": 0.95}'
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from scripts import cli
from scripts import format as show
from scripts.atomic import replacing
from scripts.scaling.comparing.keys import differing
from scripts.scaling.comparing.limits import LEAST_BLOCKS
from scripts.scaling.comparing.ratios import unpaired_ratio
from scripts.scaling.tables.rows import LoadingRow, Row, TrainingRow
from scripts.scaling.tables.table_file import read_rows
from scripts.spec import Spec

CAUSE = (
    "The runs share no blocks: what changed may be the machine, its clock or its neighbours as well as the code. A "
    "point that the code cannot have changed tells which."
)
KINDS: dict[str, type[Row]] = {"training": TrainingRow, "loading": LoadingRow}


class CompareSpec(Spec):
    """What the comparison takes from the config's `scaling`."""

    confidence: float


class ComparisonRow(BaseModel):
    """One point of two runs."""

    model_config = ConfigDict(extra="forbid")

    stage: Literal["training", "loading"] = Field(description="what was measured")
    point: str = Field(description="id of the point")
    verdict: Literal["slower", "faster", "tied", "not compared"] = Field(
        description="slower: the interval of the ratio lies below 1, by the code or by the machine; tied: it holds 1"
    )
    ratio: float | None = Field(None, description="images/s of the later run against the earlier one's")
    low: float | None = Field(None, description="lower end of its interval (Welch's t on logs; of all points together)")
    high: float | None = Field(None, description="upper end of it")
    before: float | None = Field(None, description="median images/s of the earlier run")
    after: float | None = Field(None, description="median images/s of the later run")
    noisy: bool = Field(False, description="whether either run measured it on a busy machine")
    reason: str = Field("", description="why it was not compared")


def compare(stage: str, before: Sequence[Row], after: Sequence[Row], confidence: float) -> list[ComparisonRow]:
    """A row for each point that either run has, the later run's first.

    Args:
        confidence: that all intervals hold together.
    """
    old, new = {row.point: row for row in before}, {row.point: row for row in after}
    compared = sum(point in old and not _reason(old[point], new[point]) for point in new)
    each = confidence ** (1 / max(1, compared))
    found = []
    for point in new | old:
        fields: dict[str, Any] = {"stage": stage, "point": point}
        reason = "only the later run has it" if point not in old else "only the earlier run has it"
        if point in old and point in new:
            one, other = old[point], new[point]
            fields |= {"before": one.images_per_second, "after": other.images_per_second}
            reason = _reason(one, other)
        if reason:
            found.append(ComparisonRow(**fields, verdict="not compared", reason=reason))
            continue
        later, earlier = (list(row.rates_by_block.values()) for row in (other, one))
        ratio = unpaired_ratio(later, earlier, each)
        assert ratio.low is not None, "blocks enough for an interval"
        verdict = "tied" if ratio.tied else "faster" if ratio.low > 1 else "slower"
        fields |= {"ratio": ratio.value, "low": ratio.low, "high": ratio.high}
        found.append(ComparisonRow(**fields, verdict=verdict, noisy=one.has("noisy") or other.has("noisy")))
    return found


def _reason(one: Row, other: Row) -> str:
    unequal = differing(json.loads(one.key), json.loads(other.key))
    if unequal:
        return f"their work differs in {', '.join(unequal)}"
    if min(one.blocks, other.blocks) < LEAST_BLOCKS:
        return f"{one.blocks} and {other.blocks} valid blocks; expected {LEAST_BLOCKS} or more"
    return ""


def sentences(rows: Sequence[ComparisonRow]) -> list[str]:
    """What changed, the slower points first, and how many did not."""
    said = []
    for verdict in ("slower", "faster"):
        for row in sorted((row for row in rows if row.verdict == verdict), key=lambda row: row.ratio or 0.0):
            busy = f", {show.BUSY}" if row.noisy else ""
            times = show.ratio(row.ratio, row.low, row.high)
            rates = f"{show.number(row.before)} to {show.number(row.after)} images/s{busy}"
            said.append(f"{verdict}: {row.stage} {row.point} at {times} times its earlier rate ({rates}).")
    tied = sum(row.verdict == "tied" for row in rows)
    left = sum(row.verdict == "not compared" for row in rows)
    cause = [CAUSE] if said else []
    return [*said, f"{tied} points are tied with their earlier rate; {left} could not be compared.", *cause]


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--before", type=Path, required=True, help="scaling folder of the earlier run")
    parser.add_argument("--after", type=Path, required=True, help="scaling folder of the later run")
    parser.add_argument("--csv", type=Path, required=True)
    parser.add_argument("--spec", type=CompareSpec.model_validate_json, required=True)
    args = parser.parse_args()
    found = []
    for stage, kind in KINDS.items():
        before, after = (read_rows(folder / f"{stage}.parquet", kind) for folder in (args.before, args.after))
        found += compare(stage, before, after, args.spec.confidence ** (1 / len(KINDS)))
    table = pd.DataFrame([row.model_dump() for row in found], columns=list(ComparisonRow.model_fields))
    with replacing(args.csv) as temporary:
        table.to_csv(temporary, index=False, float_format=show.six_digits)
    for sentence in sentences(found):
        cli.log.info("%s", sentence)


if __name__ == "__main__":
    cli.run(main)
