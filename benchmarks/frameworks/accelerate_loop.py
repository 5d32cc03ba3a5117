"""A training whose loop is made parallel by Accelerate, with two batches a step."""

import argparse

import torch
from accelerate import Accelerator
from pictures import Pictures, network, say
from torch import nn
from torch.utils.data import DataLoader

parser = argparse.ArgumentParser()
parser.add_argument("--batch-size", type=int, default=8)
parser.add_argument("--workers", type=int, default=0)
parser.add_argument("--epochs", type=int, default=2)
args = parser.parse_args()
accelerator = Accelerator(cpu=True, gradient_accumulation_steps=2)
train, test = (DataLoader(Pictures(count), args.batch_size, num_workers=args.workers) for count in (96, 32))
model = network()
optimizer = torch.optim.AdamW(model.parameters())
model, optimizer, train, test = accelerator.prepare(model, optimizer, train, test)
steps = images = evaluated = 0
losses = []
try:
    for _ in range(args.epochs):
        model.train()
        for batch in train:
            with accelerator.accumulate(model):
                loss = nn.functional.cross_entropy(model(batch["pixel_values"]), batch["labels"])
                images += len(batch["labels"])
                losses.append(loss.item() / 2)  # as accelerator.backward divides it
                accelerator.backward(loss)
                steps += accelerator.sync_gradients
                optimizer.step()
                optimizer.zero_grad()
        model.eval()
        for batch in test:
            with torch.no_grad():
                model(batch["pixel_values"])
            evaluated += len(batch["labels"])
finally:
    say(accelerator.process_index, steps, images, evaluated, losses)
accelerator.end_training()
