"""The loading table, and the answer that it gives."""

import re

import numpy as np
import pytest
from loading_records import (
    DECODE_ONLY,
    HEADSPACE,
    PACKED,
    POOL,
    SERIAL,
    SERIAL_COLD,
    THREADS,
    TORCH,
    loaded,
    study,
    way,
)
from test_tables import SCALING, made

from scripts.record import Record, Validity
from scripts.scaling.answers.answer import LoadingAnswer
from scripts.scaling.answers.answer_loading import AnswerSpec, answer, fastest_training, situations
from scripts.scaling.claims.judge_claims import ClaimsSpec, judge
from scripts.scaling.comparing.ratios import mean_rate
from scripts.scaling.tables import tabulate_training
from scripts.scaling.tables.costs import Prices
from scripts.scaling.tables.rows import LoadingRow
from scripts.scaling.tables.tabulate_loading import rows

POOL_COLD = way("pool_map", 2, 16, page_cache="cold")
REMOTE, SERIAL_REMOTE = way("dask_threads", 32, 16, "remote"), way("serial", source="remote")
TRAINING = {
    "resnet18-serial-1": [made("serial-1", b, 2.0 + b / 100) for b in (1, 2, 3)],
    "resnet18-ddp-2": [made("ddp-2", b, 1.0 + b / 100) for b in (1, 2, 3)],  # about 98 images/s
}


def table(records: dict[str, list[Record]]) -> dict[str, LoadingRow]:
    return {row.point: row for row in rows(records, list(records), 0.95)}


def test_a_pass_is_priced_by_the_cores_that_it_holds() -> None:
    records = study({SERIAL: (4.0, 5.0, 6.0), POOL: (2.0, 2.5, 3.0)})
    found = {row.point: row for row in rows(records, list(records), 0.95, prices=Prices(core_hour=0.36))}
    assert found[POOL.id].core_hours == pytest.approx(2 * 2.5 / 3600)
    assert found[POOL.id].cost == pytest.approx(2 * 2.5 / 3600 * 0.36)
    assert found[POOL.id].serial_fraction == pytest.approx(0)


def answered(
    records: dict[str, list[Record]], needed: float | None = 50.0, skipped: dict[str, str] | None = None
) -> LoadingAnswer:
    spec = AnswerSpec(
        loading=list(records),
        training=list(TRAINING),
        scaling=SCALING,
        needed_images_per_second=needed,
        skipped=skipped or {},
    )
    return answer(records, TRAINING, spec)


def test_each_point_is_divided_by_serial_on_its_storage_in_its_state() -> None:
    found = table(
        study(
            {
                SERIAL: (4.0, 5.0, 6.0),
                POOL: (2.0, 2.5, 3.0),
                SERIAL_COLD: (8.0, 9.0, 10.0),
                POOL_COLD: (2.0, 2.25, 2.5),
                SERIAL_REMOTE: (40.0, 41.0, 42.0),
                REMOTE: (4.0, 4.1, 4.2),
            }
        )
    )

    assert found[POOL.id].speedup == pytest.approx(2)
    assert found[POOL.id].efficiency == pytest.approx(1)
    assert (found[POOL_COLD.id].baseline, found[POOL_COLD.id].speedup) == ("serial-1-cold", pytest.approx(4))
    assert (found[REMOTE.id].baseline, found[REMOTE.id].speedup) == ("serial-1-remote", pytest.approx(10))
    assert [found[one.id].marks for one in (SERIAL, SERIAL_COLD, SERIAL_REMOTE)] == ["baseline"] * 3


def test_a_ceiling_is_marked_and_still_divided() -> None:
    row = table(study({HEADSPACE: (0.1, 0.1, 0.1), SERIAL: (1.0, 1.0, 1.0)}))[HEADSPACE.id]

    assert (row.marks, row.ceiling, row.speedup) == ("ceiling", True, pytest.approx(10))


