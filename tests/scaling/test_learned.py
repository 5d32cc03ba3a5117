"""A training that learned nothing is invalid in every scaling mode, and a small honest one is not."""

import math

import numpy as np
import pytest
from helping import training_point
from scipy import stats
from test_tables import SCALING, made, serial, tabulated

from scripts.record import Quality, Record, Validity
from scripts.scaling.comparing.learned import at_least, learned_nothing
from scripts.scaling.tables import tabulate_training


def learned(confusion: list[list[int]], loss: float = 0.5) -> Quality:
    """What a training learned, by how often it called an image of each class (rows) what (columns)."""
    quality = made("serial-1", 1, 1.0, loss=loss).quality
    assert quality is not None
    right, images = sum(row[i] for i, row in enumerate(confusion)), sum(map(sum, confusion))
    changes = {"confusion": confusion, "classes": [*"abcdefghij"][: len(confusion)], "test_accuracy": right / images}
    return Quality.model_validate(quality.model_dump() | changes)


def called_alike(images: list[int], name: int) -> list[list[int]]:
    """A network that calls whatever it sees by one name."""
    return [[count * (column == name) for column, _ in enumerate(images)] for count in images]


GUESSING = [[20, 20], [20, 20]]
WEAK = {"scaling": "weak", "global_batch": 64}


def launches(point: str, block: int, scaling: str, quality: Quality) -> Record:
    strategy, workers = point.split("-")
    settings = training_point(strategy, int(workers), scaling=scaling, global_batch=32 * int(workers))
    key = {"device": "cpu", "batch_policy": scaling}
    more = {"point": settings.model_dump(), "point_id": settings.id, "key": key, "quality": quality}
    return made(point, block, 10.0 / int(workers)).model_copy(update=more)


@pytest.mark.parametrize("scaling", ["strong", "weak"])
@pytest.mark.parametrize(
    ("quality", "reason"),
    [
        (learned([[36, 4], [4, 36]], loss=math.nan), "its training loss is nan in epoch 1"),
        (learned([[36, 4], [4, 36]], loss=math.inf), "its training loss is inf in epoch 1"),
        (learned(GUESSING), "it learned no more than guessing: 40 of 80 test images right, 40 by chance"),
        (learned(called_alike([40, 40], 1)), "it learned no more than guessing: 40 of 80 test images right"),
    ],
    ids=["nan", "inf", "guesses", "one name"],
)
def test_a_training_that_learned_nothing_is_no_speedup(quality: Quality, reason: str, scaling: str) -> None:
    honest = learned([[36, 4], [4, 36]])
    some = [launches("serial-1", block, scaling, honest) for block in (1, 2, 3)]
    some += [launches("ddp-4", block, scaling, quality) for block in (1, 2, 3)]
    records: dict[str, list[Record]] = {}
    for one in some:
        records.setdefault(one.point_id, []).append(one)
    baseline, row = tabulate_training.rows(records, list(records), SCALING)
    assert baseline.validity == "valid"
    assert (row.validity, row.speedup) == ("invalid", None)
    assert row.reason.startswith(f"block 1: {reason}")


def test_a_baseline_that_learned_nothing_in_one_block_takes_no_block_from_the_others() -> None:
    honest = learned([[36, 4], [4, 36]])
    diverged = learned([[36, 4], [4, 36]], loss=math.nan)
    records = {
        "resnet18-serial-1": [launches("serial-1", b, "strong", diverged if b == 2 else honest) for b in (1, 2, 3)],
        "resnet18-ddp-4": [launches("ddp-4", b, "strong", honest) for b in (1, 2, 3)],
    }
    found = {one.point: one for one in tabulate_training.rows(records, list(records), SCALING)}
    assert found["resnet18-serial-1"].blocks_used == "1 3"
    assert found["resnet18-ddp-4"].blocks_used == "1 2 3"


def diverged(point: str, block: int, scaling: str) -> Record:
    """As a training leaves it that ends because its loss is no number: nothing is measured."""
    loss = ("a number", "nan at step 2 (epoch 1); a smaller training.optimizer.lr may help")
    nothing = {"images": 0, "images_per_second": 0.0, "validity": Validity.of({"training loss": loss})}
    some = launches(point, block, scaling, learned([[36, 4], [4, 36]], loss=math.nan)).model_copy(update=nothing)
    return Record.model_validate(some.model_dump(by_alias=True))


