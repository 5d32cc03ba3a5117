"""Trainings whose loops are written in less usual ways, one after the other; it prints the images of their steps."""

import json
import time

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint
from torch.utils.data import DataLoader, TensorDataset

DATA = TensorDataset(torch.rand(22, 3), torch.rand(22, 1))  # batches of 4, the last one of 2
IMAGES = []
CLOSURE_SECONDS = 0.01


def loss_of(model, batch):
    features, target = batch
    IMAGES.append(len(target))
    return nn.functional.mse_loss(model(features), target)


def in_evaluation_mode():
    """A network is tuned with its normalisation frozen."""
    model = nn.Linear(3, 1).eval()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for batch in DataLoader(DATA, batch_size=4):
        loss_of(model, batch).backward()
        optimizer.step()


def closures():
    """The optimizer calls for forward and backward."""
    model = nn.Linear(3, 1)
    optimizer = torch.optim.Adam(model.parameters())
    for batch in DataLoader(DATA, batch_size=4):

        def closure(batch=batch):
            time.sleep(CLOSURE_SECONDS)
            optimizer.zero_grad()
            loss = loss_of(model, batch)
            loss.backward()
            return loss

        optimizer.step(closure=closure)


def two_optimizers():
    """As adversarial networks are trained: two steps a batch."""
    one, other = nn.Linear(3, 1), nn.Linear(3, 1)
    first = torch.optim.SGD(one.parameters(), lr=0.1)
    second = torch.optim.AdamW(other.parameters())
    for batch in DataLoader(DATA, batch_size=4):
        loss_of(one, batch).backward()
        first.step()
        loss_of(other, batch).backward()
        IMAGES.pop()
        second.step()


def ahead(loader):
    """The next batch is fetched before this one is used."""
    batches = iter(loader)
    following = next(batches)
    while following is not None:
        batch, following = following, next(batches, None)
        yield batch


def a_batch_ahead():
    """Also when the network is still set to be evaluated; evaluations have gradients, which nobody uses."""
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    train, test = (DataLoader(DATA, batch_size=4) for _ in range(2))
    for _ in range(2):
        for batch in ahead(train):
            model.train()
            loss_of(model, batch).backward()
            optimizer.step()
        model.eval()
        for features, _ in test:
            model(features)


def checkpointed():
    """The forward is made again inside of the backward, which goes backward itself."""
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def again(features):
        return checkpoint(model, features.requires_grad_(), use_reentrant=True)

    for batch in ahead(DataLoader(DATA, batch_size=4)):
        loss_of(again, batch).backward()
        optimizer.step()


if __name__ == "__main__":
    for loop in (in_evaluation_mode, closures, two_optimizers, a_batch_ahead, checkpointed):
        loop()
    print(json.dumps({"images": IMAGES}))
