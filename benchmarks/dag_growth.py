"""How does the time of a dry run, and of a run with nothing to do, grow with the images?

Mechanism: a folder of n empty files in five classes and, for the same images, a manifest; the study is
config/studies/lc25000.yaml: 64 shards, 444 loading and 84 training measurements. All its outputs are made as stubs and
marked as done (`snakemake --touch`), so that a further call has nothing to do. Each call is a fresh process, the median
of `--rounds`, interleaved over modes. Prints a table and draws the curves.

    make bench        or        python -m benchmarks.dag_growth --sizes 1000 5000 25000 --figure docs/dag_growth.svg
"""

import json
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from benchmarks import started
from scripts import cli
from scripts.atomic import replacing
from scripts.registry import ROOT
from scripts.report.figures.style import COLOURS, styled

CLASSES = ("colon_aca", "colon_n", "lung_aca", "lung_n", "lung_scc")
CALLS = {"dry run": ["--dry-run", "--forceall"], "nothing to do": []}


def make_images(folder: Path, count: int, files: bool) -> None:
    """A manifest of `count` images, and with `files` the images, empty."""
    paths = [f"{CLASSES[i % len(CLASSES)]}/{i:07d}.jpeg" for i in range(count)]
    rows = "".join(f"{path},{path.partition('/')[0]}\n" for path in paths)
    (folder / "manifest.csv").write_text(f"path,label\n{rows}", encoding="utf-8")
    for name in CLASSES if files else ():
        (folder / "raw" / name).mkdir(parents=True)
    for path in paths if files else ():
        (folder / "raw" / path).touch()


class Study:
    """The study in a folder of its own, on the images of `source`."""

    def __init__(self, mode: str, source: Path, results: Path) -> None:
        images = {"files": f"folder: {source}/raw", "manifest": f"manifest: {source}/manifest.csv, track: manifest"}
        self.command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", "2"]
        self.command += ["--configfile", str(ROOT / "config/studies/lc25000.yaml"), "--directory", str(results)]
        self.command += ["--config", f"images={{{images[mode]}}}"]
        self.results = results

    def call(self, *flags: str) -> str:
        done = started.run([*self.command, *flags])
        if done.returncode:
            sys.exit(done.stdout + done.stderr)
        return done.stdout + done.stderr

    def finish(self) -> None:
        """Make every output, and mark it as done."""
        for line in re.findall(r"^    output: (.*)$", self.call("--dry-run", "--forceall", "--verbose"), re.MULTILINE):
            for name in line.split(", "):
                path = self.results / name
                path.parent.mkdir(parents=True, exist_ok=True)
                # A record is read where a job's minutes are guessed from it.
                path.write_text(json.dumps({"resumed": True}) if path.suffix == ".json" else "")
        self.call("--touch", "--quiet", "all")
        if "Nothing to be done" not in self.call():
            sys.exit(f"there is still something to do in {self.results}")

    def seconds(self, flags: list[str]) -> float:
        started = time.perf_counter()
        self.call("--quiet", "all", *flags)
        return time.perf_counter() - started


def measure(count: int, modes: list[str], rounds: int) -> dict[tuple[str, str], float]:
    """Median seconds by mode and call."""
    with tempfile.TemporaryDirectory() as temporary:
        make_images(Path(temporary), count, files="files" in modes)
        studies = {mode: Study(mode, Path(temporary), Path(temporary) / mode) for mode in modes}
        for study in studies.values():
            study.finish()
        found: dict[tuple[str, str], list[float]] = {(mode, call): [] for mode in modes for call in CALLS}
        for _ in range(rounds):
            for (mode, call), times in found.items():
                times.append(studies[mode].seconds(CALLS[call]))
    return {key: statistics.median(times) for key, times in found.items()}


def draw(rows: dict[int, dict[tuple[str, str], float]], path: Path) -> None:
    """The growth curves."""
    with styled():
        figure = Figure(figsize=(6, 3.6), layout="constrained")
        axes = figure.add_subplot(xscale="log", xlabel="images", ylabel="seconds")
        for colour, mode in zip(COLOURS, ("files", "manifest"), strict=False):
            for line, call in zip(("-", "--"), CALLS, strict=True):
                points = [(count, row[mode, call]) for count, row in rows.items() if (mode, call) in row]
                axes.plot(*zip(*points, strict=True), line, color=colour, marker="o", label=f"track: {mode}, {call}")
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.legend()
        with replacing(path) as temporary:
            figure.savefig(temporary, format="svg", metadata={"Date": None})


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 5000, 10_000, 25_000, 100_000, 1_000_000])
    parser.add_argument("--most-files", type=int, default=25_000, help="beyond it only the manifest is tracked")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--figure", type=Path, help="an SVG of the curves")
    args = parser.parse_args()
    table = Table(title=f"seconds of a call, median of {args.rounds}")
    table.add_column("images", justify="right")
    for mode in ("files", "manifest"):
        for call in CALLS:
            table.add_column(f"track: {mode}, {call}", justify="right")
    rows = {}
    for count in cli.progress(args.sizes, total=len(args.sizes), doing="dag growth"):
        modes = ["files", "manifest"] if count <= args.most_files else ["manifest"]
        rows[count] = measure(count, modes, args.rounds)
        cli.log.info("%d images: %s", count, {" ".join(key): round(value, 2) for key, value in rows[count].items()})
        cells = [rows[count].get((mode, call)) for mode in ("files", "manifest") for call in CALLS]
        table.add_row(f"{count:,}", *("-" if cell is None else f"{cell:.2f}" for cell in cells))
    Console().print(table)
    if args.figure:
        draw(rows, args.figure)


if __name__ == "__main__":
    cli.run(main)
