"""Every strategy trains the same network: real process groups, a network whose normalisation knows no batch."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import evaluating_rank
import pytest
from helping import ROOT, Command, Run, stages_command

from scripts.record import Record
from scripts.scaling.comparing.faults import faults

Train = Callable[..., Record]
# Float32 sums in another order: what two ways to add the same gradients may differ by, as a share of the loss.
SAME = 2e-4


@pytest.fixture(scope="module")
def tiny(train: Train, tiny_costs: Path) -> Callable[..., Record]:
    """Train tiny_cnn; keywords change the point."""

    def launch(strategy: str, workers: int, settings: dict[str, Any] | None = None, **point: object) -> Record:
        given = {"costs": tiny_costs} if point.get("pipe") else {}
        return train(
            strategy, workers, point={"model": "tiny_cnn", "global_batch": 8} | point, **given, **(settings or {})
        )

    return launch


@pytest.fixture(scope="module")
def serial(tiny: Train) -> Record:
    return tiny("serial", 1)


def losses(one: Record) -> list[float]:
    return [epoch.loss for epoch in one.quality.epochs]


def pipe(schedule: str, stages: int = 2, microbatches: int = 2) -> dict[str, object]:
    return {"stages": stages, "schedule": schedule, "microbatches": microbatches}


@pytest.mark.parametrize(
    ("strategy", "workers", "changes"),
    [
        ("ddp", 2, {}),
        ("fsdp", 2, {}),
        ("pipeline", 1, {"pipe": pipe("gpipe", stages=1)}),
        ("pipeline", 2, {"pipe": pipe("gpipe")}),
        ("pipeline", 2, {"pipe": pipe("1f1b", microbatches=4)}),
        ("hybrid", 4, {"pipe": pipe("1f1b")}),
    ],
)
def test_every_strategy_follows_the_loss_of_serial(
    strategy: str, workers: int, changes: dict[str, object], tiny: Train, serial: Record
) -> None:
    found = tiny(strategy, workers, **changes)
    assert losses(found) == pytest.approx(losses(serial), rel=SAME)
    assert found.quality.confusion == serial.quality.confusion
    assert found.validity.ok
    assert found.key == serial.key


# All that changes what is learned of which images.
TAUGHT: dict[str, Any] = {
    "size": 24,
    "augment": [
        *({"random_resized_crop": {"size": 24}}, {"horizontal_flip": {}}, {"stain_jitter": {}}),
        *({"mixup": {"alpha": 1.0}}, {"cutmix": {"probability": 0.5}}, {"random_erasing": {}}),
    ],
    "sampling": "balanced",
    "loss": {"class_weights": [0.5, 1.0, 2.0], "label_smoothing": 0.1},
}


@pytest.fixture(scope="module")
def taught(tiny: Train) -> Record:
    return tiny("serial", 1, TAUGHT)


@pytest.mark.parametrize(
    ("strategy", "workers", "changes"),
    [
        ("serial", 1, {"micro_batch": 3}),
        # Its loader is forked off a rank whose threads have run.
        ("serial", 1, {"threads": 2, "loader_workers": 1, "augment_on": "loader"}),
        ("ddp", 2, {}),
        ("ddp", 2, {"loader_workers": 1, "augment_on": "loader"}),
        ("fsdp", 2, {"augment_on": "loader"}),
        ("pipeline", 2, {"pipe": pipe("1f1b", microbatches=4)}),
        ("hybrid", 4, {"pipe": pipe("gpipe"), "loader_workers": 1, "augment_on": "loader"}),
    ],
)
def test_augmented_mixed_and_weighted_images_teach_every_strategy_the_same(
    strategy: str, workers: int, changes: dict[str, Any], tiny: Train, taught: Record, serial: Record
) -> None:
    tuning = serial.point["tuning"] | {"augment_on": changes.pop("augment_on", "ranks")}
    found = tiny(strategy, workers, TAUGHT, tuning=tuning, **changes)
    assert losses(found) == pytest.approx(losses(taught), rel=SAME)
    assert found.quality.confusion == taught.quality.confusion
    assert found.validity.ok
    assert found.key == taught.key


def test_the_place_of_augmentation_changes_its_phase_and_no_bit(tiny: Train, taught: Record, serial: Record) -> None:
    found = tiny("serial", 1, TAUGHT, loader_workers=2, tuning=serial.point["tuning"] | {"augment_on": "loader"})
    assert losses(found) == losses(taught)
    assert taught.phases["augment"] > 0
    assert "augment" not in found.phases | serial.phases
    steady = sum(taught.phases[name] for name in ("data", "to_device", "augment", "forward_backward", "optimizer"))
    assert taught.seconds == pytest.approx(steady, rel=1e-3)


@pytest.mark.parametrize(
    ("feed", "strategy", "workers", "loaders"),
    [
        ("serial", "serial", 1, 0),
        ("torch_dataloader", "serial", 1, 2),
        ("ring", "ddp", 2, 1),
        ("threads", "fsdp", 2, 1),
    ],
)
def test_raw_files_that_a_way_to_load_brings_teach_the_same(
    feed: str, strategy: str, workers: int, loaders: int, tiny: Train, taught: Record, pictures: Path
) -> None:
    tuning = taught.point["tuning"] | {"feed": feed}
    settings = TAUGHT | {"raw": pictures}
    found = tiny(strategy, workers, settings, tuning=tuning, loader_workers=loaders, variant="fed")
    assert losses(found) == pytest.approx(losses(taught), rel=SAME)
    assert found.quality.confusion == taught.quality.confusion
    assert found.validity.ok
    assert found.key == taught.key


@pytest.mark.parametrize("changed", TAUGHT)
def test_what_is_taught_stands_in_the_key(changed: str, taught: Record, serial: Record) -> None:
    names = {"size": "image_size", "augment": "augmentation"}
    name = names.get(changed, changed)
    assert taught.key[name] == TAUGHT[changed]
    assert serial.key[name] != TAUGHT[changed]


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_learns_nearly_the_same_of_mixed_images(precision: str, tiny: Train, taught: Record) -> None:
    found = tiny("ddp", 2, TAUGHT, precision=precision)
    assert losses(found) == pytest.approx(losses(taught), rel=0.02)


@pytest.mark.parametrize(("strategy", "workers"), [("serial", 1), ("fsdp", 2)])
def test_an_accumulated_batch_is_the_same_batch(strategy: str, workers: int, tiny: Train, serial: Record) -> None:
    assert losses(tiny(strategy, workers, micro_batch=3)) == pytest.approx(losses(serial), rel=SAME)


def test_a_static_graph_learns_from_an_accumulated_batch_too(tiny: Train, serial: Record) -> None:
    tuning = serial.point["tuning"] | {"static_graph": True, "bucket_mb": 0.1}
    found = tiny("ddp", 2, micro_batch=2, tuning=tuning, variant="static")
    assert losses(found) == pytest.approx(losses(serial), rel=SAME)


def test_loader_processes_bring_the_same_batches(tiny: Train, serial: Record) -> None:
    found = tiny("serial", 1, loader_workers=2)
    assert losses(found) == losses(serial)
    assert (serial.cores, found.cores) == (1, 3)
    assert found.key == serial.key


def test_weak_scaling_takes_larger_steps_and_fewer(tiny: Train, serial: Record) -> None:
    found = tiny("ddp", 2, global_batch=16, lr_factor=2.0, scaling="weak")
    assert (serial.quality.steps_per_epoch, found.quality.steps_per_epoch) == (3, 1)
    assert found.key == serial.key | {"batch_policy": "weak: batch 8 a worker"}
    assert losses(found) != pytest.approx(losses(serial), rel=SAME)


@pytest.mark.parametrize(("precision", "strategy"), [("bf16", "fsdp"), ("fp16", "ddp")])
def test_half_precision_learns_nearly_the_same(precision: str, strategy: str, tiny: Train, serial: Record) -> None:
    found = tiny(strategy, 2, precision=precision)
    assert losses(found) == pytest.approx(losses(serial), rel=0.02)
    assert losses(found) != pytest.approx(losses(serial), rel=1e-6)
    assert found.key["precision"] == precision
    # fp16's first scale is too great for this network, which its first step finds out.
    assert (found.quality.left_out_steps > 0) == (precision == "fp16")


@pytest.mark.parametrize(
    ("strategy", "workers", "changes", "at_once"),
    [
        ("serial", 1, {"micro_batch": 3}, 3),
        ("ddp", 2, {"micro_batch": 2}, 2),
        ("pipeline", 2, {"pipe": pipe("gpipe", microbatches=4)}, 2),
    ],
)
def test_no_more_images_are_evaluated_at_once_than_go_forward_in_training(
    strategy: str,
    workers: int,
    changes: dict[str, object],
    at_once: int,
    train_command: Command,
    tiny_costs: Path,
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(evaluating_rank.__file__).parent))
    given = {"costs": tiny_costs} if "pipe" in changes else {}
    command = train_command(tmp_path / "b1.json", strategy, workers, point={"model": "tiny_cnn"} | changes, **given)
    said = run(ROOT, *command, "--program", "evaluating_rank").stderr
    images = [int(found) for found in re.findall(r"evaluates (\d+) images", said)]
    assert max(images) == at_once
    assert sum(images) == 2 * 6 + 6  # two epochs' validation, and the test


def test_tf32_on_the_cpu_is_refused(tiny: Train) -> None:
    with pytest.raises(AssertionError, match=r"training\.precision: found tf32; it exists on CUDA only"):
        tiny("serial", 1, precision="tf32")


def test_gradients_may_be_compressed(tiny: Train, serial: Record) -> None:
    found = tiny("ddp", 2, tuning=serial.point["tuning"] | {"compression": "bf16"}, variant="small")
    assert losses(found) == pytest.approx(losses(serial), rel=0.02)
    assert losses(found) != pytest.approx(losses(serial), rel=1e-6)


@pytest.mark.parametrize(
    "change",
    [
        {"channels_last": False, "allocator": "system", "optimizer_kernel": "fused", "bucket_view": False},
        {"optimizer_kernel": "for_loop", "static_graph": True, "bucket_mb": 0.1, "allocator": "huge_pages"},
        {"compile": True},
    ],
    ids=["nchw", "for_loop", "compile"],
)
def test_a_tuning_changes_no_result(change: dict[str, object], tiny: Train, serial: Record) -> None:
    found = tiny("ddp", 2, tuning=serial.point["tuning"] | change, variant="other")
    assert losses(found) == pytest.approx(losses(serial), rel=SAME)
    assert ("compile" in found.phases) == ("compile" in change)


def test_adamw_and_a_warm_up_of_the_learning_rate(tiny: Train, serial: Record) -> None:
    optimizer = serial.key["optimizer"] | {"name": "adamw", "schedule": "linear", "lr_warmup_steps": 2}
    one, two = (tiny(*how, settings={"optimizer": optimizer}) for how in (("serial", 1), ("fsdp", 2)))
    assert losses(two) == pytest.approx(losses(one), rel=SAME)
    assert losses(one) != pytest.approx(losses(serial), rel=SAME)


def test_training_ends_with_the_epoch_that_reaches_the_target(tiny: Train, serial: Record) -> None:
    reached = serial.quality.epochs[0].valid_accuracy
    found = tiny("ddp", 2, settings={"stop_at_target": True, "target_accuracy": reached, "epochs": 5})
    assert len(found.quality.epochs) == 1
    assert found.images == (3 - 1) * 8
    assert found.quality.seconds_to_target == found.quality.epochs[0].seconds


def test_a_target_that_is_reached_within_the_warm_up_leaves_nothing_measured_and_says_so(
    tiny: Train, serial: Record
) -> None:
    reached = serial.quality.epochs[0].valid_accuracy
    found = tiny("ddp", 2, {"stop_at_target": True, "target_accuracy": reached, "epochs": 5, "warmup_steps": 3})
    assert len(found.quality.epochs) == 1
    assert (found.images, found.images_per_second) == (0, 0)
    assert faults(found) == [
        "steps behind the warm-up: expected some, found none: training.stop_at_target ended it before; fewer "
        "training.warmup_steps, or a higher training.target_accuracy, leave some"
    ]


def test_more_stages_than_segments_are_refused(run: Run, tmp_path: Path) -> None:
    done = run(ROOT, *stages_command("tiny_cnn", tmp_path / "x", most=99), check=False)
    assert done.returncode == 1
    assert "error: training.pipeline: found 99 stages; expected at most the 11 segments that tiny_cnn" in done.stderr
    assert not (tmp_path / "x").exists()
