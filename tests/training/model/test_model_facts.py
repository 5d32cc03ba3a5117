"""What a network asks for."""

import pytest
import torch

from scripts.errors import UserError
from scripts.training.model.build import build
from scripts.training.model.describe_model import DescribeSpec, describe
from scripts.training.model.model_facts import ModelFacts


def described(model: str, size: int) -> ModelFacts:
    return describe(DescribeSpec(model=model, model_digest=None, classes=1000, size=size, packages=[]))


@pytest.mark.parametrize(  # torchvision's table of models: millions of parameters, GFLOPS (which are multiply-adds)
    ("model", "millions", "billions"), [("resnet18", 11.69, 1.81), ("mobilenet_v3_small", 2.54, 0.06)]
)
def test_parameters_and_operations_are_the_published_ones(model: str, millions: float, billions: float) -> None:
    found = described(model, 224)
    assert found.parameters / 1e6 == pytest.approx(millions, abs=0.005)
    assert found.forward_flops / 2e9 == pytest.approx(billions, abs=0.006)


def test_kept_activations_are_each_counted_once() -> None:
    network = build("tiny_cnn", 3, None).train()
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
    found = describe(DescribeSpec(model="tiny_cnn", model_digest=None, classes=3, size=32, packages=[]))
    everything = sum(seen.values()) / 2
    assert 0.5 * everything < found.activation_bytes <= 1.05 * everything
    four_times = describe(DescribeSpec(model="tiny_cnn", model_digest=None, classes=3, size=64, packages=[]))
    assert four_times.activation_bytes == pytest.approx(4 * found.activation_bytes, rel=0.05)


@pytest.mark.parametrize(("model", "size", "expected"), [("alexnet", 32, 64), ("vit_b_16", 64, 224)])
def test_a_size_that_a_model_cannot_take_is_refused_with_one_that_it_can(model: str, size: int, expected: int) -> None:
    with pytest.raises(
        UserError, match=rf"images\.size: found {size}, which {model} cannot take .*; expected {expected}, say"
    ):
        described(model, size)
