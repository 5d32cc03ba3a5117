"""Take the next pass of an adaptive study: exit status 0 where there is one to run, 3 where the answer is stable.

Input: `next_pass.json`. Output: `passes.json` beside it, which the next run reads. `make study` repeats both.

By hand:
    python -m scripts.scaling.answers.take_pass results/demo/scaling
"""

import sys
from pathlib import Path

from scripts import cli
from scripts.atomic import write_text
from scripts.scaling.answers.passes import Pass
from scripts.scaling.tables.table_file import read_answer

STABLE = 3  # 1 and 2 are errors


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("folder", type=Path, help="results/<study>/scaling")
    folder: Path = parser.parse_args().folder
    found = read_answer(folder / "next_pass.json", Pass)
    print(found.sentence)
    if found.stable:
        sys.exit(STABLE)
    write_text(folder / "passes.json", found.model_dump_json(indent=1) + "\n")


if __name__ == "__main__":
    cli.run(main)
