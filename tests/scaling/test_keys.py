"""Which launches did the same work: versions and machines are part of it, in a row as between rows."""

import json

import pytest
from loading_records import POOL, SERIAL, TORCH, loaded
from test_tables import SCALING, made

from scripts.record import Record
from scripts.scaling.comparing.keys import commonest_key, differing
from scripts.scaling.tables import tabulate_loading, tabulate_training
from scripts.scaling.tables.rows import LoadingRow, TrainingRow

DDP, BASELINE = "resnet18-ddp-2", "resnet18-serial-1"
KEY = {"model": "resnet18", "device": "cpu", "cpu_model": "A", "version of torch": "2.14.1"}


def launches(point: str, keys: list[dict[str, str]]) -> list[Record]:
    return [made(point, block, 10.0, key=KEY | key) for block, key in enumerate(keys, start=1)]


def rows(baseline: list[dict[str, str]], ddp: list[dict[str, str]]) -> dict[str, TrainingRow]:
    records = {BASELINE: launches("serial-1", baseline), DDP: launches("ddp-2", ddp)}
    return {row.point: row for row in tabulate_training.rows(records, list(records), SCALING)}


def test_a_row_with_another_torch_is_not_divided() -> None:
    row = rows([{}] * 3, [{"version of torch": "2.13.0"}] * 3)[DDP]
    assert (row.validity, row.speedup) == ("invalid", None)
    assert row.reason.startswith(
        f"block 1: cannot be divided: {DDP} and {BASELINE} differ in version of torch (2.13.0 against 2.14.1)"
    )


def test_a_block_on_another_machine_is_no_block_of_the_row() -> None:
    both = [{}, {}, {"cpu_model": "B"}, {}]
    found = rows(both, both)
    assert found[BASELINE].blocks_used == found[DDP].blocks_used == "1 2 4"
    assert found[DDP].reason == f"block 3: cannot be divided: {DDP} and {BASELINE} differ in cpu_model (B against A)"
    assert found[BASELINE].reason == (
        f"block 3: cannot be divided: {BASELINE} and most of its blocks differ in cpu_model (B against A)"
    )


def test_a_row_has_the_key_of_most_of_the_baselines_blocks_not_of_the_first() -> None:
    other = {"cpu_model": "B"}
    found = rows([other, {}, {}], [{}, {}, {}])
    assert [json.loads(row.key)["cpu_model"] for row in found.values()] == ["A", "A"]
    assert found[BASELINE].blocks_used == "2 3"
    assert found[DDP].blocks_used == "1 2 3"


def test_of_two_keys_in_as_many_blocks_that_of_the_lower_block_is_taken_in_whichever_order_they_come() -> None:
    some = launches("serial-1", [{"cpu_model": "B"}, {}, {"cpu_model": "B"}, {}])
    assert commonest_key(some) == commonest_key(some[::-1]) == KEY | {"cpu_model": "B"}
    assert commonest_key([]) is None


def test_launches_that_do_not_count_have_no_voice() -> None:
    resumed = [made("serial-1", block, 10.0, key=KEY | {"cpu_model": "B"}, resumed=True) for block in (1, 2)]
    assert commonest_key([*resumed, made("serial-1", 3, 10.0, key=KEY)]) == KEY


def test_versions_are_compared_where_both_rest_on_the_package() -> None:
    dask = KEY | {"version of dask": "2026.8.0"}
    assert differing(KEY, dask) == []
    assert differing(dask, KEY | {"version of dask": "2026.9.0"}) == ["version of dask (2026.8.0 against 2026.9.0)"]
    assert differing(KEY, {**KEY, "epochs": 3}) == ["epochs (None against 3)"]


@pytest.mark.parametrize("package", ["dask", "opencv-python-headless"])
def test_a_row_of_two_versions_of_what_it_rests_on_counts_those_of_most_blocks(package: str) -> None:
    def of(version: str, block: int) -> Record:
        one = loaded(POOL, block, 1.0)
        return one.model_copy(update={"key": one.key | {f"version of {package}": version}})

    records = {
        SERIAL.id: [loaded(SERIAL, block, 4.0) for block in (1, 2, 3)],
        POOL.id: [of("2", 1), of("1", 2), of("2", 3)],
    }
    row = {row.point: row for row in tabulate_loading.rows(records, list(records), 0.95)}[POOL.id]
    assert row.blocks_used == "1 3"
    assert f"block 2: cannot be divided: {POOL.id} and most of its blocks differ in version of {package}" in row.reason


def test_a_way_through_another_package_is_divided_and_attributed() -> None:
    def of(one: Record, **versions: str) -> Record:
        more = {f"version of {name}": version for name, version in versions.items()}
        return one.model_copy(update={"key": one.key | {"version of numpy": "2.4.6"} | more})

    records = {
        SERIAL.id: [of(loaded(SERIAL, block, 4.0)) for block in (1, 2, 3)],
        TORCH.id: [of(loaded(TORCH, block, 2.0), torch="2.14.1") for block in (1, 2, 3)],
    }
    found: list[LoadingRow] = tabulate_loading.rows(records, list(records), 0.95)
    assert [row.speedup for row in found] == pytest.approx([1.0, 2.0])
