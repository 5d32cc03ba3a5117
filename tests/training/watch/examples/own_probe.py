"""A training that tells of its steps by scalecard_probe, as its optimizer's are not those."""

import json
import sys

import torch
from scalecard_probe import probe

weight = torch.ones(2, requires_grad=True)
optimizer = torch.optim.SGD([weight], lr=0.1)  # steps twice for each step of the training
steps = 0
try:
    for number in range(int(sys.argv[1])):
        (weight**2).sum().backward()
        optimizer.step()
        optimizer.step()
        steps += 1
        probe.step(10 + number, loss=1 / steps)
finally:
    print(json.dumps({"steps": steps}), flush=True)
