"""Averages of a training, printed now and then, and the time that iterations take."""

import time
from collections import defaultdict


class MetricLogger:
    def __init__(self):
        self.meters = defaultdict(list)

    def update(self, **values):
        for name, value in values.items():
            self.meters[name].append(float(value))

    def log_every(self, iterable, print_freq, header):
        began = time.perf_counter()
        for number, found in enumerate(iterable):
            yield found
            if number % print_freq == 0:
                means = " ".join(f"{name} {sum(values) / len(values):.4f}" for name, values in self.meters.items())
                print(f"{header} [{number}/{len(iterable)}] {means} {time.perf_counter() - began:.3f} s")