def test_the_rate_has_an_interval_from_three_blocks_on() -> None:
    seconds = (1.0, 1.1, 1.3)

    row = table(study({SERIAL: seconds}))[SERIAL.id]
    rate = mean_rate([100 / one for one in seconds], 0.95)

    assert (row.images_per_second_low, row.images_per_second_high) == (rate.low, rate.high)
    assert table(study({SERIAL: seconds[:2]}))[SERIAL.id].images_per_second_low is None


def test_a_launch_is_summed_up_for_an_image_and_for_a_pass() -> None:
    row = table(study({SERIAL: (1.0, 1.0, 1.0), POOL: (0.5, 0.6, 0.7)}))[POOL.id]

    assert row.cpu_milliseconds == pytest.approx(1000 * 2 * 0.6 / 100)
    assert (row.storage_bytes, row.passes) == (1000, 4)
    assert (row.startup_seconds, row.first_batch_seconds, row.shutdown_seconds) == (0.25, 0.1, 0.125)


def test_the_fastest_is_named_with_what_it_is_tied_with_and_what_comes_next() -> None:
    records = study(
        {
            DECODE_ONLY: (0.01, 0.01, 0.01),
            SERIAL: (1.0, 1.1, 1.2),
            POOL: (0.50, 0.56, 0.59),
            TORCH: (0.51, 0.54, 0.60),
            THREADS: (0.7, 0.77, 0.84),
        }
    )

    [found] = answered(records).situations

    assert found.best is not None
    assert (found.best.point, found.best.tied) == (POOL.id, [TORCH.id])
    assert found.best.next is not None
    assert found.best.next.point == THREADS.id
    assert f"{POOL.id} loads fastest with a warm page cache: " in found.sentence
    assert re.search(
        f" It is tied with {TORCH.id} \\((about \\d+ more launches would|even 100 launches would not) tell\\)",
        found.sentence,
    )
    assert found.sentence.endswith(" In brackets 95 % intervals; not measured again.")


def test_what_reads_raw_files_has_a_winner_of_its_own() -> None:
    records = study({SERIAL: (1.0, 1.1, 1.2), PACKED: (0.01, 0.011, 0.012), POOL: (0.5, 0.55, 0.61)})

    [found] = answered(records).situations

    assert found.best is not None
    assert found.best_raw is not None
    assert (found.best.point, found.best_raw.point) == (PACKED.id, POOL.id)
    assert "tied with nothing: " in found.sentence
    assert f" Of the ways that read raw files it is {POOL.id}: " in found.sentence


def test_warm_cold_and_remote_are_answered_apart() -> None:
    one, two = (1.0, 1.1, 1.2), (0.5, 0.55, 0.61)
    found = answered(study({SERIAL: one, SERIAL_COLD: one, POOL_COLD: two, SERIAL_REMOTE: one, REMOTE: two})).situations

    assert [(s.source, s.page_cache, s.best and s.best.point) for s in found] == [
        ("local", "warm", SERIAL.id),
        ("local", "cold", POOL_COLD.id),
        ("remote", "warm", REMOTE.id),
    ]
    assert "fastest with a cold page cache: " in found[1].sentence
    assert " on this machine (2 cores, c). " in found[1].sentence
    assert "fastest from a server: " in found[2].sentence


def test_more_cores_than_the_machine_has_never_win() -> None:
    records = study({SERIAL: (1.0, 1.1, 1.2), way("pool_map", 4, 16): (0.1, 0.1, 0.1)})

    [found] = answered(records).situations

    assert found.best is not None
    assert found.best.point == SERIAL.id


def test_two_blocks_are_called_exploratory() -> None:
    [found] = answered(study({SERIAL: (1.0, 1.1), POOL: (0.5, 0.6)})).situations

    assert found.best is not None
    assert (found.best.point, found.best.low, found.best.tied) == (POOL.id, None, [])
    assert "Exploratory: fewer than 3 valid blocks" in found.sentence


