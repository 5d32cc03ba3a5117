"""What do two cores bring: against the loop that one would write first, and from one worker to two?

Mechanism: one study of pictures is packed once. In each round every way is launched once, in shuffled order, with the
same images, split, model, batch, optimizer and epochs: (A) the plain loop, ImageFolder and PIL transforms in each
epoch, DataLoader with two workers, eager NCHW, torch's own thread count; (B) scalecard's `serial` with two threads and
(C) its `ddp` with two workers of a thread; (D) `serial` and (E) `ddp` with one worker of one thread. Each is timed
alike, from its third step to the end of its last, loading included and validation not. B to E use `--allocator`, A the
system's.

Prints images/s, test accuracies, and the ratios that matter with their intervals, paired by round.

    make bench        or        python -m benchmarks.train_two_cores --folder /data/my_images --rounds 5
"""

import json
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import get_args

from rich.console import Console

from benchmarks import started
from scripts import cli, record
from scripts import format as show
from scripts.errors import UserError
from scripts.images.shards import read_split
from scripts.registry import ROOT
from scripts.scaling.comparing.ratios import Ratio, paired_ratio
from scripts.training.points import Allocator

SIZE, BATCH, EPOCHS = 128, 64, 8
WAYS = {"serial x2": "serial-1x2", "ddp 2": "ddp-2", "serial": "serial-1", "ddp 1": "ddp-1"}
PLAIN = "plain loop"


def plain(raw: Path, split: Path, folder: Path, seed: int) -> tuple[float, float]:
    """Images/s and test accuracy of the loop that one would write first, in this process."""
    import torch
    from torch import nn
    from torch.utils.data import DataLoader
    from torchvision import datasets, models, transforms

    for side in ("train", "test"):
        images = read_split(split, side)
        for path in images.paths:
            link = folder / side / path
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(raw / path)
    torch.manual_seed(seed)
    transform = transforms.Compose(
        [
            transforms.Resize((SIZE, SIZE)),
            transforms.ToTensor(),
            transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
        ]
    )
    train, test = (datasets.ImageFolder(str(folder / side), transform) for side in ("train", "test"))
    batches = DataLoader(train, batch_size=BATCH, shuffle=True, num_workers=2, drop_last=True)
    model = models.resnet18(num_classes=len(train.classes))
    loss_of = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=EPOCHS * len(batches))
    done, seconds, started = 0, 0.0, 0.0
    for _ in range(EPOCHS):
        started = time.perf_counter()
        for images, labels in batches:
            optimizer.zero_grad()
            loss_of(model(images), labels).backward()
            optimizer.step()
            schedule.step()
            done += 1
            if done == 2:  # as training.warmup_steps
                started = time.perf_counter()
        if done > 2:
            seconds += time.perf_counter() - started
    model.eval()
    with torch.no_grad():
        found = [(model(images).argmax(1) == labels).float() for images, labels in DataLoader(test, batch_size=BATCH)]
    return (done - 2) * BATCH / seconds, float(torch.cat(found).mean())


def study(folder: Path, raw: Path | None, memory: str) -> None:
    """The config of the points."""
    config = {"study": "bench", "images": {"size": SIZE, "folder": str(raw) if raw else None}}
    config["training"] = {"global_batch": BATCH, "epochs": EPOCHS, "threads": [1, 2], "blocks": 1, "profile": False}
    config["training"]["tuning"] = {"allocator": memory}
    (folder / "bench.yaml").write_text(json.dumps(config))


def snakemake(folder: Path, *words: str) -> None:
    """The workflow in `folder`."""
    command = [sys.executable, "-m", "snakemake", *words, "--snakefile", str(ROOT / "Snakefile")]
    command += ["--directory", str(folder), "--cores", "2", "--resources", "machine=1000"]
    command += ["--configfile", str(folder / "bench.yaml")]
    done = started.run(command)
    assert done.returncode == 0, done.stderr


def launch_plain(raw: Path, folder: Path, number: int) -> tuple[float, float]:
    """Images/s and test accuracy of the plain loop, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.train_two_cores", "--seed", str(number), "--plain"]
    given = [raw, folder / "results/bench/images/split.parquet", folder / f"plain{number}"]
    done = started.run([*command, *map(str, given)], ROOT)
    assert done.returncode == 0, done.stderr
    rate, accuracy = json.loads(done.stdout)
    return rate, accuracy


def launch(sweep: str, folder: Path, number: int) -> tuple[float, float]:
    """Images/s and test accuracy of a point, as the workflow measures it."""
    path = f"results/bench/training/records/resnet18-{sweep}/b{number}.json"
    snakemake(folder, path)
    found = record.read(folder / path)
    assert found.quality is not None
    return found.images_per_second, found.quality.test_accuracy


def said(ratio: Ratio) -> str:
    return show.ratio(ratio.value, ratio.low, ratio.high)


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--folder", type=Path, help="class folders of JPEGs; left out: the demo's drawn images")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--allocator", choices=get_args(Allocator), default="auto", help="of all ways but the plain loop"
    )
    parser.add_argument(
        "--plain", type=Path, nargs=3, help="one launch of the plain loop: raw folder, split, new folder"
    )
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    if args.plain:
        print(json.dumps(plain(*args.plain, args.seed)))
        return
    if args.rounds < 3:
        raise UserError(f"--rounds: found {args.rounds}; expected 3 or more, for intervals")
    rates: dict[str, list[float]] = {}
    accuracies: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        study(folder, args.folder, args.allocator)
        images = folder / "results/bench/images"
        snakemake(folder, "--until", "channel_stats")
        for number in cli.progress(range(1, args.rounds + 1), args.rounds, "rounds"):
            for way in random.Random(number).sample([PLAIN, *WAYS], 1 + len(WAYS)):
                if way == PLAIN:
                    rate, accuracy = launch_plain((args.folder or images / "sample").resolve(), folder, number)
                else:
                    rate, accuracy = launch(WAYS[way], folder, number)
                rates.setdefault(way, []).append(rate)
                accuracies.setdefault(way, []).append(accuracy)
        found = record.read(folder / f"results/bench/training/records/resnet18-{WAYS['serial']}/b1.json")
    console = Console(highlight=False)
    console.print(f"{found.environment.cpu_model}; allocator {args.allocator}, found: {found.environment.allocator}")
    for way in (PLAIN, *WAYS):
        some = rates[way]
        accuracy = f"{statistics.mean(accuracies[way]):.3f} ({min(accuracies[way]):.3f} to {max(accuracies[way]):.3f})"
        console.print(f"{way}: {statistics.median(some):.1f} images/s, test accuracy {accuracy}, n = {len(some)}")
    for way in ("serial x2", "ddp 2"):
        console.print(f"{way} against the {PLAIN}: {said(paired_ratio(rates[way], rates[PLAIN], 0.95))}; bar 1.6")
    two = paired_ratio([rate / 2 for rate in rates["ddp 2"]], rates["ddp 1"], 0.95)
    console.print(f"efficiency of two ddp workers against one: {said(two)}; bar 0.93")
    console.print(f"ddp 1 against serial: {said(paired_ratio(rates['ddp 1'], rates['serial'], 0.95))}; bar 0.97")


if __name__ == "__main__":
    cli.run(main)
