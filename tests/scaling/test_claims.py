"""The gate: what may be said, and what is refused by which rule."""

import json

import pytest
from rows_of import rows_of
from test_tables import fault, made, serial

from scripts.errors import UserError
from scripts.record import Record
from scripts.scaling import tabulate_training
from scripts.scaling.answer import Claim
from scripts.scaling.judge_claims import Claimed, ClaimsSpec, compare, judge
from scripts.scaling.rows import TrainingRow
from scripts.scaling.tabulate_training import TableSpec

SERIAL, TWO = "resnet18-serial-1", "resnet18-ddp-2"
GOOD = {"serial-1": [1, 1, 1], "ddp-2": [1.8, 1.79, 1.81]}


def rules(claim: Claim) -> list[str]:
    return [breach.rule for breach in claim.breaches]


def claim(speedups: dict[str, list[float]], **changes: object) -> Claim:
    rows = rows_of(speedups, **changes)
    return compare(rows[TWO], rows[SERIAL], 0.95)


def of_records(*records: Record) -> dict[str, TrainingRow]:
    found: dict[str, list[Record]] = {}
    for one in [*serial(), *records]:
        found.setdefault(one.point_id, []).append(one)
    spec = TableSpec(baseline="serial-1", confidence=0.95, loss_tolerance=0.25)
    return {row.point: row for row in tabulate_training.rows(found, list(found), spec)}


def test_a_claim_that_keeps_every_rule_stands_and_names_its_rows() -> None:
    found = claim(GOOD)

    assert found.stands
    assert found.rows == [TWO, SERIAL]
    assert found.sentence == (
        f"{TWO} trains 1.80 [1.78, 1.82] times as fast as {SERIAL}, on 2 against 1 cores (efficiency 0.90); "
        "test accuracy 0.900 against 0.900."
    )


def test_a_tie_is_refused() -> None:
    found = claim(GOOD | {"ddp-2": [1.1, 0.9, 1.02]})
    assert rules(found) == ["no tie"]
    assert "holds 1" in found.breaches[0].found


def test_two_launches_are_refused() -> None:
    assert rules(claim({"serial-1": [1, 1], "ddp-2": [1.8, 1.8]})) == ["repetition", "repetition"]


def test_oversubscribed_points_are_refused() -> None:
    assert rules(claim(GOOD, cores=1)) == ["cores enough"]


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("invalid", "validity before speed"),
        ("loss", "validity before speed"),
        ("drifted", "no drift"),
        ("disturbed", "alone on the machine"),
        ("resumed", "no resumed timing"),
    ],
)
def test_a_point_whose_blocks_all_broke_a_rule_is_refused_by_that_rule(name: str, rule: str) -> None:
    rows = of_records(*[made("ddp-2", block, 6.0, **fault(name)) for block in (1, 2, 3)])
    found = compare(rows[TWO], rows[SERIAL], 0.95)
    assert rules(found) == [rule]
    assert "trains an unknown number of times as fast" in found.sentence


def test_unequal_work_is_refused_by_the_fields_that_differ() -> None:
    rows = rows_of(GOOD)
    key = json.dumps(json.loads(rows[TWO].key) | {"device": "cuda", "precision": "bf16"})
    found = compare(rows[TWO].model_copy(update={"key": key}), rows[SERIAL], 0.95)
    assert rules(found) == ["equal work"]
    assert found.breaches[0].found == "they differ in device (cuda against cpu), precision (bf16 against None)"


@pytest.mark.parametrize(("times", "broken"), [(1.8, []), (1.79, []), (2.0, ["what was measured"])])
def test_what_somebody_claims_must_lie_in_the_interval(times: float, broken: list[str]) -> None:
    spec = ClaimsSpec(confidence=0.95, claims=[Claimed(point=TWO, against=SERIAL, times=times)])
    assert rules(judge(list(rows_of(GOOD).values()), spec).claims[-1]) == broken


def test_a_claim_about_no_point_is_a_users_mistake() -> None:
    spec = ClaimsSpec(confidence=0.95, claims=[Claimed(point="resnet18-ddp-3", against=SERIAL, times=2)])
    with pytest.raises(UserError, match=r"scaling.claims\[0\].point: found 'resnet18-ddp-3'; expected a point"):
        judge(list(rows_of(GOOD).values()), spec)


def test_at_equal_cores_the_fastest_is_compared_with_each_other() -> None:
    rows = rows_of(GOOD | {"fsdp-2": [1.5, 1.51, 1.49]})
    found = judge(list(rows.values()), ClaimsSpec(confidence=0.95, claims=[]))
    assert [one.rows for one in found.standing] == [
        [TWO, SERIAL],
        ["resnet18-fsdp-2", SERIAL],
        [TWO, "resnet18-fsdp-2"],
    ]
