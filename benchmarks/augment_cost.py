"""What does augmentation cost, by where it is done and by the number of workers?

Mechanism: the pictures are packed twice, at the edge that the network sees and at a larger one that crops are taken of.
In each round every way is launched once, in shuffled order, as the workflow measures it: without augmentation; on the
ranks; where batches are read, by the rank itself; by a loader process beside each rank. All train the same network on
one thread a rank, with the same global batch. Images/s are from the third step on, loading and augmentation included.
Prints a Markdown table: the median of images/s, its ratio to the same workers without augmentation with the interval,
paired by round, and of the median launch the shares of the steps' time that go into augment (on the ranks) and data
(waiting for pixels). A loader process has a core of its own: more cores than the machine has are marked.

    make bench        or        SCALECARD_REAL_IMAGES=/data python -m benchmarks.augment_cost --set lc25000_768
"""

import json
import os
import random
import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks import started
from scripts import cli, record
from scripts import format as show
from scripts.errors import UserError
from scripts.record import Record
from scripts.registry import ROOT
from scripts.scaling.comparing.ratios import paired_ratio
from scripts.training.loop.fit import STEADY

# As is usual for tissue.
STEPS = [
    *({"horizontal_flip": {}}, {"vertical_flip": {}}, {"quarter_turns": {}}),
    *({"colour_jitter": {}}, {"stain_jitter": {}}),
]
NONE = "none"
# By name, the study and the ends of the points' ids: loader processes, variant.
WAYS = {
    NONE: ("plain", "", ""),
    "ranks": ("augmented", "", ""),
    "loader, by the rank": ("augmented", "", "-on_loader"),
    "loader, a process a rank": ("augmented", "l1", "-on_loader"),
}
WORKERS = (1, 2)
PACKED = 8 / 7  # edge of what crops are taken of, as a multiple: 256 for 224


def settings(study: str, folder: Path | None, size: int, model: str, batch: int) -> dict[str, object]:
    """The config of a study's points."""
    training: dict[str, object] = {"model": model, "strategies": ["ddp"], "workers": list(WORKERS), "epochs": 4}
    training |= {"global_batch": batch, "blocks": 1, "profile": False, "loader_workers": [0, 1], "device": "cpu"}
    packed = size
    if study == "augmented":
        packed = round(PACKED * size)
        training |= {"augment": [{"random_resized_crop": {"size": size}}, *STEPS]}
        training |= {"variants": {"on_loader": {"augment_on": "loader"}}}
    images = {"size": packed, "folder": str(folder) if folder else None}
    return {"study": study, "images": images, "training": training, "scaling": {"baseline": "ddp-1"}}


def snakemake(folder: Path, study: str, *words: str) -> None:
    """The workflow in `folder`.

    Raises:
        UserError: it failed.
    """
    command = [sys.executable, "-m", "snakemake", *words, "--snakefile", str(ROOT / "Snakefile")]
    command += ["--directory", str(folder), "--cores", "all", "--resources", "machine=1000"]
    done = started.run([*command, "--configfile", str(folder / f"{study}.yaml")])
    if done.returncode:
        raise UserError(f"{study}: {done.stderr}")


def launch(folder: Path, model: str, way: str, workers: int, number: int) -> Record:
    """A launch of a point, as the workflow measures it."""
    study, loaders, variant = WAYS[way]
    path = f"results/{study}/training/records/{model}-ddp-{workers}{loaders}{variant}/b{number}.json"
    snakemake(folder, study, path)
    return record.read(folder / path)


def row(way: str, workers: int, found: list[Record], plain: list[Record]) -> str:
    """A line of the table."""
    rates, others = ([one.images_per_second for one in some] for some in (found, plain))
    ratio = paired_ratio(rates, others, 0.95)
    middle = sorted(found, key=lambda one: one.images_per_second)[len(found) // 2]
    steady = sum(middle.phases.get(phase, 0.0) for phase in STEADY)
    shares = [f"{middle.phases.get(phase, 0.0) / steady:.1%}" for phase in ("augment", "data")]
    cores = f"{middle.cores}{' (oversubscribed)' if middle.oversubscribed else ''}"
    times = "1" if way == NONE else show.ratio(ratio.value, ratio.low, ratio.high)
    return " | ".join(["", way, str(workers), cores, f"{statistics.median(rates):.1f}", times, *shares, ""]).strip()


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--set", help="folder below SCALECARD_REAL_IMAGES; left out: the demo's drawn images")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--model", default="resnet18")
    parser.add_argument("--size", type=int, default=224, help="edge of what the network sees, pixels")
    parser.add_argument("--batch", type=int, default=16, help="global")
    args = parser.parse_args()
    if args.rounds < 3:
        raise UserError(f"--rounds: found {args.rounds}; expected 3 or more, for intervals")
    if args.set and "SCALECARD_REAL_IMAGES" not in os.environ:
        raise UserError("--set: expected SCALECARD_REAL_IMAGES to name the folder that it lies in")
    raw = Path(os.environ["SCALECARD_REAL_IMAGES"], args.set).resolve() if args.set else None
    cells = [(way, workers) for way in WAYS for workers in WORKERS]
    found: dict[tuple[str, int], list[Record]] = {cell: [] for cell in cells}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for study in ("plain", "augmented"):
            config = settings(study, raw, args.size, args.model, args.batch)
            (folder / f"{study}.yaml").write_text(json.dumps(config))
            snakemake(folder, study, "--until", "channel_stats", "describe_model")
        for number in cli.progress(range(1, args.rounds + 1), args.rounds, "rounds"):
            for way, workers in random.Random(number).sample(cells, len(cells)):
                found[way, workers].append(launch(folder, args.model, way, workers, number))
    one = found[NONE, 1][0]
    print(f"{args.model} at {args.size} px, {one.environment.cpu_model}, {args.rounds} launches each\n")
    print("| augmented on | workers | cores | images/s | times without | augment | data |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for way, workers in cells:
        print(row(way, workers, found[way, workers], found[NONE, workers]))


if __name__ == "__main__":
    cli.run(main)
