"""The loss of a step: the mean of what `backward` was called on, by images."""

import pytest
import torch

from scripts.training.watch.scalecard_watch.losses import MOST_PENDING, Losses


class Elsewhere(torch.Tensor):
    """A tensor that says it is on a device which must be waited for."""

    device = torch.device("cuda", 0)  # type: ignore[assignment]


def test_the_loss_of_a_step_is_weighted_by_images() -> None:
    losses = Losses()
    losses.add(torch.tensor(1.0), 30)
    losses.add(torch.tensor([3.0]), 10)
    assert losses.take().value == 1.5
    assert losses.take().value is None  # of a step that no loss was seen of


def test_a_second_loss_of_the_same_images_weighs_as_much_as_the_first() -> None:
    losses = Losses()
    losses.add(torch.tensor(1.0), 30)
    losses.add(torch.tensor(2.0), 0)
    assert losses.take().value == 1.5


def test_losses_on_a_device_are_read_later_as_they_were_then() -> None:
    losses = Losses()
    value = torch.tensor(1.0).as_subclass(Elsewhere)
    losses.add(value, 4)
    step = losses.take()
    value.add_(1)  # the script goes on with it
    losses.add(value, 4)
    after = losses.take()
    assert step.pending
    assert step.value is None
    losses.resolve()
    assert (step.value, after.value, step.pending) == (pytest.approx(1.0), pytest.approx(2.0), [])


def test_losses_that_many_steps_wait_for_are_overdue() -> None:
    losses = Losses()
    value = torch.tensor(1.0).as_subclass(Elsewhere)
    for _ in range(MOST_PENDING - 1):
        losses.add(value, 1)
        losses.take()
    assert not losses.overdue()
    losses.add(value, 1)
    losses.take()
    assert losses.overdue()
    losses.resolve()
    assert not losses.overdue()
