"""What does each way to decode a JPEG cost and buy: speed, fidelity of its pixels, and test accuracy?

Mechanism, on upright JPEG files of class folders, drawn ones if none are given:
- speed: CPU seconds, one thread, files in the page cache, rounds interleaved over the ways, ratios paired by round;
- error: mean absolute difference, in levels of 0-255, from the reference: decoded in full size and averaged over areas
  (the workflow's own `resize` follows every way but the naive one);
- accuracy: of ResNet-18 trained and tested on a way's pixels, and trained on the reference's and tested on the way's,
  with the share of images whose class changes for that second network. A seed gives every way the same weights and
  order; what does not train is tested; near duplicates share a side.
Prints a table: median speed with the 95% interval of its ratio, mean error, mean [least, greatest] over seeds.
A drawn image of 768 px becomes 96 px wholly inside the decoder, by 1/8; `--train-size 112` leaves a part to `resize`.

    python -m benchmarks.decode_fidelity --folder /data/my_images --size 128 --train-size 96 --rounds 7 --seeds 3
"""

import math
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import simplejpeg
import torch
import torch.nn.functional as F
from PIL import Image
from rich.console import Console
from rich.table import Table
from torch.optim.lr_scheduler import LambdaLR
from torchvision.transforms import Normalize, Resize

from scripts import cli
from scripts import format as show
from scripts.config import images as config
from scripts.errors import ImageError
from scripts.images.decode import Decoder, DecodeSpec
from scripts.images.draw_sample import write_class
from scripts.images.header import Limits, read_bytes, read_header
from scripts.images.index_shards import assign_groups
from scripts.images.pack_shard import pack
from scripts.images.picture import Pixels
from scripts.images.sample_classes import CLASSES
from scripts.images.source import check_classes, entries
from scripts.images.split import assign_splits
from scripts.images.steps import resize
from scripts.scaling.comparing.ratios import paired_ratio
from scripts.training.loop.batches import epoch_order, training_order
from scripts.training.loop.learner import course, optimizer_of
from scripts.training.model.build import build
from scripts.training.spec import OptimizerSpec

Way = Callable[[Path], Pixels]  # a file to uint8 RGB (size, size, 3)

NAIVE, REFERENCE = "naive Pillow loop", "OpenCV, full size"
REDUCED = {8: cv2.IMREAD_REDUCED_COLOR_8, 4: cv2.IMREAD_REDUCED_COLOR_4, 2: cv2.IMREAD_REDUCED_COLOR_2}
OPTIMIZER = OptimizerSpec(  # as in config/config.yaml
    name="sgd", lr=0.02, momentum=0.9, weight_decay=0.0, schedule="cosine", lr_warmup_steps=0, lr_rule="none"
)
area: Callable[..., Pixels] = resize.Step()


def pillow(path: Path, size: int, draft: bool) -> Pixels:
    with Image.open(path) as image:
        if draft:
            image.draft("RGB", (size, size))
        rgb = image.convert("RGB")
    return area(np.asarray(rgb), size) if draft else np.asarray(Resize((size, size))(rgb))


def opencv(path: Path, size: int, reduced: bool) -> Pixels:
    data, flag = path.read_bytes(), cv2.IMREAD_COLOR_BGR
    if reduced:
        edge = min(simplejpeg.decode_jpeg_header(data)[:2])
        flag = next((flag for factor, flag in REDUCED.items() if math.ceil(edge / factor) >= size), flag)
    return np.ascontiguousarray(area(cv2.imdecode(np.frombuffer(data, np.uint8), flag), size)[..., ::-1])


def ways_to(size: int) -> dict[str, Way]:
    """The ways by name, which decode to `size` pixels an edge."""

    def ours(decode: dict[str, object], **resizing: object) -> Decoder:
        return Decoder(DecodeSpec(size=size, steps=[{"decode": decode}, {"resize": resizing}]))

    return {
        NAIVE: partial(pillow, size=size, draft=False),
        "Pillow, draft": partial(pillow, size=size, draft=True),
        REFERENCE: partial(opencv, size=size, reduced=False),
        "OpenCV, reduced": partial(opencv, size=size, reduced=True),
        "decode: {scaling: none}": ours({"scaling": "none"}),
        "decode: {at_least: 2}": ours({"at_least": 2}),
        "decode: {}": ours({}),
        "decode: {}, area resize": ours({}, interpolation="area"),
        "decode: {}, linear resize": ours({}, interpolation="linear"),
    }


