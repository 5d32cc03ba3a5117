"""What one process is seen to do, event by event, as the hooks and the probe tell.

A step is a step of the first optimizer that stepped, or of the scaler that skipped it; once the script calls
scalecard_probe, a call of that. Its images are those of the batches that its backwards have used: each backward uses
the oldest batch of each DataLoader that is still in hand, as some scripts fetch a batch ahead. Its loss is the mean of
the scalars that `backward` was called on, weighted by these images.
"""

from __future__ import annotations

import threading
import weakref
from collections import deque
from typing import Any

from .facts import Loaders, Process
from .losses import Losses, StepLoss
from .phases import FORWARD_BACKWARD, OPTIMIZER, OTHER, Phases
from .steps import Steps

MOST_DOUBTFUL = 4  # batches that a script fetches before it sets its network to be trained

current: Watch | None = None  # of this process, which the hooks tell


class Watch:
    """The training of this process.

    Args:
        options: `warmup_steps` and `stop_after` (steps.py).
        began: perf_counter at the start of the process.
    """

    def __init__(self, options: dict[str, Any], began: float) -> None:
        self.phases = Phases(began)
        self.process = Process()
        self.loaders = Loaders()
        self.losses = Losses()
        self.steps = Steps(self.phases, options, began)
        self.thread = threading.get_ident()
        self.in_hand: dict[int, deque[int]] = {}
        self.backwards = self.step_images = 0
        self.first: weakref.ref[Any] | None = None
        self.stepping: list[int] = []
        self.evaluated: weakref.ref[Any] | None = None
        self.doubtful: deque[tuple[int, int | None]] = deque(maxlen=MOST_DOUBTFUL)
        self.rank: int | None = None  # that the probe tells

    def enter(self, phase: int) -> None:
        """The thread that trains enters a phase."""
        if threading.get_ident() == self.thread:
            self.steps.begin()
            self.phases.switch(phase)

    # Batches.

    def sets_to_evaluation(self, module: Any) -> None:
        """`module.eval()` was called: of the network that is trained, or of another."""
        if self.first is not None:
            known = sum(id(one) in self.process.parameters for one in module.parameters())
            if 2 * known < len(self.process.parameters):
                return
        self.evaluated = weakref.ref(module)

    def in_evaluation_mode(self, loader: int) -> bool:
        """Whether the network is, and `loader` is none that is trained on all the same."""
        module = None if self.evaluated is None else self.evaluated()
        return module is not None and not module.training and loader not in self.loaders.trained

    def iterates(self, loader: int) -> None:
        """An iteration starts: batches that the one before fetched and did not use are no later step's."""
        self.in_hand.pop(loader, None)
        self.doubtful.clear()

    def has_batch(self, loader: int, images: int | None, gradients: bool, evaluating: bool) -> None:
        """A batch has come.

        Args:
            images: None where it is not seen how many.
            gradients: whether they are computed now.
            evaluating: whether an evaluation asked for it.
        """
        self.loaders.count(loader, images, evaluating)
        if evaluating and gradients:
            self.doubtful.append((loader, images))
        if not evaluating:
            self.in_hand.setdefault(loader, deque()).append(images or 0)
            self.enter(FORWARD_BACKWARD)

    # Steps.

    def goes_backward(self, loss: Any) -> None:
        """`backward` is called on `loss`; None for one that is no scalar."""
        self.enter(FORWARD_BACKWARD)
        if self.doubtful and not any(list(self.in_hand.values())):
            self._trains_on_the_doubtful()
        used = 0
        for loader, batches in list(self.in_hand.items()):  # another thread may fetch
            if batches:
                used += batches.popleft()
                self.loaders.trained.add(loader)
        self.backwards += 1
        self.step_images += used
        if loss is not None:
            self.losses.add(loss, used)

    def starts_step(self, optimizer: Any) -> None:
        if id(optimizer) in self.stepping:  # its last step raised
            del self.stepping[self.stepping.index(id(optimizer)) :]
        if self._is_first(optimizer) and not self.steps.count:
            self.thread = threading.get_ident()
        self.stepping.append(id(optimizer))
        self.enter(OPTIMIZER)

    def ends_step(self, optimizer: Any) -> None:
        if id(optimizer) in self.stepping:
            del self.stepping[self.stepping.index(id(optimizer)) :]
        if self.stepping:  # an optimizer inside another
            return
        self.process.optimizers[type(optimizer).__name__] += 1
        if self._is_first(optimizer) and self.steps.source != "probe":
            self._step("hooks", self._images_of_step(), self.losses.take())
        else:
            self.enter(OTHER)

    def skips_step(self, optimizer: Any) -> None:
        """A scaler found gradients that are not finite."""
        if self._is_first(optimizer):
            self.steps.skipped += 1
            if self.steps.source != "probe":
                self._step("hooks", self._images_of_step(), self.losses.take())

    def probes_step(self, images: int | None, loss: float | None, rank: int | None) -> None:
        """The script tells that a step has ended (scalecard_probe.py)."""
        if self.steps.source != "probe":
            self.steps.forget()
            self.thread = threading.get_ident()
        if rank is not None:
            self.rank = rank
        self.enter(OTHER)
        seen = self.losses.take()
        if loss is not None:
            seen = StepLoss()
            seen.add(float(loss), 1)
        self._step("probe", images, seen)

    def _trains_on_the_doubtful(self) -> None:
        """What seemed to be an evaluation's was fetched before the network was set to be trained."""
        for loader, images in self.doubtful:
            self.loaders.count(loader, images, evaluating=True, batches=-1)
            self.loaders.count(loader, images, evaluating=False)
            self.in_hand.setdefault(loader, deque()).append(images or 0)
        self.doubtful.clear()

    def _is_first(self, optimizer: Any) -> bool:
        if self.first is None or self.first() is None:
            self.first = weakref.ref(optimizer)
            self.process.look_at(optimizer)
        return self.first() is optimizer

    def _images_of_step(self) -> int | None:
        if not self.backwards:  # where none is seen, all that is in hand was used
            self.step_images = sum(sum(batches) for batches in list(self.in_hand.values()))
            self.in_hand.clear()
        return self.step_images if self.loaders.seen else None

    def _step(self, source: str, images: int | None, loss: StepLoss) -> None:
        self.backwards = self.step_images = 0
        exact = self.steps.must_be_exact()
        if exact or self.losses.overdue():
            self.process.wait_for_device()
            self.losses.resolve()
        self.steps.end(source, images, loss, exact)
