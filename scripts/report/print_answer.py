"""What did the study find? How many workers, which way of loading, what it costs, how sure: the last lines of a run.

Input: a folder with the answers (JSON) of a study; what it has not asked for lacks. Output: stdout, 120 columns wide
where it is no terminal.

By hand:
    python -m scripts.report.print_answer results/demo/scaling
"""

from pathlib import Path

from rich.console import Console
from rich.text import Text

from scripts import cli
from scripts.scaling.answer import Confirmations, LoadingAnswer, Plan, Recommendations
from scripts.scaling.table_file import read_answer

WIDTH = 120  # columns, where nobody has set the width of a window


def terminal() -> Console:
    """Where people read; a pipe has a width too."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=WIDTH)


def print_answer(console: Console, folder: Path) -> None:
    """The answer last: where a window is short, what scrolled away is less."""
    console.print(Text("The answer", style="bold"))
    if (loading := folder / "loading.json").is_file():
        for sentence in read_answer(loading, LoadingAnswer).sentences:
            console.print(Text(sentence))
    for one in read_answer(folder / "recommendation.json", Recommendations).recommendations:
        console.print(Text(" ".join(one.sentences)))
    if (again := folder / "confirmation.json").is_file():
        for confirmation in read_answer(again, Confirmations).confirmations:
            console.print(Text(confirmation.sentence))
    if (planned := folder / "plan.json").is_file():
        for sentence in read_answer(planned, Plan).sentences:
            console.print(Text(sentence))


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("folder", type=Path, help="results/<study>/scaling")
    print_answer(terminal(), parser.parse_args().folder)


if __name__ == "__main__":
    cli.run(main)
