"""The parts of a folder's predictions as one CSV, in order of path.

By hand:
    python -m scripts.training.use.join_predictions --parts 0.csv 1.csv --predictions predictions.csv
"""

from pathlib import Path

import pandas as pd

from scripts import cli
from scripts.atomic import replacing


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--parts", type=Path, nargs="+", required=True)
    parser.add_argument("--predictions", type=Path, required=True)
    args = parser.parse_args()
    # As text: a number keeps the digits that it was written with.
    parts = [pd.read_csv(path, dtype=str, keep_default_na=False) for path in args.parts]
    table = pd.concat(parts).sort_values("path", kind="stable")
    with replacing(args.predictions) as temporary:
        table.to_csv(temporary, index=False)
    cli.log.info("%d files, %d of them no image", len(table), int((table["class"] == "").sum()))


if __name__ == "__main__":
    cli.run(main)
