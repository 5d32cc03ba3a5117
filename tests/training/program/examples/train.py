"""A training of one's own: arguments like torchvision's, torchrun's ranks under DDP, an evaluation an epoch."""

import argparse
import sys
import time

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.data.distributed import DistributedSampler


def main(args):
    torch.manual_seed(args.seed)
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(0, 4, (args.pictures,), generator=generator)
    pixels = torch.rand(args.pictures, 3, 16, 16, generator=generator) + labels[:, None, None, None]
    data = TensorDataset(pixels, labels)
    sampler = DistributedSampler(data, seed=args.seed) if dist.is_initialized() else None
    loader = DataLoader(data, args.batch_size, sampler=sampler, num_workers=args.workers)
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 14 * 14, 4))
    if sampler and not args.lonely:
        model = DistributedDataParallel(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr)
    for epoch in range(args.epochs):
        if sampler:
            sampler.set_epoch(epoch)
        began, steps = time.perf_counter(), 0
        for some, wanted in loader:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(some), wanted)
            loss.backward()
            optimizer.step()
            steps += 1
            print(f"loss {loss.item():.4f}, {len(wanted)} images")
        print(f"epoch {epoch}: {steps / (time.perf_counter() - began):.3f} steps/s", flush=True)
        with torch.no_grad():
            for some, _ in DataLoader(data, 64):
                model(some)
    time.sleep(args.hang)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--pictures", type=int, default=96)
    parser.add_argument("--lr", type=float, default=0.01)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--hang", type=float, default=0)
    parser.add_argument("--alone", action="store_true", help="ranks do not know of each other")
    parser.add_argument("--lonely", action="store_true", help="the first rank alone trains")
    given = parser.parse_args()
    if given.threads:
        torch.set_num_threads(given.threads)
    if not given.alone:
        dist.init_process_group("gloo")
    if given.lonely and dist.get_rank():
        sys.exit()
    main(given)
