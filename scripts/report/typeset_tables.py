"""The tables for a paper: Markdown and LaTeX (booktabs), each with a caption that says what its numbers are.

Inputs: the training, strategies and loading tables (parquet), and the records, for the machine. Outputs, in --folder:
`training`, `strategies` and `loading`, each as `.md` and `.tex`, with the columns that the terminal shows.

By hand:
    python -m scripts.report.typeset_tables --training training.parquet --strategies strategies.parquet \
        --loading loading.parquet --records results/demo/*/records/*/*.json --folder tables
"""

from collections.abc import Sequence
from pathlib import Path

import jinja2
import pandas as pd
from pydantic import BaseModel

from scripts import cli, record
from scripts import format as show
from scripts.atomic import write_text
from scripts.record import Record
from scripts.report import facts, tables
from scripts.report.tables import Column
from scripts.scaling.rows import LoadingRow, StrategyRow, TrainingRow
from scripts.scaling.table_file import read_rows

MARKDOWN = jinja2.Template(
    """{{ caption }}

| {{ titles | join(" | ") }} |
|{% for right in rights %} {{ "---:" if right else ":---" }} |{% endfor %}
{% for row in rows -%}
| {{ row | map("replace", "|", "\\\\|") | join(" | ") }} |
{% endfor %}"""
)


def typeset(folder: Path, name: str, rows: Sequence[BaseModel], columns: Sequence[Column], caption: str) -> None:
    """Write a table in both languages."""
    brief = [column for column in columns if column.brief is not None]
    cells = [[column.cell(row) for column in brief] for row in rows]
    titles = [column.title for column in brief]
    rights = [not column.text for column in brief]
    text = MARKDOWN.render(caption=caption, titles=titles, rows=cells, rights=rights)
    write_text(folder / f"{name}.md", text)
    frame = pd.DataFrame(cells, columns=titles)
    latex = frame.to_latex(
        index=False,
        escape=True,
        caption=_escaped(caption),
        label=f"tab:{name}",
        column_format="".join("r" if right else "l" for right in rights),
        position="htbp",
    )
    write_text(folder / f"{name}.tex", latex)


def machine(records: Sequence[Record]) -> str:
    """What the launches ran on, as a sentence."""
    known = dict(facts.environment(records))
    torch = next((part for part in known["Packages"].split(", ") if part.startswith("torch ")), "")
    gpu = "" if known["GPU"] == facts.NONE else f", {known['GPU']}"
    return f"Machine: {known['CPU']}, {known['Usable cores']} cores, {known['Memory']}{gpu}; {torch}."


def _escaped(text: str) -> str:
    """LaTeX for plain text; what pandas does to cells, which it does not do to captions."""
    frame = pd.DataFrame([[text]])
    line = frame.style.format(escape="latex").hide(axis="index").hide(axis="columns").to_latex()
    return line.splitlines()[1].removesuffix(" \\\\")


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--training", type=Path, required=True)
    parser.add_argument("--strategies", type=Path, required=True)
    parser.add_argument("--loading", type=Path, required=True)
    parser.add_argument("--records", type=Path, nargs="+", required=True)
    parser.add_argument("--folder", type=Path, required=True)
    args = parser.parse_args()
    records = [record.read(path) for path in args.records]
    training, loading = read_rows(args.training, TrainingRow), read_rows(args.loading, LoadingRow)
    where = {stage: machine([one for one in records if one.stage == stage]) for stage in ("training", "loading")}
    for name, rows, kind, columns in (
        ("training", training, TrainingRow, tables.TRAINING),
        ("loading", loading, LoadingRow, tables.LOADING),
    ):
        caption = f"{tables.note(kind)} {tables.divisor(rows)} {where[name]}"
        typeset(args.folder, name, rows, columns, caption)
    strategies = read_rows(args.strategies, StrategyRow)
    n = f"n = {show.counts([row.blocks for row in training])} launches a point."
    typeset(
        args.folder,
        "strategies",
        strategies,
        tables.STRATEGIES,
        f"{tables.STRATEGIES_NOTE} {n} {where['training']}",
    )


if __name__ == "__main__":
    cli.run(main)
