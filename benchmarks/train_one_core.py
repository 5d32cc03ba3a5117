"""How fast is a training step on one core and on two threads of one process, and how near is that to what they allow?

Mechanism: each way is a launch of its own (this program with `--way`), with its own allocator and thread count: the
learner of scripts/training on images that are in memory, a step to warm up, then `--steps` whose median is taken. The
limit is a single-precision matrix product of 2048 x 2048, launched likewise: its FLOP/s divided by the FLOPs of an
image's forward and backward. Rounds hold every way once, so that ratios are taken within a round.

    make bench        or        python -m benchmarks.train_one_core --rounds 5 --output docs/one_core.md
"""

import json
import math
import os
import statistics
import sys
import time
from itertools import product
from pathlib import Path

import jinja2
import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import started
from scripts import cli, machine
from scripts import format as show
from scripts.atomic import write_text
from scripts.config import Study
from scripts.errors import UserError
from scripts.registry import ROOT
from scripts.scaling.comparing.ratios import paired_ratio
from scripts.training.launch import allocator
from scripts.training.launch.ranks import Ranks
from scripts.training.loop.learner import Learner
from scripts.training.model.build import build
from scripts.training.points import TrainingPoint
from scripts.training.spec import LossSpec, OptimizerSpec, TrainSpec

MODEL, SIZE, BATCH, CLASSES = "resnet18", 128, 64, 5
LIMIT = "sgemm"
PLAIN = {"channels_last": False, "allocator": "system", "optimizer_kernel": "for_loop"}
FOREACH = PLAIN | {"channels_last": True, "optimizer_kernel": "foreach"}
WAYS: dict[str, dict[str, object]] = {
    "plain: eager, NCHW": PLAIN,
    "channels_last": PLAIN | {"channels_last": True},
    "channels_last, huge pages": PLAIN | {"channels_last": True, "allocator": "huge_pages"},
    "channels_last, glibc kept from handing memory back": PLAIN | {"channels_last": True, "allocator": "glibc"},
    "channels_last, tcmalloc": PLAIN | {"channels_last": True, "allocator": "tcmalloc"},
    "channels_last, jemalloc": PLAIN | {"channels_last": True, "allocator": "jemalloc"},
    "channels_last, foreach optimizer": FOREACH,
    "channels_last, fused optimizer": FOREACH | {"optimizer_kernel": "fused"},
    "channels_last, foreach optimizer, torch.compile": FOREACH | {"compile": True},
    "channels_last, foreach optimizer, bf16": FOREACH | {"precision": "bf16"},
}


def point_of(way: str, threads: int) -> TrainingPoint:
    """The point of the sweep that a way stands for."""
    changes = dict(WAYS[way])
    precision = changes.pop("precision", "fp32")
    settings = Study().training.model_copy(
        update={"threads": threads, "precision": precision, "strategies": ["serial"]}
    )
    (point,) = settings.points().values()
    tuning = point.tuning.model_copy(update=changes)
    return point.model_copy(update={"model": MODEL, "global_batch": BATCH, "tuning": tuning})


def train(way: str, threads: int, steps: int) -> float:
    """Images/s of the timed steps, in this process."""
    spec = TrainSpec(
        study="",
        point=point_of(way, threads),
        packed_size=SIZE,
        augment=[],
        sampling="shuffled",
        loss=LossSpec(class_weights=None, label_smoothing=0.0),
        size=SIZE,
        epochs=1,
        warmup_steps=1,
        optimizer=OptimizerSpec.model_validate(Study().training.optimizer.model_dump()),
        model_digest=None,
        weights_name=None,
        target_accuracy=1.0,
        stop_at_target=False,
        seed=0,
        lock="",
    )
    layout = torch.channels_last if spec.point.tuning.channels_last else torch.contiguous_format
    pixels = np.random.default_rng(0).integers(0, 256, (BATCH, SIZE, SIZE, 3), np.uint8)
    labels = torch.arange(BATCH) % CLASSES
    with Ranks(parallel=False, device="cpu") as ranks:
        learner = Learner.build(spec, spec.seed, np.ones(CLASSES, np.int64), None, None, None, 1 + steps, ranks)

        def step() -> float:
            started = time.perf_counter()
            images = torch.from_numpy(pixels).permute(0, 3, 1, 2).sub(128.0).div_(64.0)
            learner.loss(images.contiguous(memory_format=layout), labels)
            learner.step()
            return time.perf_counter() - started

        step()  # warms up, and compiles
        return BATCH / statistics.median(step() for _ in range(steps))


