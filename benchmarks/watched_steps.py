"""A small training of steps of so many milliseconds, which watch_cost.py times with and without being watched.

Prints as JSON the batch size, and the mean seconds of a step: of all (`all`), or by turns of steps that the watch is
told of (`told`) and not told of (`untold`), one number a turn.
"""

import argparse
import json
import sys
import time
from itertools import cycle
from typing import Any

import torch
import torch.distributed as dist
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

WARM_UP = 50
TURN = 50  # steps
TRIED = 64  # images, to find the batch


def trained(batch: int) -> Any:
    """What makes a step each time it is asked for one."""
    torch.manual_seed(0)
    data = TensorDataset(torch.rand(16 * batch, 512), torch.randint(0, 10, (16 * batch,)))
    loader = DataLoader(data, batch_size=batch)
    model: nn.Module = nn.Sequential(nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10))
    if dist.is_initialized():
        model = nn.parallel.DistributedDataParallel(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    while True:
        for features, target in loader:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(features), target).backward()
            optimizer.step()
            yield


def seconds_a_step(steps: Any, count: int) -> float:
    """The mean of the next `count` steps."""
    began = time.perf_counter()
    for _ in range(count):
        next(steps)
    return (time.perf_counter() - began) / count


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--batch", type=int, help="images; left out: as many as take --milliseconds")
    parser.add_argument("--milliseconds", type=float, default=5.0)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--turns", action="store_true", help="tell the watch of every other fifty steps only")
    parser.add_argument("--ranks", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.ranks > 1:
        dist.init_process_group("gloo")
    if args.batch is None:
        steps = trained(TRIED)
        seconds_a_step(steps, WARM_UP)
        print(json.dumps(max(1, round(TRIED * args.milliseconds / 1000 / seconds_a_step(steps, 200)))))
        return
    steps = trained(args.batch)
    seconds_a_step(steps, WARM_UP)
    if not args.turns:
        print(json.dumps({"all": [seconds_a_step(steps, args.steps)]}))
        return
    watch: Any = sys.modules["scalecard_watch.watch"]
    told, found = watch.current, {"told": [], "untold": []}  # type: ignore[var-annotated]
    for _, way in zip(range(args.steps // TURN), cycle(found), strict=False):
        watch.current = told if way == "told" else None
        found[way].append(seconds_a_step(steps, TURN))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
