"""A plain training as torchrun starts it: pictures, DistributedDataParallel, an evaluation an epoch."""

import argparse
import json

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, Dataset
from torch.utils.data.distributed import DistributedSampler


class Pictures(Dataset):
    """Random pictures of ten classes."""

    def __init__(self, count, edge):
        generator = torch.Generator().manual_seed(0)
        self.pixels = torch.rand(count, 3, edge, edge, generator=generator)
        self.labels = torch.randint(0, 10, (count,), generator=generator)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return self.pixels[index], self.labels[index]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--pictures", type=int, default=120)
    parser.add_argument("--catch", action="store_true", help="what ends a step")
    args = parser.parse_args()
    dist.init_process_group("gloo")
    torch.manual_seed(0)
    train, test = Pictures(args.pictures, 8), Pictures(40, 8)
    sampler = DistributedSampler(train, seed=1)
    loader = DataLoader(train, batch_size=args.batch_size, sampler=sampler, num_workers=args.workers)
    test_loader = DataLoader(test, batch_size=16)
    model = DistributedDataParallel(nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 10)))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    told = {"steps": 0, "images": [], "loss": [], "evaluated": 0, "cleaned_up": False}

    def step(pixels, labels):
        try:
            train_on(pixels, labels)
        except SystemExit:
            if not args.catch:
                raise

    def train_on(pixels, labels):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(pixels), labels)
        loss.backward()
        told["images"].append(len(labels))
        told["loss"].append(loss.item())
        told["steps"] += 1
        optimizer.step()

    try:
        for epoch in range(args.epochs):
            sampler.set_epoch(epoch)
            model.train()
            for pixels, labels in loader:
                step(pixels, labels)
            model.eval()
            with torch.no_grad():
                for pixels, labels in test_loader:
                    model(pixels)
                    told["evaluated"] += len(labels)
    finally:
        told["cleaned_up"] = True
        print(json.dumps(told), flush=True)
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
