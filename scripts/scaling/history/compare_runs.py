"""What has changed since earlier runs? Every statement that this run and an earlier one share, with intervals.

What is said to have changed, and with what certainty, is in scripts/scaling/history/changes.py; what other machines
give, in machines.py.

Inputs: a table for each stage, of all runs. Outputs: `history.json` (History), of which figures and sentences are made,
and `comparison.csv` (ComparisonRow).

By hand:
    python -m scripts.scaling.history.compare_runs --runs results/v1 results/v2 results/new --tables training loading \
        --history history.json --csv comparison.csv \
        --spec '{"confidence": 0.95, "claims": [], "under_test": ["files"]}'
"""

from pathlib import Path

import pandas as pd

from scripts import cli
from scripts import format as show
from scripts.atomic import replacing, write_text
from scripts.scaling.history.changes import compare, readings, statements
from scripts.scaling.history.history import ComparisonRow, History
from scripts.scaling.history.machines import beside
from scripts.scaling.history.runs import TABLES, Run, read_run
from scripts.spec import Spec


class CompareSpec(Spec):
    """What the comparison takes from the config's `scaling`."""

    confidence: float
    claims: list[tuple[str, str]]  # point and what it is divided by
    under_test: list[str]  # fields of comparison keys that may differ


def history(runs: list[Run], spec: CompareSpec) -> History:
    """What the runs say.

    Args:
        runs: in order of time, this study's last.
    """
    about = statements(runs[-1], spec.claims)
    side, left_out = beside(runs)
    return History(
        runs=[run.name for run in runs],
        confidence=spec.confidence,
        comparisons=compare(runs, about, spec.confidence, spec.under_test),
        readings=readings(runs, about, spec.under_test),
        beside=side,
        left_out=left_out,
    )


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--runs", type=Path, nargs="+", required=True, help="results folders, the oldest first")
    parser.add_argument("--tables", choices=TABLES, nargs="+", required=True)
    parser.add_argument("--history", type=Path, required=True)
    parser.add_argument("--csv", type=Path, required=True)
    parser.add_argument("--spec", type=CompareSpec.model_validate_json, required=True)
    args = parser.parse_args()
    *_, last = args.runs
    runs = [read_run(folder, args.tables, args.spec.confidence, folder is not last) for folder in args.runs]
    found = history(runs, args.spec)
    write_text(args.history, found.model_dump_json(indent=1) + "\n")
    table = pd.DataFrame([row.model_dump() for row in found.comparisons], columns=list(ComparisonRow.model_fields))
    with replacing(args.csv) as temporary:
        table.to_csv(temporary, index=False, float_format=show.six_digits)


if __name__ == "__main__":
    cli.run(main)
