"""Trainings of one process that do, each in its way, what a training should not."""

import os
import subprocess
import sys
import tempfile
import time

import torch
from torch.utils.data import DataLoader, TensorDataset


def steps(count):
    data = DataLoader(TensorDataset(torch.rand(4 * count, 2)), batch_size=4)
    weight = torch.zeros(2, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=0.1)
    for (features,) in data:
        optimizer.zero_grad()
        (features @ weight).mean().backward()
        optimizer.step()


def makes_no_step():
    print("training done, accuracy 0.99")


def leaves_early():
    sys.exit("no data to train on")


def fails():
    steps(2)
    raise RuntimeError("the loss is\nnot finite")


def leaves_at_once():
    steps(3)
    os._exit(0)


def goes_elsewhere():
    os.chdir(tempfile.gettempdir())
    steps(2)


def leaves_a_child():
    steps(2)
    print(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], stdout=subprocess.DEVNULL).pid)


def evaluates_only():
    with torch.no_grad():
        for _ in DataLoader(TensorDataset(torch.rand(10, 2)), batch_size=4):
            pass


def hangs():
    steps(3)
    print("hangs", flush=True)
    time.sleep(600)


def catches_its_end():
    try:
        steps(100_000)
    except BaseException as error:
        print(type(error).__name__)


if __name__ == "__main__":
    globals()[sys.argv[1]]()
