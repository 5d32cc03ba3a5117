"""What did the study find? How many workers, which way of loading, what it costs, how sure: the last lines of a run.

Input: a folder with the answers (JSON) of a study; what it has not asked for lacks. Output: stdout, 120 columns wide
where it is no terminal.

By hand:
    python -m scripts.report.terminal.print_answer results/demo/scaling
"""

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.text import Text

from scripts import cli
from scripts.budget import LeftOut
from scripts.report.words.point_words import names_of
from scripts.report.words.verdicts import refusals
from scripts.scaling.answers.answer import Claims, Confirmations, LoadingAnswer, Recommendations
from scripts.scaling.plan.planned import Plan
from scripts.scaling.tables.rows import LoadingRow, TrainingRow
from scripts.scaling.tables.table_file import read_answer, read_rows

NOT_CONFIRMED = "No training was measured again; `snakemake confirm` does."
WIDTH = 120  # columns, where nobody has set the width of a window


def terminal() -> Console:
    """Where people read; a pipe has a width too."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=WIDTH)


def print_answer(console: Console, folder: Path) -> None:
    """The answer last: where a window is short, what scrolled away is less."""
    console.print(Text("The answer", style="bold"))
    for sentence in sentences(folder):
        console.print(Text(sentence))


def sentences(folder: Path) -> Iterator[str]:
    """What the answers of a study say, points in words; first what it has not measured."""
    mine = (folder / "training.parquet").is_file()  # else somebody else's trainings: what was claimed of them
    table = folder / ("training.parquet" if mine else "external.parquet")
    ways = folder / "loading.parquet"
    names = names_of(read_rows(table, TrainingRow), read_rows(ways, LoadingRow) if ways.is_file() else [])
    if (left_out := folder / "left_out.json").is_file():
        yield names.say(read_answer(left_out, LeftOut).sentence)
    if (loading := folder / "loading.json").is_file():
        yield from map(names.say, read_answer(loading, LoadingAnswer).sentences)
    if not mine:
        for sentence, breaches in refusals(read_answer(folder / "claims.json", Claims).refused, names):
            yield f"Not to be quoted: {sentence} {' '.join(breaches)}"
    advice = read_answer(folder / "recommendation.json", Recommendations)
    for one in advice.recommendations:
        yield names.say(" ".join(one.sentences))
        yield from (f"    {line}" for line in one.paste)
    follows = _follows(again := folder / "confirmation.json", folder / "recommendation.json")
    confirmed = read_answer(again, Confirmations).sentences(advice) if follows else []
    yield from map(names.say, confirmed) if confirmed else [NOT_CONFIRMED] if mine else []
    if _follows(planned := folder / "plan.json", table):
        yield from read_answer(planned, Plan).sentences


def _follows(path: Path, source: Path) -> bool:
    """Whether it was made of what its source says now."""
    return path.is_file() and path.stat().st_mtime >= source.stat().st_mtime


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("folder", type=Path, help="results/<study>/scaling")
    print_answer(terminal(), parser.parse_args().folder)


if __name__ == "__main__":
    cli.run(main)
