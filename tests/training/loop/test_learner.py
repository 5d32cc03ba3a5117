"""What learns, and the numbers that it is made from."""

import numpy as np
import pytest
import torch
from helping import OPTIMIZER, training_point

from scripts.training.launch.ranks import Ranks
from scripts.training.loop.learner import Learner
from scripts.training.loop.precision import Precision
from scripts.training.spec import TrainSpec

SPEC = TrainSpec.model_validate(
    {
        "study": "t",
        "point": training_point("serial", 1, model="tiny_cnn"),
        "size": 32,
        "packed_size": 32,
        "augment": [],
        "sampling": "shuffled",
        "loss": {"class_weights": None, "label_smoothing": 0.0},
        "epochs": 1,
        "warmup_steps": 0,
        "optimizer": OPTIMIZER,
        "model_digest": None,
        "weights_name": None,
        "target_accuracy": 0.0,
        "stop_at_target": False,
        "seed": 0,
        "lock": "",
    }
)


def first_weight_and_number(seed: int, rank: int, monkeypatch: pytest.MonkeyPatch) -> tuple[float, float]:
    """A weight of a rank's network, and the first number that its training draws."""
    monkeypatch.setenv("RANK", str(rank))
    learner = Learner.build(SPEC, seed, np.ones(3, np.int64), None, None, None, 9, Ranks(parallel=False, device="cpu"))
    return next(learner.network.parameters()).flatten()[0].item(), torch.rand(()).item()


def test_ranks_begin_with_the_same_weights_and_draw_numbers_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [first_weight_and_number(5, rank, monkeypatch) for rank in range(4)]
    assert len({weight for weight, _ in found}) == 1
    assert len({number for _, number in found}) == 4
    # The next block's seed is one more: its ranks draw other numbers than these.
    others = [first_weight_and_number(6, rank, monkeypatch) for rank in range(4)]
    assert {number for _, number in found}.isdisjoint(number for _, number in others)
    assert found[1] == first_weight_and_number(5, 1, monkeypatch)


def test_a_step_that_fp16_leaves_out_is_counted() -> None:
    precision = Precision("fp16", torch.device("cpu"))
    weight = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.SGD([weight], lr=0.1)
    for gradient in (1.0, float("inf"), 1.0, float("nan")):
        precision.scale(weight.sum() * 0).backward()  # the scaler wants to have scaled a loss
        weight.grad = torch.full_like(weight, gradient * precision.scaler.get_scale())
        precision.step(optimizer)
    assert precision.left_out_steps == 2
    assert weight.tolist() == pytest.approx([0.8, 0.8])

    again = Precision("fp16", torch.device("cpu"))
    again.load_state_dict(precision.state_dict())
    assert again.left_out_steps == 2
    assert again.scaler.get_scale() == precision.scaler.get_scale()
