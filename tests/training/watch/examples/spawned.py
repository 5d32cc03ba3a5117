"""A training that starts its ranks itself, by torch.multiprocessing.spawn."""

import argparse
import json
import os
import socket
import sys

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, TensorDataset


def work(rank, world_size, port, epochs):
    os.environ["MASTER_ADDR"], os.environ["MASTER_PORT"] = "127.0.0.1", str(port)
    dist.init_process_group("gloo", rank=rank, world_size=world_size)
    torch.manual_seed(rank)
    data = TensorDataset(torch.rand(24, 3), torch.rand(24, 1))
    model = DistributedDataParallel(nn.Linear(3, 1))
    optimizer = torch.optim.AdamW(model.parameters())
    steps = 0
    try:
        for _ in range(epochs):
            for features, target in DataLoader(data, batch_size=6):
                steps += 1
                loss = nn.functional.mse_loss(model(features), target)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
    finally:
        sys.stdout.write(json.dumps({"rank": rank, "steps": steps}) + "\n")  # at once: both ranks have one pipe
        sys.stdout.flush()
    dist.destroy_process_group()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=2)
    arguments = parser.parse_args()
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        free = found.getsockname()[1]
    mp.spawn(work, (arguments.ranks, free, arguments.epochs), nprocs=arguments.ranks)