def sgemm() -> float:
    """FLOP/s of a matrix product, in this process."""
    one = torch.randn(2048, 2048)
    rates = []
    for _ in range(12):
        started = time.perf_counter()
        one @ one
        rates.append(2 * 2048**3 / (time.perf_counter() - started))
    return statistics.median(rates[2:])


def flops_of_an_image() -> int:
    """Of forward and backward, counted by torch."""
    network = build(MODEL, CLASSES, None)
    with FlopCounterMode(display=False) as counter:
        network(torch.randn(2, 3, SIZE, SIZE)).sum().backward()
    return int(counter.get_total_flops()) // 2


def launch(way: str, threads: int, steps: int) -> float:
    """What a way gives in a process of its own; not a number where it cannot run here."""
    try:
        memory = allocator.environment(point_of(way, threads).tuning.allocator if way != LIMIT else "system")
    except UserError:
        return float("nan")
    command = [sys.executable, "-m", "benchmarks.train_one_core", "--way", way, "--threads", str(threads)]
    threads_of = {"OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
    done = started.run([*command, "--steps", str(steps)], ROOT, os.environ | threads_of | memory)
    assert done.returncode == 0, done.stderr
    return float(json.loads(done.stdout))


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--output", type=Path, help="Markdown to write; left out: standard output")
    parser.add_argument("--way", choices=[LIMIT, *WAYS], help="one launch: prints images/s, or FLOP/s of the limit")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    if args.way:
        torch.set_num_threads(args.threads)
        print(sgemm() if args.way == LIMIT else train(args.way, args.threads, args.steps))
        return
    if args.rounds < 3:
        raise UserError(f"--rounds: found {args.rounds}; expected 3 or more, for intervals")
    machine.wait_until_alone()
    launches = list(product(range(args.rounds), (1, 2), [LIMIT, *WAYS]))
    found: dict[tuple[int, str], list[float]] = {}
    for _, threads, way in cli.progress(launches, len(launches), "launches"):
        found.setdefault((threads, way), []).append(launch(way, threads, args.steps))
    flops = flops_of_an_image()
    rows = []
    for way in WAYS:
        row = {"way": way}
        for threads in (1, 2):
            mine, plain = found[threads, way], found[threads, next(iter(WAYS))]
            limit = statistics.median(found[threads, LIMIT]) / flops
            there = not any(map(math.isnan, mine))
            ratio = paired_ratio(mine, plain, 0.95) if there else None
            row[f"rate{threads}"] = f"{statistics.median(mine):.1f}" if there else "not installed"
            row[f"ratio{threads}"] = show.ratio(ratio.value, ratio.low, ratio.high) if ratio else "–"
            row[f"share{threads}"] = f"{statistics.median(mine) / limit:.0%}" if there else "–"
        rows.append(row)
    template = jinja2.Template(
        (ROOT / "benchmarks" / "one_core.md.jinja").read_text(), undefined=jinja2.StrictUndefined
    )
    text = template.render(
        rows=rows,
        rounds=args.rounds,
        steps=args.steps,
        model=MODEL,
        size=SIZE,
        batch=BATCH,
        cpu=machine.environment(None, "warm").cpu_model,
        torch=torch.__version__,
        gflops=flops / 1e9,
        limits=[statistics.median(found[threads, LIMIT]) / 1e9 for threads in (1, 2)],
        rates=[statistics.median(found[threads, LIMIT]) / flops for threads in (1, 2)],
    )
    if args.output:
        write_text(args.output, text + "\n")
    else:
        print(text)


if __name__ == "__main__":
    cli.run(main)
