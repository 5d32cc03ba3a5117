"""The POP table: load balance, communication, scalability and what they multiply to, of each training point.

Inputs: the profiles (scripts/training/loop/step_profile.py). Outputs: `pop.csv`, `pop.parquet`. The definitions stand
in scripts/scaling/profiles/pop.py; docs/pop.md says what each number tells.

By hand:
    python -m scripts.scaling.profiles.tabulate_pop --profiles results/demo/training/profiles/*/*.json \
        --csv pop.csv --parquet pop.parquet \
        --spec '{"confidence": 0.95, "points": [{"point": "resnet18-serial-1", "baseline": "resnet18-serial-1", \
        "images": 32}, {"point": "resnet18-ddp-2", "baseline": "resnet18-serial-1", "images": 32}]}'
"""

import math
from collections.abc import Sequence
from pathlib import Path

from scripts import cli
from scripts.scaling.comparing.ratios import Ratio, mean_rate
from scripts.scaling.profiles.pairs import Pair, PointSpec, paired
from scripts.scaling.profiles.pop import EFFICIENCIES, LINE, UNTOLD, Timeline, efficiencies, spoken
from scripts.scaling.profiles.profile_rows import PopRow
from scripts.scaling.tables.table_file import write_table
from scripts.spec import Spec

ENDS = {"": "value", "_low": "low", "_high": "high"}  # of a column's name, and the field of a ratio that it holds


class PopSpec(Spec):
    """What the table takes from the config."""

    points: list[PointSpec]  # in the order of the table
    confidence: float


def row(pairs: Sequence[Pair], confidence: float) -> PopRow:
    """Of all blocks of a point, at least one."""
    blocks = [
        efficiencies(Timeline.of(pair.one, pair.images), Timeline.of(pair.base, pair.base_images)) for pair in pairs
    ]
    found: dict[str, Ratio] = {}
    for name in EFFICIENCIES:
        values = [block[name] for block in blocks]
        if not any(map(math.isnan, values)):
            found[name] = mean_rate(values, confidence)
    columns = {
        f"{name}{end}": getattr(found.get(name), field, None) for name in EFFICIENCIES for end, field in ENDS.items()
    }
    return PopRow.model_validate(
        columns
        | {
            "point": pairs[0].one.point_id,
            "baseline": pairs[0].base.point_id,
            "cores": pairs[0].one.cores,
            "blocks": len(pairs),
            "confidence": confidence,
            "under": ", ".join(spoken(name) for name, one in found.items() if (one.high or one.value) < LINE),
            "reason": "; ".join(f"no {spoken(name)}: {why}" for name, why in UNTOLD.items() if name not in found),
        }
    )


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--profiles", type=Path, nargs="+", required=True)
    parser.add_argument("--csv", type=Path, required=True)
    parser.add_argument("--parquet", type=Path, required=True)
    parser.add_argument("--spec", type=PopSpec.model_validate_json, required=True)
    args = parser.parse_args()
    rows = [row(pairs, args.spec.confidence) for pairs in paired(args.profiles, args.spec.points)]
    write_table(rows, PopRow, args.csv, args.parquet)


if __name__ == "__main__":
    cli.run(main)
