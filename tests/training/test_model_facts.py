"""What a network asks for, and what is said where that is too much."""

import re

import pytest
import torch
from helping import training_point

from scripts.errors import UserError
from scripts.training import model as models
from scripts.training.describe_model import DescribeSpec, describe
from scripts.training.model_facts import ModelFacts, advice, advising

FACTS = ModelFacts(model="resnet18", size=224, parameters=11_000_000, forward_flops=3, activation_bytes=22_000_000)
GB = 1e9


def described(model: str, size: int) -> ModelFacts:
    return describe(DescribeSpec(model=model, classes=1000, size=size, packages=[]))


@pytest.mark.parametrize(  # torchvision's table of models: millions of parameters, GFLOPS (which are multiply-adds)
    ("model", "millions", "billions"), [("resnet18", 11.69, 1.81), ("mobilenet_v3_small", 2.54, 0.06)]
)
def test_parameters_and_operations_are_the_published_ones(model: str, millions: float, billions: float) -> None:
    found = described(model, 224)
    assert found.parameters / 1e6 == pytest.approx(millions, abs=0.005)
    assert found.forward_flops / 2e9 == pytest.approx(billions, abs=0.006)


def test_kept_activations_are_each_counted_once() -> None:
    network = models.build("tiny_cnn", 3, None).train()
    layers = [layer for layer in network.modules() if not list(layer.children())]
    seen: dict[int, int] = {}
    held = []

    def see(_: torch.nn.Module, given: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        for one in (*given, output):
            held.append(one)
            seen[one.untyped_storage().data_ptr()] = one.untyped_storage().nbytes()

    for layer in layers:
        layer.register_forward_hook(see)
    network(torch.zeros(2, 3, 32, 32))
    found = describe(DescribeSpec(model="tiny_cnn", classes=3, size=32, packages=[]))
    everything = sum(seen.values()) / 2
    assert 0.5 * everything < found.activation_bytes <= 1.05 * everything
    four_times = describe(DescribeSpec(model="tiny_cnn", classes=3, size=64, packages=[]))
    assert four_times.activation_bytes == pytest.approx(4 * found.activation_bytes, rel=0.05)


@pytest.mark.parametrize(("model", "size", "expected"), [("alexnet", 32, 64), ("vit_b_16", 64, 224)])
def test_a_size_that_a_model_cannot_take_is_refused_with_one_that_it_can(model: str, size: int, expected: int) -> None:
    with pytest.raises(
        UserError, match=rf"images\.size: found {size}, which {model} cannot take .*; expected {expected}, say"
    ):
        described(model, size)


def test_the_advice_halves_what_did_not_fit_at_least() -> None:
    point = training_point("ddp", 2, global_batch=128)
    assert "of each of 64 images at once" in advice(FACTS, point, 100 * GB)
    assert "training.micro_batch of 32 would" in advice(FACTS, point, 100 * GB)
    assert "training.micro_batch of 16 would" in advice(FACTS, point, 1.5 * GB)
    assert "a smaller images.size" in advice(FACTS, point, 0.7 * GB)


def test_a_pipeline_is_advised_to_take_more_microbatches() -> None:
    pipe = {"stages": 2, "schedule": "gpipe", "microbatches": 2}
    found = advice(FACTS, training_point("pipeline", 2, global_batch=64, pipe=pipe), 1.5 * GB)
    assert "of each of 32 images at once" in found
    assert "training.pipeline.microbatches of 4 would make that 16" in found


def test_a_want_of_memory_says_what_to_cut() -> None:
    with (
        pytest.raises(UserError, match=re.compile(r"out of memory: resnet18 .* training\.micro_batch of \d+ would")),
        advising(FACTS, training_point("serial", 1), torch.device("cpu")),
    ):
        torch.empty(1 << 60, dtype=torch.uint8)


def test_other_errors_are_left_as_they_are() -> None:
    with (
        pytest.raises(RuntimeError, match="must match the size"),
        advising(FACTS, training_point("serial", 1), torch.device("cpu")),
    ):
        torch.ones(2) + torch.ones(3)