@pytest.mark.parametrize("scaling", ["strong", "weak"])
def test_a_launch_that_diverged_gives_its_reason_once_and_takes_none_from_the_others(scaling: str) -> None:
    honest = learned([[36, 4], [4, 36]])
    some = [launches("serial-1", b, scaling, honest) if b != 2 else diverged("serial-1", b, scaling) for b in (1, 2, 3)]
    others = [launches("ddp-2", block, scaling, honest) for block in (1, 2, 3)]
    others.append(diverged("ddp-2", 4, scaling))
    records = {mine[0].point_id: mine for mine in (some, others)}
    reason = "training loss: expected a number, found nan at step 2 (epoch 1); a smaller training.optimizer.lr may help"
    baseline, row = tabulate_training.rows(records, list(records), SCALING)
    assert (baseline.blocks_used, baseline.reason) == ("1 3", f"block 2: {reason}")
    assert (row.blocks_used, row.reason) == ("1 2 3", f"block 4: {reason}")


def test_a_baseline_that_measured_nothing_in_one_block_says_nothing_of_the_images_of_others() -> None:
    """Its target was reached within the warm-up."""
    honest = learned([[36, 4], [4, 36]])
    some = [launches("serial-1", block, "strong", honest) for block in (1, 2, 3)]
    warmup = Validity.of({"steps behind the warm-up": ("some", "none")})
    some[1] = some[1].model_copy(update={"images": 0, "images_per_second": 0.0, "validity": warmup})
    records = {
        "resnet18-serial-1": some,
        "resnet18-ddp-2": [launches("ddp-2", block, "strong", honest) for block in (1, 2, 3)],
    }
    baseline, row = tabulate_training.rows(records, list(records), SCALING)
    assert (baseline.blocks_used, baseline.reason) == (
        "1 3",
        "block 2: steps behind the warm-up: expected some, found none",
    )
    assert (row.blocks_used, row.reason) == ("1 2 3", "")


@pytest.mark.parametrize(
    "confusion",
    [
        np.diag([6] * 5).tolist(),  # the demo: 30 test images of 5 classes
        [[3, 1, 1, 1, 0], [1, 2, 1, 1, 1], [0, 1, 3, 1, 1], [1, 1, 1, 2, 1], [1, 1, 1, 1, 2]],  # 12 of 30 right
        [[14, 6], [5, 15]],
        [[940, 10], [35, 15]],  # a rare class, of which it finds 15: 95.5 % right where one name gives 95
        [[3, 2], [2, 3]],  # ten images cannot tell
        [[39, 0], [1, 0]],  # nor can forty of nearly one class
    ],
    ids=["demo", "a weak demo", "two classes", "a rare class", "few images", "one class"],
)
def test_a_training_that_learned_a_little_or_of_which_nothing_can_be_told_counts(confusion: list[list[int]]) -> None:
    assert learned_nothing(learned(confusion)) == []


def test_a_network_with_one_name_for_all_never_passes_however_many_images() -> None:
    for images in ([30, 30], [900, 100], [5000, 10], [20_000, 20_000, 20_000]):
        for name, _ in enumerate(images):
            assert learned_nothing(learned(called_alike(images, name))), (images, name)


@pytest.mark.parametrize("classes", [2, 5, 10])
def test_guessing_passes_in_at_most_five_of_a_hundred_and_half_way_to_perfect_in_most(classes: int) -> None:
    rng, draws, each = np.random.default_rng(0), 1000, 30 // classes

    def passes(right: float) -> float:
        """The share that counts of launches that know an image with this likelihood, and else guess another name."""
        true = np.repeat(np.arange(classes), each)
        counted = 0
        for _ in range(draws):
            wrong = (true + rng.integers(1, classes, len(true))) % classes
            said = np.where(rng.random(len(true)) < right, true, wrong)
            confusion = np.zeros((classes, classes), int)
            np.add.at(confusion, (true, said), 1)
            counted += not learned_nothing(learned(confusion.tolist()))
        return counted / draws

    assert passes(1 / classes) <= 0.06
    assert passes((1 + 1 / classes) / 2) >= 0.85


@pytest.mark.parametrize("images", [1, 30, 1000, 50_000])
def test_the_tail_is_that_of_the_binomial_distribution(images: int) -> None:
    for chance in (0.001, 0.2, 0.5, 0.95):
        mean = images * chance
        for right in {0, 1, int(mean), min(images, int(mean + 3 * math.sqrt(mean)) + 1), images}:
            assert at_least(right, images, chance) == pytest.approx(stats.binom.sf(right - 1, images, chance), abs=1e-6)


def test_steps_that_moved_no_weights_are_marked() -> None:
    quality = made("ddp-2", 1, 1.0).quality
    assert quality is not None
    left_out = quality.model_copy(update={"left_out_steps": 1})
    ddp = [made("ddp-2", block, (10.0 + block) / 1.8, quality=left_out) for block in (1, 2, 3)]
    assert tabulated(*serial(), *ddp)["resnet18-ddp-2"].marks == "left_out_steps"
