"""What does each way to decode a JPEG cost and buy: speed, fidelity of its pixels, and test accuracy?

Mechanism, on upright JPEG files of class folders:
- speed: CPU seconds of this process, one thread, files in the page cache, rounds interleaved over the ways; the interval
  of the ratio is paired by round.
- error: mean absolute difference, in levels of 0-255, from the reference: decoded in full size and averaged over areas.
  The workflow's own `resize` step follows every way but the naive one.
- accuracy: of ResNet-18 trained on a way's pixels and tested on them, and trained on the reference's and tested on the
  way's. A seed gives every way the same weights, order and split; what does not train is tested, and near duplicates
  stay on one side. Changed: the share of test images to which the reference's network gives another class than from the
  reference's pixels; it sees differences too few to move the accuracy.

Prints a table: median speed, mean error, mean [least, greatest] over seeds. Drawn images of 768 px at the default 96 px
are scaled by 1/8, wholly inside the decoder; `--train-size 112` leaves a part to `resize`.

    python -m benchmarks.decode_fidelity --folder /data/my_images --size 128 --train-size 96 --rounds 7 --seeds 3
"""

import io
import math
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from PIL import Image
from rich.console import Console
from rich.table import Table
from torchvision.transforms import Resize

from scripts import cli
from scripts.config import images as config
from scripts.errors import ImageError, UserError
from scripts.images.decode import Decoder, DecodeSpec, Pixels
from scripts.images.draw_sample import write_class
from scripts.images.header import Limits, read_bytes, read_header
from scripts.images.index_shards import assign_groups
from scripts.images.pack_shard import pack
from scripts.images.sample_classes import CLASSES
from scripts.images.source import check_classes, entries
from scripts.images.split import assign_splits
from scripts.images.steps import resize
from scripts.scaling.ratios import paired_ratio
from scripts.training import model
from scripts.training.batches import training_order
from scripts.training.learner import optimizer_of
from scripts.training.spec import OptimizerSpec

Way = Callable[[Path], Pixels]  # a file to uint8 RGB (size, size, 3)
Classifier = Callable[[np.ndarray], np.ndarray]  # uint8 RGB (n, size, size, 3) to classes, int64 (n,)

NAIVE, REFERENCE = "naive Pillow loop", "OpenCV, full size"
FRACTIONS = {"train": 0.7, "valid": 0.1, "test": 0.2}
OPTIMIZER = OptimizerSpec(name="sgd", lr=0.02, momentum=0.9, schedule="cosine")  # as in config/config.yaml
BATCH = 32
REDUCED = {8: cv2.IMREAD_REDUCED_COLOR_8, 4: cv2.IMREAD_REDUCED_COLOR_4, 2: cv2.IMREAD_REDUCED_COLOR_2}
area = resize.Step()


def naive(path: Path, size: int) -> Pixels:
    """What one would write first."""
    with Image.open(path) as image:
        return np.asarray(Resize((size, size))(image.convert("RGB")))


def pillow_draft(path: Path, size: int) -> Pixels:
    """Scaled inside libjpeg by 1/2, 1/4 or 1/8 while both edges keep `size`."""
    with Image.open(path) as image:
        image.draft("RGB", (size, size))
        return area(np.asarray(image.convert("RGB")), size)  # type: ignore[arg-type]


def opencv(path: Path, size: int, reduced: bool) -> Pixels:
    """In full size, or `reduced` as `pillow_draft`."""
    data, flag = path.read_bytes(), cv2.IMREAD_COLOR_BGR
    if reduced:
        with Image.open(io.BytesIO(data)) as image:
            edge = min(image.size)
        flag = next((flag for factor, flag in REDUCED.items() if math.ceil(edge / factor) >= size), flag)
    bgr = cv2.imdecode(np.frombuffer(data, np.uint8), flag)
    return cv2.cvtColor(area(bgr, size), cv2.COLOR_BGR2RGB)  # type: ignore[arg-type, return-value]


def ways_to(size: int) -> dict[str, Way]:
    """The ways by name, which decode to `size` pixels an edge."""

    def ours(decode: dict[str, Any], **resizing: Any) -> Decoder:
        return Decoder(DecodeSpec(size=size, steps=[{"decode": decode}, {"resize": resizing}]))

    return {
        NAIVE: partial(naive, size=size),
        "Pillow, draft": partial(pillow_draft, size=size),
        REFERENCE: partial(opencv, size=size, reduced=False),
        "OpenCV, reduced": partial(opencv, size=size, reduced=True),
        "decode: {scaling: none}": ours({"scaling": "none"}),
        "decode: {at_least: 2}": ours({"at_least": 2}),
        "decode: {}": ours({}),
        "decode: {}, linear resize": ours({}, interpolation="linear"),
    }


def read_images(folder: Path, most: int, size: int) -> pd.DataFrame:
    """Columns path, class and split (among others) of at most `most` upright JPEG files, evenly spaced in order of path.

    Raises:
        ImageError: there are not enough of them to split.
    """
    listed = entries(folder)
    listed = listed[:: math.ceil(len(listed) / most)]
    limits = Limits(**config.Limits().model_dump())
    table = pack(folder, 0, listed, Decoder(DecodeSpec(size=size, steps=[{"resize": {}}])), limits)[1]
    images = table[table["kind"].isin({"JPEG RGB", "JPEG L"}) & (table["status"] == "ok")]
    images = images[[read_header(read_bytes(folder / path)).orientation == 1 for path in images["path"]]].copy()
    if images.empty:
        raise ImageError(f"{folder}: found no upright RGB or gray JPEG among {len(listed)} files; expected some")
    check_classes(Counter(images["class"]))
    images["group"] = assign_groups(images, None, config.Images.model_fields["near_duplicates"].default)
    images["split"] = assign_splits(images, FRACTIONS, seed=0)
    cli.log.info("%d of %d files used: %s", len(images), len(listed), dict(Counter(images["split"])))
    return images


