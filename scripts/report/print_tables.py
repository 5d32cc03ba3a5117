"""What did the study measure? Both scaling tables on the terminal, the same text as on the page.

Input: a folder with `training.parquet` and `loading.parquet`. Output: stdout, 100 columns wide where it is no terminal;
below each table, a line for each block that does not count.

By hand:
    python -m scripts.report.print_tables results/demo/scaling
"""

from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from scripts import cli
from scripts.report.tables import LOADING, TRAINING, Column, divisor, explanations, note, read_rows
from scripts.scaling.rows import LoadingRow, Row, TrainingRow

WIDTH = 100  # columns, where nobody has set the width of a window
ABBREVIATED = {"oversubscribed": "oversub."}


def render(rows: Sequence[Row], columns: Sequence[Column]) -> Table:
    """The brief columns of `rows`; point and marks fold where a line is too short, numbers never."""
    table = Table(box=box.SIMPLE_HEAD, padding=0, pad_edge=False, show_edge=False, header_style="bold")
    brief = [column for column in columns if column.brief is not None]
    for column in brief:
        folds = column.title in {"point", "marks"}
        table.add_column(
            Text(column.brief or ""),
            justify="left" if column.text else "right",
            overflow="fold" if folds else "ellipsis",
            no_wrap=not folds,
        )
    for row in rows:
        table.add_row(*(Text(_shorten(column.cell(row))) for column in brief), style=_style(row))
    return table


def print_table(console: Console, title: str, rows: Sequence[Row], kind: type[Row], columns: Sequence[Column]) -> None:
    """A table with its title, what its numbers mean, and the reasons of what is missing."""
    console.print(Text(title, style="bold"))
    console.print(Text(f"{note(kind)} {divisor(rows)}", style="dim"))
    console.print()
    console.print(render(rows, columns))
    console.print()
    for row in rows:
        for reason in explanations(row):
            console.print(Text(f"{row.point}: {reason}"))
    console.print()


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("folder", type=Path, help="results/<study>/scaling")
    folder: Path = parser.parse_args().folder
    training = read_rows(folder / "training.parquet", TrainingRow)
    loading = read_rows(folder / "loading.parquet", LoadingRow)
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=WIDTH)
    print_table(console, "Training", training, TrainingRow, TRAINING)
    print_table(console, "Loading", loading, LoadingRow, LOADING)


def _shorten(text: str) -> str:
    return " ".join(ABBREVIATED.get(word, word) for word in text.split(" "))


def _style(row: Row) -> str:
    return "dim" if row.validity == "invalid" else ""


if __name__ == "__main__":
    cli.run(main)
