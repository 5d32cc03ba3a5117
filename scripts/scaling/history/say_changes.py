"""What `snakemake compare` ends with: what has changed, the slower first; with --fail, exit status 1 of a regression.

Input: `history.json`. It is read only once tables and figures are written: nothing that was computed is lost.

By hand:
    python -m scripts.scaling.history.say_changes results/demo/scaling/history.json --fail
"""

from collections.abc import Sequence
from pathlib import Path

from scripts import cli
from scripts import format as show
from scripts.errors import UserError
from scripts.scaling.history.history import ComparisonRow, History
from scripts.scaling.tables.table_file import read_answer

CAUSE = (
    "Runs share no blocks: what changed may be the machine, its memory or its neighbours as well as the code. A point "
    "that the code cannot have changed tells which."
)
NAMED = 3  # points that were not compared for one reason, by name


def sentences(found: History) -> list[str]:
    """What changed, the slower first; how much did not; what could not be compared, and why; other machines."""
    rows = found.comparisons
    slower = sorted((row for row in rows if row.verdict == "slower"), key=lambda row: row.ratio or 0.0)
    faster = sorted((row for row in rows if row.verdict == "faster"), key=lambda row: -(row.ratio or 0.0))
    compared = sum(row.verdict != "not compared" for row in rows)
    said = [f"{row.verdict}: {change(row)}." for row in (*slower, *faster)]
    told = f" ({len(slower)} slower, {len(faster)} faster, {compared - len(slower) - len(faster)} tied)"
    said.append(
        f"{compared} of {len(rows)} statements were compared{told if compared else ''}; their intervals hold together "
        f"at {show.percent(found.confidence)}."
    )
    tried = dict.fromkeys(row.tried for row in rows if row.tried)
    said += [f"Under test: {'; '.join(tried)}."] if tried else []
    said += _not_compared(rows)
    said += [CAUSE] if slower or faster else []
    return [*said, *_machines(found)]


def change(row: ComparisonRow) -> str:
    """A statement that was compared: what it is, how many times what it was, and what it was and is."""
    times = show.ratio(row.ratio, row.low, row.high)
    busy = f", {show.BUSY}" if row.noisy else ""
    if not row.against:
        rates = f"{show.number(row.before)} to {show.number(row.after)} images/s{busy}"
        return f"{row.stage} {row.point} at {times} times its rate in {row.earlier} ({rates})"
    was = show.ratio(row.before, row.before_low, row.before_high)
    now = show.ratio(row.after, row.after_low, row.after_high)
    why = f"; {row.reason}" if row.reason else ""
    return (
        f"{row.stage} {row.point} against {row.against} at {times} times its ratio in {row.earlier} "
        f"({was} to {now}{busy}{why})"
    )


def _not_compared(rows: Sequence[ComparisonRow]) -> list[str]:
    """A sentence for each reason."""
    reasons: dict[str, list[str]] = {}
    for row in rows:
        if row.verdict == "not compared":
            reasons.setdefault(row.reason, []).append(row.point)
    found = []
    for reason, points in reasons.items():
        names = list(dict.fromkeys(points))
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        found.append(f"not compared: {', '.join(names[:NAMED])}{more}: {reason}.")
    return found


def _machines(found: History) -> list[str]:
    """Which machines are set side by side, and in what their keys differ."""
    here = found.runs[-1]
    names = {one.machine: one.run for one in found.beside}
    said = []
    if names:
        listed = ", ".join(f"{machine} ({'this run' if run == here else run})" for machine, run in names.items())
        fields = dict.fromkeys(one.differs for one in found.beside if one.differs)
        said.append(f"Side by side by node, core and price, not divided by each other: {listed}; {'; '.join(fields)}.")
    return [*said, *found.left_out]


def check(found: History) -> None:
    """Raises UserError where something has become slower, or nothing could be compared."""
    rows, key = found.comparisons, "scaling.fail_on_regression"
    compared = sum(row.verdict != "not compared" for row in rows)
    if not compared:
        raise UserError(
            f"{key}: found nothing that could be compared with {', '.join(found.runs[:-1])}; expected the same points "
            f"with the same work. {' '.join(_not_compared(rows))}"
        )
    if slower := found.regressions:
        raise UserError(
            f"{key}: found {len(slower)} of {compared} statements slower, expected none: "
            f"{'; '.join(change(row) for row in slower)}"
        )


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("history", type=Path)
    parser.add_argument("--fail", action="store_true", help="exit status 1 where something has become slower")
    args = parser.parse_args()
    found = read_answer(args.history, History)
    print("\n".join(sentences(found)))
    if args.fail:
        check(found)


if __name__ == "__main__":
    cli.run(main)
