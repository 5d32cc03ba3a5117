"""What `snakemake plan` ends with: the plan's sentences, or exit status 1 and why there is none.

Input: `plan.json`.

By hand:
    python -m scripts.scaling.plan.say_plan results/demo/scaling/plan.json
"""

from pathlib import Path

from scripts import cli
from scripts.errors import UserError
from scripts.scaling.plan.planned import Plan
from scripts.scaling.tables.table_file import read_answer


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("plan", type=Path)
    found = read_answer(parser.parse_args().plan, Plan)
    if not found.jobs:
        raise UserError(" ".join(found.sentences))
    print("\n".join(found.sentences))


if __name__ == "__main__":
    cli.run(main)
