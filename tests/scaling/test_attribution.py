"""Where the time of a loading launch goes: parts that add up."""

import math

import pytest
from loading_records import DECODE_ONLY, HEADSPACE, PACKED, POOL, SERIAL, SERIAL_COLD, loaded, study, way

from scripts.loading.points import LoadingPoint
from scripts.record import Record
from scripts.scaling.tables.attribution import Attribution, attribute, sound_blocks
from scripts.scaling.tables.tabulate_loading import rows

POOL_COLD = way("pool_map", 2, 16, page_cache="cold")
SECONDS: dict[LoadingPoint, tuple[float, ...]] = {
    HEADSPACE: (0.1, 0.12, 0.11),
    DECODE_ONLY: (1.1, 1.2, 1.3),
    SERIAL: (1.3, 1.31, 1.6),
    SERIAL_COLD: (2.3, 2.4, 2.2),
    PACKED: (0.15, 0.16, 0.14),
    POOL: (0.9, 0.7, 1.0),
    POOL_COLD: (1.5, 1.6, 1.4),
}


def parts_of(point: LoadingPoint, records: dict[str, list[Record]] | None = None) -> Attribution:
    records = records or study(SECONDS)
    found = attribute(records[point.id], sound_blocks(records))
    assert found is not None
    return found


@pytest.mark.parametrize("point", SECONDS, ids=lambda point: point.id)
def test_the_parts_add_up_to_the_whole(point: LoadingPoint) -> None:
    [row] = rows(study(SECONDS), [point.id], 0.95)
    parts = [row.take_seconds, row.decode_seconds, row.read_seconds, row.transport_seconds, row.once_seconds]

    assert row.whole_seconds == math.fsum(part for part in parts if part is not None)


def test_the_parts_are_those_of_one_pass_divided_by_the_workers() -> None:
    found = parts_of(POOL, study({point: (value[0],) for point, value in SECONDS.items()}))

    assert found.take_seconds == 0.1
    assert found.decode_seconds == pytest.approx((1.1 - 0.1) / 2)
    assert found.read_seconds == pytest.approx((1.3 - 1.1) / 2)
    assert found.transport_seconds == pytest.approx(0.9 - 0.1 - 0.5 - 0.1)
    assert found.once_seconds == pytest.approx(0.25 + 0.5 + 0.125)
    assert found.whole_seconds == pytest.approx(0.9 + 0.25 + 0.5 + 0.125)


@pytest.mark.parametrize("point", [SERIAL, SERIAL_COLD, PACKED, HEADSPACE, DECODE_ONLY], ids=lambda point: point.id)
def test_a_single_process_hands_nothing_over(point: LoadingPoint) -> None:
    assert parts_of(point).transport_seconds == 0


def test_better_than_the_ideal_division_is_below_zero() -> None:
    found = parts_of(POOL, study(SECONDS | {POOL: (0.5, 0.5, 0.5)}))

    assert found.transport_seconds < -0.1


def test_packed_shards_are_read_and_not_decoded() -> None:
    found = parts_of(PACKED)

    assert found.decode_seconds == 0
    assert found.read_seconds == pytest.approx(0.05, abs=0.02)


def test_cold_files_are_read_as_long_as_serial_reads_them_cold() -> None:
    found = parts_of(POOL_COLD, study({point: (value[0],) for point, value in SECONDS.items()}))

    assert found.read_seconds == pytest.approx((2.3 - 1.1) / 2)


def test_more_workers_than_cores_divide_the_waiting_and_not_the_decoding() -> None:
    serial, many = way("serial", source="remote"), way("threads", 8, 16, source="remote")
    seconds = {HEADSPACE: (0.1,), DECODE_ONLY: (1.1,), SERIAL: (1.3,), serial: (9.1,), many: (1.7,)}
    found = parts_of(many, study(seconds))

    assert found.decode_seconds == pytest.approx((1.1 - 0.1) / 2)
    assert found.read_seconds == pytest.approx((9.1 - 1.1) / 8)
    assert found.transport_seconds == pytest.approx(1.7 - 0.1 - 0.5 - 1.0)


def test_what_a_launch_pays_once_is_told_from_a_pass_in_the_same_state() -> None:
    records = study({point: (value[0],) for point, value in SECONDS.items()})
    cold = records[POOL_COLD.id][0]
    assert cold.loaded is not None
    went = cold.loaded.model_copy(update={"first_pass_seconds": cold.seconds + 0.5})
    records[POOL_COLD.id] = [cold.model_copy(update={"loaded": went})]

    assert parts_of(POOL_COLD, records).once_seconds == pytest.approx(0.25 + 0.5 + 0.125)


def test_the_parts_are_all_of_the_block_with_the_lower_median_of_the_whole() -> None:
    records = study(SECONDS | {POOL: (1.1, 0.9, 0.7, 1.0), HEADSPACE: (0.01, 0.02, 0.03, 0.04)})
    for point in (DECODE_ONLY, SERIAL):
        records[point.id].append(loaded(point, 4, 1.2))

    assert parts_of(POOL, records).take_seconds == 0.02


def test_without_what_is_subtracted_there_is_no_attribution() -> None:
    for missing in (HEADSPACE, DECODE_ONLY, SERIAL):
        [row] = rows(study({point: value for point, value in SECONDS.items() if point != missing}), [POOL.id], 0.95)
        assert (row.take_seconds, row.whole_seconds) == (None, None)


def test_work_of_another_kind_is_not_subtracted() -> None:
    records = study(SECONDS)
    records[SERIAL.id] = [loaded(SERIAL, b, 1.0, key={"image_size": 64, "page_cache": "warm"}) for b in (1, 2, 3)]

    assert attribute(records[POOL.id], sound_blocks(records)) is None
