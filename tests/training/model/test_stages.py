"""Networks cut into stages that together are the network."""

import itertools

import numpy as np
import pytest
import torch

from scripts.errors import UserError
from scripts.training.model.build import build
from scripts.training.model.stages import Costs, Segment, balanced, cut, segments


def costs(model: str, pieces: int) -> Costs:
    found = [Segment(name=str(number), seconds=1.0 + number, parameters=0, output_bytes=0) for number in range(pieces)]
    return Costs(model=model, batch=1, segments=found)


@pytest.mark.parametrize("model", ["tiny_cnn", "resnet18", "mobilenet_v3_small", "convnext_tiny", "densenet121"])
def test_the_stages_one_after_the_other_are_the_network(model: str) -> None:
    torch.manual_seed(0)
    network = build(model, 3, None).eval()
    images = torch.randn(2, 3, 64, 64)
    pieces = segments(network)
    for stages in (1, 2, 3):
        parts = cut(network, costs(model, len(pieces)), stages)
        found = images
        for part in parts:
            found = part(found)
        assert torch.equal(found, network(images))
        names = [name for part in parts for name in part.state_dict()]
        assert sorted(names) == sorted(network.state_dict())


def test_the_dearest_stage_is_as_cheap_as_can_be() -> None:
    rng = np.random.default_rng(0)
    for stages in (1, 2, 3, 4):
        given = rng.random(8).tolist()
        ends = balanced(given, stages)
        best = min(
            max(sum(given[a:b]) for a, b in itertools.pairwise([0, *inner, 8]))
            for inner in itertools.combinations(range(1, 8), stages - 1)
        )
        assert max(sum(given[a:b]) for a, b in itertools.pairwise([0, *ends])) == best
        assert (len(ends), ends[-1]) == (stages, 8)


def test_more_stages_than_segments_are_refused() -> None:
    network = build("tiny_cnn", 3, None)
    pieces = len(segments(network))
    with pytest.raises(UserError, match=f"found {pieces + 1} stages; expected at most the {pieces} segments"):
        cut(network, costs("tiny_cnn", pieces), pieces + 1)
