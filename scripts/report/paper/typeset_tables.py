"""The tables for a paper: Markdown and LaTeX (booktabs), each with a caption that says what its numbers are.

Inputs: the training, strategies, loading and jobs tables (parquet), and the records, for the machine. Outputs, in
--folder: `training` (`training_strong` and `training_weak` where there are both), `strategies`, `loading` and `jobs`,
each as `.md` and `.tex`, with what the terminal shows, costs and energy where they are known, and why blocks do not
count.

By hand:
    python -m scripts.report.paper.typeset_tables --training training.parquet --strategies strategies.parquet \
        --loading loading.parquet --jobs jobs.parquet --records results/demo/*/records/*/*.json --folder tables
"""

from collections.abc import Sequence
from pathlib import Path

import jinja2
import pandas as pd
from pydantic import BaseModel

from scripts import cli
from scripts import format as show
from scripts.atomic import write_text
from scripts.record import Record
from scripts.report.words import facts, tables
from scripts.report.words.point_words import names_of
from scripts.report.words.tables import Column
from scripts.scaling.tables.read_records import read_all
from scripts.scaling.tables.rows import JobRow, LoadingRow, Row, StrategyRow, TrainingRow
from scripts.scaling.tables.table_file import read_rows

MARKDOWN = jinja2.Template(
    """{{ caption }}

| {{ titles | join(" | ") }} |
|{% for right in rights %} {{ "---:" if right else ":---" }} |{% endfor %}
{% for row in rows -%}
| {{ row | map("replace", "|", "\\\\|") | join(" | ") }} |
{% endfor %}{% for note in notes %}
{{ note }}
{% endfor %}"""
)


def typeset(folder: Path, name: str, rows: Sequence[BaseModel], columns: Sequence[Column], caption: str) -> None:
    """Write what a paper shows of a table in both languages, but for columns that are empty."""
    shown = [column for column in columns if column.brief is not None or column.paper]
    shown = [column for column in shown if not rows or {column.cell(row) for row in rows} != {show.MISSING}]
    cells = [[column.cell(row) for column in shown] for row in rows]
    write(folder, name, {column.title: not column.text for column in shown}, cells, caption, notes(rows))


def notes(rows: Sequence[BaseModel]) -> list[str]:
    """Why blocks do not count."""
    return [f"{row.point}: {reason}" for row in rows if isinstance(row, Row) for reason in tables.explanations(row)]


def write(
    folder: Path,
    name: str,
    titles: dict[str, bool],
    cells: Sequence[Sequence[str]],
    caption: str,
    below: Sequence[str] = (),
) -> None:
    """Write a table in both languages; a title is aligned right where it says so, `below` stands under the table."""
    text = MARKDOWN.render(caption=caption, titles=titles, rows=cells, rights=titles.values(), notes=below)
    write_text(folder / f"{name}.md", text)
    latex = pd.DataFrame(cells, columns=list(titles)).to_latex(
        index=False,
        escape=True,
        caption=_escaped(caption),
        label=f"tab:{name}",
        column_format="".join("r" if right else "l" for right in titles.values()),
        position="htbp",
    )
    small = "".join(f"\\par\\footnotesize {_escaped(one)}\n" for one in below)
    write_text(folder / f"{name}.tex", latex.replace("\\end{table}", f"{small}\\end{{table}}"))


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
    parser.add_argument("--jobs", type=Path, required=True)
    parser.add_argument("--records", type=Path, nargs="+", required=True)
    parser.add_argument("--folder", type=Path, required=True)
    args = parser.parse_args()
    records = read_all(args.records)
    training, loading = read_rows(args.training, TrainingRow), read_rows(args.loading, LoadingRow)
    names = names_of(training, loading)
    where = {stage: machine([one for one in records if one.stage == stage]) for stage in ("training", "loading")}
    groups = tables.by_scaling(training)
    for scaling, rows in groups.items():
        name = "training" if len(groups) == 1 else f"training_{scaling}"
        caption = f"{tables.note(TrainingRow)} {tables.divisor(rows, names)} {where['training']}"
        typeset(args.folder, name, rows, tables.TRAINING, caption)
    caption = f"{tables.note(LoadingRow)} {tables.divisor(loading, names)} {where['loading']}"
    typeset(args.folder, "loading", loading, tables.LOADING, caption)
    strategies = read_rows(args.strategies, StrategyRow)
    blocks = {row.point: row.blocks for row in training}
    n = f"n = {show.counts([blocks[row.point] for row in strategies])} launches a point" if strategies else "None"
    level = show.percent(training[0].confidence)
    of = "; ".join(dict.fromkeys(names.title(row.baseline) for row in strategies))
    sure = f"In brackets {level} intervals: Student t on log ratios, Welch's where under 3 blocks are shared. {n}."
    caption = f"{tables.STRATEGIES_NOTE} {sure} Baselines: {of or 'none'}. {where['training']}"
    typeset(args.folder, "strategies", strategies, tables.STRATEGIES, caption)
    titles = {"point": False, "n": True} | {column.title: not column.text for column in tables.job_columns()}
    jobs = tables.job_medians(read_rows(args.jobs, JobRow))
    write(args.folder, "jobs", titles, jobs, f"{tables.JOBS_NOTE}{'' if jobs else ' There was none.'}")


if __name__ == "__main__":
    cli.run(main)
