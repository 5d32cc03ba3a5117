"""What a training holds in memory, what is asked for it, and what is said where that is too much."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from helping import OPTIMIZER, training_point

from benchmarks.memory_asked import measured
from scripts.errors import UserError
from scripts.training.model.memory import advice, advising, node_megabytes
from scripts.training.model.model_facts import ModelFacts
from scripts.training.spec import TrainSpec

FACTS = ModelFacts(model="resnet18", size=224, parameters=11_000_000, forward_flops=3, activation_bytes=22_000_000)
GB = 1e9
LOSS = {"class_weights": None, "label_smoothing": 0.0}


def training(strategy: str, workers: int, optimizer: str = "sgd", **point: Any) -> TrainSpec:
    """A training of 224 px images."""
    fields = {"point": training_point(strategy, workers, **point), "optimizer": OPTIMIZER | {"name": optimizer}}
    fields |= {
        "study": "t",
        "size": 224,
        "packed_size": 224,
        "augment": [],
        "sampling": "shuffled",
        "loss": LOSS,
        "epochs": 1,
        "warmup_steps": 0,
        "model_digest": None,
        "weights_name": None,
        "seed": 0,
        "lock": "",
    }
    return TrainSpec.model_validate(fields | {"target_accuracy": 0.0, "stop_at_target": False})


def asked(*given: Any, facts: ModelFacts = FACTS, images: int = 0, cuda: bool = False, **point: Any) -> int:
    return node_megabytes(facts, training(*given, **point), images, cuda)


@pytest.mark.parametrize(
    ("model", "batch", "changes"),
    [
        ("tiny_cnn", 8, {"loader_workers": 2}),
        ("resnet18", 32, {"strategies": ["ddp"], "workers": [2]}),
    ],
)
def test_what_is_asked_is_what_a_training_holds(
    model: str, batch: int, changes: dict[str, Any], tmp_path: Path
) -> None:
    cell = measured(tmp_path, model, batch, **changes)
    assert 0.8 < cell.ratio < 1.6


def test_more_is_asked_for_what_holds_more() -> None:
    more = FACTS.model_copy(update={"parameters": 100_000_000})
    weights = asked("serial", 1, facts=more) - asked("serial", 1)
    assert weights == pytest.approx(1.2 * 3 * 4 * 89, abs=2)  # weights, gradients and momentum
    assert asked("serial", 1, "adamw", facts=more) - asked("serial", 1, "adamw") > 1.5 * weights
    images = asked("serial", 1, global_batch=128) - asked("serial", 1, global_batch=64)
    assert images == pytest.approx(1.2 * 64 * (22 + 10 * 0.150528), abs=2)
    assert asked("serial", 1, global_batch=128, precision="bf16") < asked("serial", 1, global_batch=128)
    assert asked("serial", 1, global_batch=128, micro_batch=8) < asked("serial", 1, global_batch=64)
    assert asked("serial", 1, loader_workers=8) > asked("serial", 1) + 8 * 500
    assert asked("serial", 1, images=10_000) - asked("serial", 1) == pytest.approx(1505, abs=2)


def test_larger_packed_images_their_partners_and_the_steps_are_asked_for() -> None:
    plain = training("serial", 1, global_batch=128, loader_workers=1)

    def held(**changes: Any) -> int:
        return node_megabytes(FACTS, plain.model_copy(update=changes), images=0, cuda=False)

    larger, steps = {"packed_size": 256}, {"augment": [{"horizontal_flip": {}}]}
    # Of the rank and of its loader two batches; 16 images of four times 32 bits a level while they are augmented.
    more = 1.2 * 2 * 2 * 128 * 3 * (256**2 - 224**2) / 1e6
    assert held(**larger) - held() == pytest.approx(more, abs=2)
    assert held(**steps) - held() == pytest.approx(1.2 * 2 * 16 * 16 * 3 * 224**2 / 1e6, abs=2)
    mixed = held(augment=[{"horizontal_flip": {}}, {"mixup": {}}])
    assert mixed - held(**steps) == pytest.approx(1.2 * 2 * 2 * 128 * 3 * 224**2 / 1e6, abs=2)


def test_each_rank_of_a_node_is_asked_for() -> None:
    alone, both = asked("ddp", 1, global_batch=8), asked("ddp", 2, global_batch=16)
    rank = both - alone
    assert rank > 700
    assert asked("ddp", 2, nodes=2, global_batch=16) == alone
    assert asked("ddp", 8, global_batch=64) == pytest.approx(alone + 7 * rank, abs=8)
    stages = {"pipe": {"stages": 2, "schedule": "gpipe", "microbatches": 4}, "global_batch": 256}
    assert asked("pipeline", 2, **stages) < asked("ddp", 2, global_batch=512)


def test_on_gpus_neither_activations_nor_gradients_lie_in_the_node_s_memory() -> None:
    resnet50 = ModelFacts(
        model="resnet50", size=224, parameters=25_600_000, forward_flops=3, activation_bytes=87_000_000
    )
    four = {"facts": resnet50, "global_batch": 2048}
    assert asked("ddp", 4, cuda=True, **four) < 25_000
    assert asked("ddp", 4, **four) > 200_000


def test_the_advice_halves_what_did_not_fit_at_least() -> None:
    spec = training("ddp", 2, global_batch=128)
    assert "of each of 64 images at once" in advice(FACTS, spec, 100 * GB)
    assert "training.micro_batch of 32 would" in advice(FACTS, spec, 100 * GB)
    assert "training.micro_batch of 16 would" in advice(FACTS, spec, 1.5 * GB)
    assert "a smaller images.size" in advice(FACTS, spec, 0.7 * GB)


def test_a_pipeline_is_advised_to_take_more_microbatches() -> None:
    pipe = {"stages": 2, "schedule": "gpipe", "microbatches": 2}
    found = advice(FACTS, training("pipeline", 2, global_batch=64, pipe=pipe), 1.5 * GB)
    assert "of each of 32 images at once" in found
    assert "training.pipeline.microbatches of 4 would make that 16" in found


def test_a_want_of_memory_says_what_to_cut() -> None:
    with (
        pytest.raises(UserError, match=re.compile(r"out of memory: resnet18 .* training\.micro_batch of \d+ would")),
        advising(FACTS, training("serial", 1), torch.device("cpu")),
    ):
        torch.empty(1 << 60, dtype=torch.uint8)


def test_other_errors_are_left_as_they_are() -> None:
    with (
        pytest.raises(RuntimeError, match="must match the size"),
        advising(FACTS, training("serial", 1), torch.device("cpu")),
    ):
        torch.ones(2) + torch.ones(3)
