"""What does it cost a training to be watched (scripts/training/watch/)?

Mechanism: a small training (watched_steps.py) whose batch is such that a step takes 5 ms, then one of 1 ms steps, one
thread a rank. In each round it is launched as it is and by the wrapper, in shuffled order, with as many steps; the
script times them itself, from its fiftieth step. One launch differs from the next by more than the watching costs, so
a third one, watched, takes turns of fifty steps that the watch is told of and is not told of: their ratio, paired by
turn, is the cost of all that happens at a step, and the first ratio bounds the rest (the writing once a second too).
With `--ranks 2` the ranks are also told when to stop, in a store (stopping.py), as a study does.

Prints the medians of a step's seconds and the two ratios with their intervals, for each length of a step.

    make bench        or        python -m benchmarks.watch_cost --rounds 10 --ranks 2
"""

import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console

from scripts import cli
from scripts.errors import UserError
from scripts.scaling.comparing.ratios import Ratio, paired_ratio
from scripts.training import watch

STEP_MILLISECONDS = (5.0, 1.0)
SECONDS = 4.0  # of steps that a launch times
SCRIPT = Path(__file__).with_name("watched_steps.py")
WRAPPER = Path(watch.__file__).with_name("run_watched.py")
BAR = 1.01
Found = dict[str, list[float]]


def launch(ranks: int, watched: bool, arguments: list[str]) -> Any:
    """What rank 0 of a launch prints."""
    with socket.socket() as free, tempfile.TemporaryDirectory() as folder:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        enough = json.dumps({"stop_after": {"seconds": 3600}} if ranks > 1 else {})
        wrapper = [str(WRAPPER), "--out", folder, "--options", enough, "--"] if watched else []
        common = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        common |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(ranks)}
        processes = [
            subprocess.Popen(
                [sys.executable, *wrapper, str(SCRIPT), *arguments],
                env=common | {"RANK": str(rank), "LOCAL_RANK": str(rank), "OMP_NUM_THREADS": "1"},
                stdout=subprocess.PIPE,
                text=True,
            )
            for rank in range(ranks)
        ]
        try:
            printed = [process.communicate()[0] for process in processes]
        finally:
            for process in processes:
                process.kill()
        if any(process.returncode for process in processes):
            raise UserError(f"{SCRIPT.name}: a rank ended with {[process.returncode for process in processes]}")
        return json.loads(printed[0].splitlines()[-1])


def measure(milliseconds: float, ranks: int, rounds: int) -> tuple[Found, Ratio]:
    """Seconds of a step by way, one a round; and the ratio of turns that are told of to those that are not."""
    batch = launch(1, False, ["--milliseconds", str(milliseconds)])
    steps = round(SECONDS * 1000 / milliseconds)
    arguments = ["--batch", str(batch), "--steps", str(steps), "--ranks", str(ranks)]
    ways = {"plain": (False, []), "watched": (True, []), "turns": (True, ["--turns"])}
    found: Found = {"plain": [], "watched": []}
    turns: Found = {"told": [], "untold": []}
    for number in cli.progress(range(1, rounds + 1), rounds, f"rounds of {milliseconds:g} ms steps"):
        for way in random.Random(number).sample(list(ways), len(ways)):
            watched, more = ways[way]
            printed = launch(ranks, watched, [*arguments, *more])
            if way == "turns":
                turns = {name: seconds + printed[name] for name, seconds in turns.items()}
            else:
                found[way] += printed["all"]
    return found, paired_ratio(turns["told"], turns["untold"], 0.95)


def said(ratio: Ratio) -> str:
    interval = "" if ratio.low is None else f" [{ratio.low:.4f}, {ratio.high:.4f}]"
    return f"{ratio.value:.4f}{interval}"


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--ranks", type=int, default=1)
    args = parser.parse_args()
    console = Console(highlight=False)
    for milliseconds in STEP_MILLISECONDS:
        found, turns = measure(milliseconds, args.ranks, args.rounds)
        medians = {way: f"{1000 * statistics.median(seconds):.3f} ms" for way, seconds in found.items()}
        console.print(f"steps of {milliseconds:g} ms, {args.ranks} ranks, n = {args.rounds} launches: {medians}")
        by_launch = paired_ratio(found["watched"], found["plain"], 0.95)
        console.print(f"  watched against plain, by launch: {said(by_launch)}")
        console.print(f"  told against untold, by turn: {said(turns)}; bar {BAR} at 5 ms")


if __name__ == "__main__":
    cli.run(main)