def read_images(folder: Path, most: int, size: int) -> pd.DataFrame:
    """Path, class, split and more of at most `most` files, evenly spaced; ImageError: too few are upright JPEGs."""
    listed = entries(folder)
    listed = listed[:: math.ceil(len(listed) / most)]
    limits = Limits(**config.Limits().model_dump())
    table = pack(folder, 0, listed, Decoder(DecodeSpec(size=size, steps=[{"resize": {}}])), limits, keep=lambda _: None)
    images = table[table["kind"].isin({"JPEG RGB", "JPEG L"}) & (table["status"] == "ok")]
    # Only the workflow and OpenCV would turn the others, which says nothing of fidelity.
    images = images[[read_header(read_bytes(folder / path)).orientation == 1 for path in images["path"]]].copy()
    if images.empty:
        raise ImageError(f"{folder}: found no upright RGB or gray JPEG among {len(listed)} files; expected some")
    check_classes(Counter(images["class"]))
    images["group"] = assign_groups(images, None, config.Images.model_fields["near_duplicates"].default)
    images["split"] = assign_splits(images, {"train": 0.7, "valid": 0.1, "test": 0.2}, seed=0)
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


def learn(pixels: np.ndarray, labels: np.ndarray, epochs: int, seed: int) -> torch.nn.Module:
    """ResNet-18 trained on `pixels`, uint8 RGB (n, size, size, 3), of classes `labels`, int64 (n,)."""
    torch.manual_seed(seed)
    batch = min(32, len(labels))
    normalize = Normalize(pixels.mean(axis=(0, 1, 2)), pixels.std(axis=(0, 1, 2)).clip(min=1))
    network = torch.nn.Sequential(normalize, build("resnet18", int(labels.max()) + 1, None))
    network.to(memory_format=torch.channels_last)
    optimizer = optimizer_of(list(network.parameters()), OPTIMIZER, OPTIMIZER.lr, "foreach")
    schedule = LambdaLR(optimizer, course(OPTIMIZER, epochs * (len(labels) // batch)))
    images, classes = torch.from_numpy(pixels).permute(0, 3, 1, 2).float(), torch.from_numpy(labels)
    for epoch in range(epochs):
        for chosen in training_order(epoch_order(labels, "shuffled", seed, epoch), batch, 0, 1):
            optimizer.zero_grad(set_to_none=True)
            loss = F.cross_entropy(network(images[chosen]), classes[chosen])
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    return network.eval()


@torch.no_grad()
def classify(networks: Sequence[torch.nn.Module], pixels: np.ndarray) -> np.ndarray:
    """The class, int64 (networks, n), that each network gives to each of `pixels`, uint8 RGB (n, size, size, 3)."""
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2).float()
    return np.stack([network(images).argmax(dim=1).numpy() for network in networks])


def compare(pixels: dict[str, np.ndarray], images: pd.DataFrame, epochs: int, seeds: int) -> dict[str, list[str]]:
    """By way, in percent: accuracy of its own networks, of the reference's, and the images that change their class."""
    labels, train = np.unique(images["class"], return_inverse=True)[1], (images["split"] == "train").to_numpy()
    reference, truth = pixels[REFERENCE], labels[~train]
    learned: dict[bytes, list[torch.nn.Module]] = {}  # ways of equal pixels share their networks, one a seed
    found = {}
    for way, own in cli.progress({REFERENCE: reference, **pixels}.items(), total=len(pixels), doing="train"):
        if (key := own.tobytes()) not in learned:
            learned[key] = [learn(own[train], labels[train], epochs, seed) for seed in range(seeds)]
        by_own = classify(learned[key], own[~train])
        by_reference = classify(learned[reference.tobytes()], own[~train])
        changed = by_reference != classify(learned[reference.tobytes()], reference[~train])
        shares = [100 * hits.mean(axis=1) for hits in (by_own == truth, by_reference == truth, changed)]
        found[way] = [f"{each.mean():.1f} [{each.min():.1f}, {each.max():.1f}]" for each in shares]
    return found


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--folder", type=Path, help="class folders; left out: drawn images of 768x768")
    defaults = {"images": 300, "size": 128, "rounds": 7, "train-size": 96, "epochs": 6, "seeds": 3, "threads": 2}
    for name, default in defaults.items():
        parser.add_argument(f"--{name}", type=int, default=default, help=f"default {default}")
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
    accuracies = compare(pixels, images, args.epochs, args.seeds)
    columns = ("way", "images/s", "against naive", "error", "accuracy, %", "by reference's, %", "changed, %")
    title = f"{len(files)} files; speed and error at {args.size} px, one core, {args.rounds} rounds; "
    table = Table(*columns, title=f"{title}accuracy at {args.train_size} px, {args.epochs} epochs, {args.seeds} seeds")
    for name, times in seconds.items():
        speed, ratio = len(files) / np.median(times), paired_ratio(seconds[NAIVE], times, 0.95)
        against = show.ratio(ratio.value, *((ratio.low, ratio.high) if name != NAIVE else ()))
        error = np.abs(decoded[name].astype(np.int16) - decoded[REFERENCE]).mean()
        table.add_row(name, f"{speed:.0f}", against, f"{error:.3f}", *accuracies[name])
    Console(width=140).print(table)  # where it is redirected, rich would take 80 columns and break the cells


if __name__ == "__main__":
    cli.run(main)
