"""What did the study measure? The scaling tables on the terminal, the same text as on the page.

Input: a folder with the tables (parquet) and answers (JSON) of a study. Output: stdout, 120 columns wide where it is no
terminal; below each table, a line for each block that does not count; Slurm jobs, if there were any, as medians; which
laws hold and which claims are refused; last, the answer: how many workers, and which way of loading.

By hand:
    python -m scripts.report.terminal.print_tables results/demo/scaling
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from scripts import cli
from scripts.report.terminal.print_answer import print_answer, terminal
from scripts.report.words.point_words import Names, names_of
from scripts.report.words.profile_tables import POP_NOTE, POP_VALUES, PROFILES, PROFILES_NOTE
from scripts.report.words.tables import (
    ATTRIBUTION,
    ATTRIBUTION_NOTE,
    JOBS_NOTE,
    LOADING,
    STRATEGIES,
    STRATEGIES_NOTE,
    TRAINING,
    Column,
    by_scaling,
    divisor,
    explanations,
    job_columns,
    job_medians,
    note,
)
from scripts.report.words.verdicts import refusals
from scripts.scaling.answers.answer import Claims
from scripts.scaling.answers.laws import Laws
from scripts.scaling.profiles.profile_rows import PopRow, ProfileRow
from scripts.scaling.tables.rows import JobRow, LoadingRow, Row, StrategyRow, TrainingRow
from scripts.scaling.tables.table_file import read_answer, read_rows

FOLDING = {"point", "marks", "under 0.8"}
ABBREVIATED = {"oversubscribed": "oversub.", "shared_cores": "shared"}


def render(rows: Sequence[BaseModel], columns: Sequence[Column]) -> Table:
    """The brief columns of `rows`; words fold where a line is too short, numbers never."""
    table = Table(box=box.SIMPLE_HEAD, padding=0, pad_edge=False, show_edge=False, header_style="bold")
    brief = [column for column in columns if column.brief is not None]
    for column in brief:
        folds = column.title in FOLDING
        table.add_column(
            Text(column.brief or ""),
            justify="left" if column.text else "right",
            overflow="fold" if folds else "ellipsis",
            no_wrap=not folds,
        )
    for row in rows:
        table.add_row(*(Text(_shorten(column.cell(row))) for column in brief), style=_style(row))
    return table


def print_table(
    console: Console, title: str, rows: Sequence[Row], kind: type[Row], columns: Sequence[Column], names: Names
) -> None:
    """A table with its title, what its numbers mean, and the reasons of what is missing."""
    console.print(Text(title, style="bold"))
    console.print(Text(f"{note(kind)} {divisor(rows, names)}", style="dim"))
    console.print()
    console.print(render(rows, columns))
    console.print()
    for row in rows:
        for reason in explanations(row):
            console.print(Text(f"{row.point}: {reason}"))
    console.print()


def print_plain(console: Console, title: str, rows: Sequence[BaseModel], columns: Sequence[Column], said: str) -> None:
    """A table that gives no reasons, with its title and what its numbers mean."""
    console.print(Text(title, style="bold"))
    console.print(Text(said, style="dim"))
    console.print()
    console.print(render(rows, columns))
    console.print()


def print_verdicts(console: Console, laws: Laws, claims: Claims, names: Names) -> None:
    """Which law each curve follows, and which sentences are refused."""
    console.print(Text("Scaling laws", style="bold"))
    for curve in laws.curves:
        console.print(Text(names.say(curve.sentence)))
    console.print()
    of_loading = [one for one in claims.claims if one.about == "loading"]
    shown = [one for one in claims.refused if one.about != "loading"]
    if shown:
        console.print(Text("Refused claims", style="bold"))
        for sentence, breaches in refusals(shown, names):
            console.print(Text(f"{sentence} {' '.join(breaches)}"))
        console.print()
    if of_loading:
        stands = sum(one.stands for one in of_loading)
        console.print(Text(f"Of {len(of_loading)} claims about loading {stands} stand: claims.json and the page.\n"))


def print_jobs(console: Console, rows: Sequence[JobRow]) -> None:
    """Medians over the jobs of each point, and how many jobs accounting says nothing of."""
    table = Table("point", box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False, show_edge=False, header_style="bold")
    for title in ["n", *(column.brief or "" for column in job_columns())]:
        table.add_column(title, justify="right", no_wrap=True)
    for point, *cells in job_medians(rows):
        table.add_row(Text(point), *cells)
    console.print(Text("Jobs", style="bold"))
    console.print(Text(JOBS_NOTE, style="dim"))
    console.print()
    console.print(table)
    console.print()
    for accounting, count in Counter(row.accounting for row in rows if row.state is None).items():
        console.print(Text(f"{count} of {len(rows)} launches: {accounting}"))


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("folder", type=Path, help="results/<study>/scaling")
    folder: Path = parser.parse_args().folder
    training = read_rows(folder / "training.parquet", TrainingRow)
    loading = read_rows(folder / "loading.parquet", LoadingRow)
    laws, claims = read_answer(folder / "laws.json", Laws), read_answer(folder / "claims.json", Claims)
    jobs = read_rows(folder / "jobs.parquet", JobRow)
    console, names = terminal(), names_of(training, loading)
    groups = by_scaling(training)
    for scaling, some in groups.items():
        title = "Training" if len(groups) == 1 else f"Training, {scaling} scaling"
        print_table(console, title, some, TrainingRow, TRAINING, names)
    strategies = read_rows(folder / "strategies.parquet", StrategyRow)
    if strategies:
        print_plain(console, "At equal cores", strategies, STRATEGIES, STRATEGIES_NOTE)
    if (folder / "profiles.parquet").is_file():
        profiles, pop = read_rows(folder / "profiles.parquet", ProfileRow), read_rows(folder / "pop.parquet", PopRow)
        print_plain(console, "Where a training step's time goes", profiles, PROFILES, PROFILES_NOTE)
        print_plain(console, "POP efficiencies", pop, POP_VALUES, POP_NOTE)
    print_table(console, "Loading", loading, LoadingRow, LOADING, names)
    parts = [row for row in loading if row.whole_seconds is not None]
    print_plain(console, "Where the time goes", parts, ATTRIBUTION, ATTRIBUTION_NOTE)
    if any(row.job_id for row in jobs):
        print_jobs(console, jobs)
    print_verdicts(console, laws, claims, names)
    print_answer(console, folder)


def _shorten(text: str) -> str:
    return " ".join(ABBREVIATED.get(word, word) for word in text.split(" "))


def _style(row: BaseModel) -> str:
    return "dim" if isinstance(row, Row) and row.validity == "invalid" else ""


if __name__ == "__main__":
    cli.run(main)
