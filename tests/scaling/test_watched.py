"""Rows of a script of the user's own: losses that are compared, and what is said where there are none."""

from collections.abc import Sequence

from claims_of import SERIAL, TWO, compare
from test_recommend import SPEC
from test_tables import made, tabulated

from scripts.record import Record, Watched
from scripts.scaling.answers.recommend import recommend


def watched(
    point: str, block: int, seconds: float, losses: Sequence[float | None], first: float | None = 2.0
) -> Record:
    one = made(point, block, seconds)
    seen = Watched(
        source="hooks",
        steps=40,
        first_loss=first,
        losses=list(losses),
        images_seen=True,
        evaluation_images=0,
        stopped="enough",
    )
    return one.model_copy(update={"quality": None, "watched": seen})


def study(losses: Sequence[float | None], baseline: Sequence[float | None] = (1.5, 1.0, 0.5)) -> list[Record]:
    one = [watched("serial-1", block, 10.0 + block / 10, baseline) for block in (1, 2, 3)]
    return one + [watched("ddp-2", block, 6.0 + block / 10, losses) for block in (1, 2, 3)]


def test_losses_near_the_baselines_count_over_the_steps_that_both_have() -> None:
    row = tabulated(*study([1.6, 1.1, 0.6, 0.1]))["resnet18-ddp-2"]
    assert row.validity == "valid"
    assert row.loss_distance is not None
    assert round(row.loss_distance, 3) == 0.05  # of the baseline's first loss
    assert not row.has("learning_not_checked")


def test_costs_are_those_of_a_million_images_since_launches_are_ended_once_they_are_measured() -> None:
    launches = study([1.6, 1.1, 0.6])
    named = {"strategy": "program"}
    programs = [one.model_copy(update={"point": one.point | named}) for one in launches]
    row, beside = tabulated(*programs)[TWO], tabulated(*launches)[TWO]
    assert row.images_per_second is not None
    assert row.wall_seconds == 1e6 / row.images_per_second
    assert row.core_hours == row.wall_seconds * 2 / 3600
    assert row.launch_seconds == beside.wall_seconds
    (advice,) = recommend(list(tabulated(*programs).values()), SPEC).recommendations
    assert any("A million images take " in sentence for sentence in advice.sentences)
    assert any("s a million images." in sentence for sentence in advice.sentences)


def test_losses_far_from_the_baselines_do_not_count() -> None:
    row = tabulated(*study([2.5, 2.5, 2.5]))["resnet18-ddp-2"]
    assert row.validity == "invalid"
    assert "its loss curve is 0.75 times the first loss from resnet18-serial-1's, over 0.25" in row.reason


def test_without_losses_the_row_says_so_and_so_does_each_claim() -> None:
    for losses, baseline in (((), (1.5, 1.0)), ((1.5, 1.0), ()), ((), ())):
        rows = tabulated(*study(losses, baseline))
        row = rows["resnet18-ddp-2"]
        assert row.validity == "valid"
        assert row.loss_distance is None
        assert row.has("learning_not_checked")
        assert "That both learn alike was not checked" in compare(row, rows[SERIAL]).sentence
    rows = tabulated(*study([1.6, 1.1, 0.6]))
    assert "learn alike" not in compare(rows[TWO], rows[SERIAL]).sentence
