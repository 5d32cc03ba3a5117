"""The loss, however many ranks share a batch."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from scripts.errors import UserError
from scripts.training.loop.loss import Loss
from scripts.training.spec import LossSpec

CPU = torch.device("cpu")
IMAGES = np.array([60, 30, 10])
OUTPUTS = torch.randn(12, 3, generator=torch.Generator().manual_seed(0))
LABELS = torch.tensor([0, 0, 0, 0, 0, 1, 2, 2, 1, 0, 0, 1])
MIXED = OUTPUTS.flip(0).softmax(dim=1)


def loss(weights: object = None, smoothing: float = 0.0) -> Loss:
    spec = LossSpec.model_validate({"class_weights": weights, "label_smoothing": smoothing})
    return Loss(spec, IMAGES, CPU)


@pytest.mark.parametrize("weights", [None, "balanced", [0.5, 1.0, 4.0]])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("labels", [LABELS, MIXED], ids=["classes", "shares"])
def test_the_mean_over_equal_shares_is_the_loss_of_the_whole(
    weights: object, smoothing: float, labels: torch.Tensor
) -> None:
    one = loss(weights, smoothing)
    whole = one(OUTPUTS, labels)
    for ranks in (2, 3, 6):
        parts = [one(*part) for part in zip(OUTPUTS.chunk(ranks), labels.chunk(ranks), strict=True)]
        assert torch.stack(parts).mean() == pytest.approx(whole.item(), rel=1e-6)


def test_without_settings_it_is_torchs_cross_entropy() -> None:
    assert torch.equal(loss()(OUTPUTS, LABELS), F.cross_entropy(OUTPUTS, LABELS))


def test_balanced_weights_give_each_class_the_same_say_over_an_epoch() -> None:
    one = loss("balanced")
    weights = one.weights
    assert weights is not None
    assert (weights * torch.from_numpy(IMAGES)).tolist() == pytest.approx([100 / 3] * 3)
    each = F.cross_entropy(OUTPUTS, LABELS, reduction="none")
    assert one(OUTPUTS, LABELS) == pytest.approx((each * weights[LABELS]).mean().item(), rel=1e-6)


def test_smoothing_takes_a_share_of_the_label() -> None:
    shares = 0.7 * F.one_hot(LABELS, 3) + 0.1
    assert loss(smoothing=0.3)(OUTPUTS, LABELS) == pytest.approx(loss()(OUTPUTS, shares).item(), rel=1e-6)


def test_weights_of_another_number_of_classes_are_refused_with_their_names() -> None:
    spec = LossSpec(class_weights=[1.0, 2.0], label_smoothing=0)
    with pytest.raises(UserError, match=r"class_weights: found 2 numbers; expected .* of the 3 classes a, b, c"):
        spec.check(["a", "b", "c"])
    spec.check(["a", "b"])