def test_without_a_valid_block_nothing_wins() -> None:
    wrong = Validity.of({"pixel digest": ("a", "b")})

    found = answered({SERIAL.id: [loaded(SERIAL, b, 1.0, validity=wrong) for b in (1, 2, 3)]})

    assert found.situations[0].best is None
    assert "with a warm page cache: none has a valid block. " in found.situations[0].sentence
    assert "No way to load is valid" in found.feeding.sentence


FEEDERS = study(
    {
        SERIAL: (1.0, 1.01, 1.02),  # about 99 images/s
        PACKED: (0.01, 0.0101, 0.0102),  # about 9900, on one core too
        POOL: (0.5, 0.505, 0.51),  # about 198
        THREADS: (0.49, 0.495, 0.50),  # about 202, with less CPU time
        POOL_COLD: (0.01, 0.01, 0.01),
    }
)


def test_the_cheapest_that_feeds_has_the_fewest_cores_then_the_least_cpu_time() -> None:
    slow, fast = answered(FEEDERS, needed=50).feeding, answered(FEEDERS, needed=150).feeding

    assert slow.cheapest is not None
    assert slow.cheapest_raw is not None
    assert fast.cheapest_raw is not None
    assert [slow.cheapest.point, slow.cheapest_raw.point, fast.cheapest_raw.point] == [PACKED.id, SERIAL.id, THREADS.id]
    assert (
        "A trainer takes 150 images/s (loading.needed_images_per_second). It is fed at the least cost by "
        in fast.sentence
    )


def test_a_way_feeds_only_if_the_lower_end_of_its_interval_does() -> None:
    found = answered(FEEDERS, needed=98.5).feeding

    assert found.cheapest_raw is not None
    assert found.cheapest_raw.point == THREADS.id


def test_where_nothing_feeds_the_reach_of_the_fastest_is_told() -> None:
    found = answered(FEEDERS, needed=1e6).feeding

    assert (found.cheapest, found.cheapest_raw) == (None, None)
    assert "No way to load is sure to feed it; the fastest, packed-1, reaches 9,900 [" in found.sentence


def test_what_a_trainer_takes_is_the_fastest_training_unless_the_config_says() -> None:
    found = answered(FEEDERS, needed=None).feeding

    assert found.needed_by == "resnet18-ddp-2"
    assert found.needed_images_per_second == pytest.approx(100 / 1.02)


def test_what_a_trainer_takes_is_that_of_a_node_and_of_no_oversubscribed_training() -> None:
    training = TRAINING | {"resnet18-ddp-4": [made("ddp-4", b, 0.1) for b in (1, 2, 3)]}  # on two cores
    trained = tabulate_training.rows(training, list(training), SCALING)

    assert fastest_training(trained, dict.fromkeys(training, 1)) == (pytest.approx(100 / 1.02), "resnet18-ddp-2")
    assert fastest_training(trained, dict.fromkeys(training, 2))[0] == pytest.approx(50 / 1.02)


def test_backends_that_could_not_run_are_told_with_the_reason() -> None:
    found = answered(FEEDERS, skipped={"ffcv": "the package ffcv is not installed"})

    assert found.skipped == {"ffcv": "the package ffcv is not installed"}
    assert found.sentences[-1] == "ffcv was not measured: the package ffcv is not installed."


def test_of_twenty_equal_ways_none_is_said_to_be_faster_than_another() -> None:
    """In 60 studies of six blocks, each launch with 2 % noise: by one interval a pair it was said in 50 of them."""
    ways = [SERIAL, *(way("pool_map", 1, chunk) for chunk in range(1, 20))]
    rng = np.random.default_rng(7)
    said = 0
    for _ in range(60):
        records = study({point: rng.lognormal(0, 0.02, 6).tolist() for point in ways})
        found = rows(records, list(records), 0.95)
        (warm,) = situations(found, records, 0.95)
        claims = judge([], found, ClaimsSpec(claims=[]))
        said += any(claim.stands for claim in claims) or (warm.best is not None and warm.best.next is not None)
    assert said <= 7