def measure_seconds(ways: dict[str, Way], files: Sequence[Path], rounds: int) -> dict[str, list[float]]:
    """CPU seconds of each round over all files, by way."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in cli.progress(range(rounds), total=rounds, doing="time"):
        for name, way in ways.items():
            started = time.process_time()
            for path in files:
                way(path)
            found[name].append(time.process_time() - started)
    return found


def learn(pixels: np.ndarray, labels: np.ndarray, epochs: int, seed: int) -> Classifier:
    """ResNet-18 trained on `pixels`, uint8 RGB (n, size, size, 3), of classes `labels`, int64 (n,)."""
    torch.manual_seed(seed)
    network = model.build("resnet18", int(labels.max()) + 1, None)
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer, schedule = optimizer_of(network, OPTIMIZER, epochs * (len(labels) // BATCH))
    mean, std = (torch.from_numpy(of(axis=(0, 1, 2))).float().view(1, 3, 1, 1) for of in (pixels.mean, pixels.std))

    def forward(some: np.ndarray) -> torch.Tensor:
        return network((torch.from_numpy(some).permute(0, 3, 1, 2) - mean) / std.clamp(min=1.0))

    for epoch in range(epochs):
        for chosen in training_order(len(labels), BATCH, 0, 1, seed, epoch):
            optimizer.zero_grad(set_to_none=True)
            F.cross_entropy(forward(pixels[chosen]), torch.from_numpy(labels[chosen])).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    network.eval()

    @torch.no_grad()
    def classify(some: np.ndarray) -> np.ndarray:
        return forward(some).argmax(dim=1).numpy()

    return classify


def percent(shares: Sequence[float]) -> str:
    return f"{statistics.mean(shares):.1%} [{min(shares):.1%}, {max(shares):.1%}]".replace("%", "")


def compare_training(
    pixels: dict[str, np.ndarray], images: pd.DataFrame, epochs: int, seeds: int
) -> dict[str, list[str]]:
    """By way, in percent: accuracy of its own networks, of the reference's, and the share of changed classes.

    Raises:
        UserError: fewer training images than one batch.
    """
    labels = np.unique(images["class"], return_inverse=True)[1]
    train, test = (images["split"].isin(sides).to_numpy() for sides in (["train"], ["valid", "test"]))
    if train.sum() < BATCH:
        raise UserError(f"--images: found {train.sum()} that train; expected {BATCH} or more")

    @cache
    def networks(way: str) -> list[Classifier]:
        """One a seed; ways whose training pixels are equal share them."""
        first = next(name for name in (REFERENCE, *pixels) if np.array_equal(pixels[name][train], pixels[way][train]))
        if first != way:
            return networks(first)
        return [learn(pixels[way][train], labels[train], epochs, seed) for seed in range(seeds)]

    found, truth = {}, labels[test]
    for way, own in cli.progress(pixels.items(), total=len(pixels), doing="train"):
        accuracy = [float((network(own[test]) == truth).mean()) for network in networks(way)]
        classes = [network(own[test]) for network in networks(REFERENCE)]
        expected = [network(pixels[REFERENCE][test]) for network in networks(REFERENCE)]
        mismatched = [float((each == truth).mean()) for each in classes]
        changed = [float((each != before).mean()) for each, before in zip(classes, expected, strict=True)]
        found[way] = [percent(shares) for shares in (accuracy, mismatched, changed)]
    return found


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--folder", type=Path, help="class folders; left out: drawn images of 768x768")
    parser.add_argument("--images", type=int, default=300, help="at most so many")
    parser.add_argument("--size", type=int, default=128, help="of speed and error, pixels an edge")
    parser.add_argument("--train-size", type=int, default=96, help="of accuracy, pixels an edge")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2, help="that train")
    args = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.folder or Path(temporary)
        for tissue in CLASSES if args.folder is None else ():
            write_class(folder / tissue, tissue, args.images // len(CLASSES), 768, seed=0)
        images = read_images(folder, args.images, args.size)
        files, ways = [folder / path for path in images["path"]], ways_to(args.size)
        decoded = {name: np.stack([way(path) for path in files]) for name, way in ways.items()}  # a warm-up too
        seconds = measure_seconds(ways, files, args.rounds)
        pixels = {name: np.stack([way(path) for path in files]) for name, way in ways_to(args.train_size).items()}
    torch.set_num_threads(args.threads)
    accuracies = compare_training(pixels, images, args.epochs, args.seeds)
    table = Table(
        title=f"{len(files)} files; speed and error at {args.size} px, one core, {args.rounds} rounds; "
        f"accuracy at {args.train_size} px, {args.epochs} epochs, {args.seeds} seeds"
    )
    for column in ("way", "images/s", "against naive", "error", "accuracy, %", "by reference's, %", "changed, %"):
        table.add_column(column)
    for name, times in seconds.items():
        ratio = paired_ratio(seconds[NAIVE], times, 0.95)
        interval = f" [{ratio.low:.2f}, {ratio.high:.2f}]" if ratio.low and ratio.high and name != NAIVE else ""
        error = np.abs(decoded[name].astype(np.int16) - decoded[REFERENCE]).mean()
        speed = f"{len(files) / statistics.median(times):.0f}"
        table.add_row(name, speed, f"{ratio.value:.2f}{interval}", f"{error:.3f}", *accuracies[name])
    Console(width=140).print(table)  # where it is redirected, rich takes 80 and breaks the cells


if __name__ == "__main__":
    cli.run(main)
