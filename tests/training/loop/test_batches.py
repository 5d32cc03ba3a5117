import numpy as np
import pytest

from scripts.errors import ConfigError
from scripts.training.loop.batches import epoch_order, evaluation_order, seed_of, training_order
from scripts.training.loop.steps import check_steps


@pytest.mark.parametrize("world_size", [1, 2, 4, 8])
def test_every_world_size_sees_the_same_global_batches(world_size: int) -> None:
    order = epoch_order(np.zeros(70, np.int64), "shuffled", seed=3, epoch=1)
    alone = list(training_order(order, 16, rank=0, world_size=1))
    ranks = [list(training_order(order, 16, rank, world_size)) for rank in range(world_size)]
    assert len(alone) == 4
    for step in range(4):
        assert np.concatenate([rank[step] for rank in ranks]).tolist() == alone[step].tolist()


def test_an_epoch_repeats_no_image_and_the_next_has_another_order() -> None:
    first, second = (epoch_order(np.zeros(64, np.int64), "shuffled", seed=0, epoch=epoch) for epoch in (0, 1))
    assert sorted(first) == sorted(second) == list(range(64))
    assert first.tolist() != second.tolist()


RARE = np.array([0] * 40 + [1] * 8 + [3] * 2)  # no image of class 2


def test_a_balanced_epoch_has_as_many_images_of_each_class_in_an_order_of_its_own() -> None:
    first, second = (epoch_order(RARE, "balanced", seed=0, epoch=epoch) for epoch in (0, 1))
    for order in (first, second):
        assert len(order) == 50
        counts = np.bincount(RARE[order % 50])
        assert counts[2] == 0
        assert sorted(counts[[0, 1, 3]]) == [16, 17, 17]
    assert first.tolist() != second.tolist()
    assert first.tolist() == epoch_order(RARE, "balanced", seed=0, epoch=0).tolist()
    # No class waits for the end.
    assert set(RARE[first[:12] % 50]) == {0, 1, 3}


def test_a_balanced_epoch_takes_each_image_of_a_class_as_often_as_another_or_once_more() -> None:
    order = epoch_order(RARE, "balanced", seed=0, epoch=0)
    for label in (0, 1, 3):
        times = np.bincount(order[RARE[order % 50] == label] % 50, minlength=50)[label == RARE]
        assert times.max() - times.min() <= 1
    assert len(set(order.tolist())) == 50  # each time of an image has an id of its own


def test_no_launch_has_the_seed_of_another_block_or_study() -> None:
    seeds = [seed_of(study, block) for study in range(50) for block in range(1, 51)]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert seed_of(0, 2) == seeds[1]


@pytest.mark.parametrize("images", [1, 5, 30, 64])
@pytest.mark.parametrize("world_size", [1, 2, 3, 8])
def test_evaluation_covers_each_image_exactly_once(images: int, world_size: int) -> None:
    seen = [i for rank in range(world_size) for batch in evaluation_order(images, 4, rank, world_size) for i in batch]
    assert sorted(seen) == list(range(images))


def test_a_global_batch_larger_than_the_split_is_refused() -> None:
    check_steps(images=32, global_batch=32, epochs=3, warmup_steps=2)
    with pytest.raises(ConfigError, match=r"training\.global_batch: found 64; expected at most the 32 training images"):
        check_steps(images=32, global_batch=64, epochs=3, warmup_steps=2)


def test_a_warm_up_as_long_as_the_training_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"training\.warmup_steps: found 3; expected fewer than the 3 steps"):
        check_steps(images=32, global_batch=32, epochs=3, warmup_steps=3)
