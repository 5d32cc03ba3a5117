"""What a training loses whose images a way to load brings."""

from typing import Any

import pytest
from helping import training_point
from loading_records import study, way
from pydantic import ValidationError
from test_tables import SCALING, made

from scripts.config import read
from scripts.record import Record
from scripts.scaling.answers.answer import Confirmations, Recommendations
from scripts.scaling.answers.answer_feeds import feeds
from scripts.scaling.answers.answer_loading import AnswerSpec, answer
from scripts.scaling.answers.laws import Laws
from scripts.scaling.claims.judge_claims import judge_answers
from scripts.scaling.tables import tabulate_loading, tabulate_training


def trained(workers: int, loaders: int, feed: str, seconds: list[float], wait: float = 0.0) -> list[Record]:
    tuning = training_point("ddp", 1).tuning.model_copy(update={"feed": feed})
    point = training_point(
        "ddp", workers, loader_workers=loaders, tuning=tuning, variant="" if feed == "packed" else feed
    )
    about = {"point": point.model_dump(), "point_id": point.id, "cores": point.cores}
    phases = [{"data": wait * one, "forward_backward": (1 - wait) * one} for one in seconds]
    return [
        made(f"ddp-{workers}", block, one).model_copy(update=about | {"phases": parts})
        for block, (one, parts) in enumerate(zip(seconds, phases, strict=True), start=1)
    ]


def records(*points: list[Record]) -> dict[str, list[Record]]:
    base = [made("serial-1", block, 10.0) for block in (1, 2, 3)]
    return {one[0].point_id: one for one in (base, *points)}


PACKED = trained(2, 0, "packed", [5.0, 5.1, 5.2])
BESIDE = trained(2, 1, "packed", [5.0, 5.1, 5.2])
THREADS = trained(2, 1, "threads", [5.5, 5.6, 5.7], wait=0.08)
RING = trained(2, 1, "ring", [5.0, 5.1, 5.2])


def found(*points: list[Record]) -> list[Any]:
    all_ = records(*points)
    return feeds(tabulate_training.rows(all_, list(all_), SCALING), all_)


def test_a_fed_training_is_divided_by_the_same_one_on_packed_shards() -> None:
    [fed] = found(PACKED, BESIDE, THREADS)
    assert (fed.point, fed.against) == ("resnet18-ddp-2l1-threads", "resnet18-ddp-2")  # of both the cheaper
    assert fed.ratio == pytest.approx(((5 * 5.1 * 5.2) / (5.5 * 5.6 * 5.7)) ** (1 / 3))
    assert fed.low is not None
    assert fed.high is not None
    assert fed.low < fed.ratio < fed.high < 1
    assert fed.waiting == pytest.approx(0.08)
    assert fed.sentence.startswith("Fed by threads from raw files, by 1 loader worker a rank, resnet18-ddp-2l1-threads")
    assert fed.sentence.endswith("resnet18-ddp-2 from packed shards, and waits for images 8 % of its time.")


def test_a_fed_training_of_which_there_is_no_packed_one_is_compared_with_nothing() -> None:
    assert found(THREADS) == []
    assert [fed.point for fed in found(BESIDE, RING)] == ["resnet18-ddp-2l1-ring"]
    assert found(trained(4, 0, "packed", [2.0, 2.0, 2.0]), THREADS) == []


def test_what_feeding_costs_is_an_answer_and_a_claim() -> None:
    loading, training = study({way("serial"): (4.0, 5.0, 6.0)}), records(PACKED, THREADS)
    spec = AnswerSpec(
        loading=list(loading), training=list(training), scaling=SCALING, needed_images_per_second=1.0, skipped={}
    )
    given = answer(loading, training, spec)
    [fed] = given.fed
    assert fed.sentence in given.sentences
    rows = tabulate_training.rows(training, list(training), SCALING)
    told = tabulate_loading.rows(loading, list(loading), 0.95)
    claims = judge_answers(
        rows, Laws(curves=[]), Recommendations(recommendations=[]), Confirmations(confirmations=[]), told, given
    )
    [claim] = [one for one in claims if one.sentence.startswith(fed.sentence)]
    assert claim.rows == [fed.point, fed.against]


def test_a_way_that_is_parallel_feeds_where_there_are_loader_workers_and_serial_where_there_are_none() -> None:
    variants = {name: {"feed": name} for name in ("serial", "threads")}
    training = read({"training": {"strategies": ["serial"], "loader_workers": [0, 1], "variants": variants}}).training
    assert [one for one in training.points() if one.startswith("resnet18-serial")] == [
        *("resnet18-serial-1", "resnet18-serial-1l1", "resnet18-serial-1-serial", "resnet18-serial-1l1-threads")
    ]


@pytest.mark.parametrize(
    ("feed", "said"),
    [
        ({"feed": "webdataset"}, "found 'webdataset'; expected one of packed, "),  # it has an order of its own
        ({"feed": "headspace"}, "found 'headspace'; expected one of packed, "),
        ({"feed": "threads", "augment_on": "loader"}, "with augment_on loader; expected augment_on ranks"),
    ],
)
def test_what_cannot_feed_is_refused(feed: dict[str, str], said: str) -> None:
    with pytest.raises((ValidationError, Exception), match=said):
        read({"training": {"tuning": feed}})
