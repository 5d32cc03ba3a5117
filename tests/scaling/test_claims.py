"""The gate: what may be said, and what is refused by which rule."""

import json
import re
from collections.abc import Sequence

import pytest
from claims_of import GOOD, SERIAL, TWO, compare, loading_rows, rules
from loading_records import HEADSPACE, PACKED, POOL
from loading_records import SERIAL as LOAD
from loading_records import SERIAL_COLD as COLD
from rows_of import rows_of
from test_tables import SCALING, fault, made, serial

from scripts.errors import UserError
from scripts.loading.points import LoadingPoint
from scripts.record import Record
from scripts.scaling.answers.answer import Claim
from scripts.scaling.claims.claims import borne_out
from scripts.scaling.claims.judge_claims import Claimed, ClaimsSpec, judge
from scripts.scaling.comparing.ratios import Ratio
from scripts.scaling.tables import tabulate_training
from scripts.scaling.tables.rows import TrainingRow
from scripts.scaling.tables.tabulate_training import TableSpec


def claim(speedups: dict[str, list[float]], **changes: object) -> Claim:
    rows = rows_of(speedups, **changes)
    return compare(rows[TWO], rows[SERIAL])


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
        f"{TWO} trains 1.80 [1.77, 1.83] times as fast as {SERIAL} (100 s). That is on 2 against 1 cores (efficiency "
        "0.90). Test accuracy 0.900 against 0.900."
    )


def test_a_tie_is_refused() -> None:
    found = claim(GOOD | {"ddp-2": [1.1, 0.9, 1.02]})
    assert rules(found) == ["no tie"]
    assert found.breaches[0].found.startswith("the interval of 1.00 [0.7")
    assert found.breaches[0].found.endswith(" holds 1: cannot be told apart with 3 launches; even 100 would not")


def test_a_tie_says_how_many_more_launches_would_tell() -> None:
    (breach,) = claim(GOOD | {"ddp-2": [1.01, 1.04, 1.03]}).breaches
    assert breach.rule == "no tie"
    assert breach.found.endswith("cannot be told apart with 3 launches; about 2 more would")


def test_what_was_measured_on_a_busy_machine_says_so() -> None:
    rows = rows_of(GOOD)
    noisy = rows[TWO].model_copy(update={"marks": "noisy"})
    found = compare(noisy, rows[SERIAL])
    assert found.sentence.endswith(". Measured on a busy machine.")


def test_points_of_days_that_share_no_block_are_not_compared() -> None:
    rows = rows_of(GOOD)
    later = rows[TWO].model_copy(update={"blocks_used": "4 5 6"})
    found = compare(later, rows[SERIAL])
    assert rules(found) == ["blocks in common"]
    assert found.breaches[0].found == f"no shared blocks join {TWO} and {SERIAL}"


def test_two_launches_are_refused() -> None:
    assert rules(claim({"serial-1": [1, 1], "ddp-2": [1.8, 1.8]})) == ["repetition", "repetition"]


@pytest.mark.parametrize(("changes", "who"), [({}, "ranks"), ({"workers": 1}, "threads")])
def test_what_ran_on_hardware_threads_of_fewer_cores_says_so(changes: dict[str, object], who: str) -> None:
    rows = rows_of(GOOD)
    shared = rows[TWO].model_copy(update={"marks": "shared_cores"} | changes)
    found = compare(shared, rows[SERIAL])
    assert found.stands
    assert found.sentence.endswith(f"against 0.900. Two {who} of {TWO} share a core.")


def test_oversubscribed_points_are_refused() -> None:
    assert rules(claim(GOOD, cores=1)) == ["cores enough"]


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("invalid", "validity before speed"),
        ("loss", "validity before speed"),
        ("resumed", "no resumed timing"),
    ],
)
def test_a_point_whose_blocks_all_broke_a_rule_is_refused_by_that_rule(name: str, rule: str) -> None:
    rows = of_records(*[made("ddp-2", block, 6.0, **fault(name)) for block in (1, 2, 3)])
    found = compare(rows[TWO], rows[SERIAL])
    assert rules(found) == [rule]
    assert "trains an unknown number of times as fast" in found.sentence


def test_unequal_work_is_refused_by_the_fields_that_differ() -> None:
    rows = rows_of(GOOD)
    key = json.dumps(json.loads(rows[TWO].key) | {"device": "cuda", "precision": "bf16"})
    found = compare(rows[TWO].model_copy(update={"key": key}), rows[SERIAL])
    assert rules(found) == ["equal work"]
    assert found.breaches[0].found == "they differ in device (cuda against cpu), precision (bf16 against None)"


WIDE = GOOD | {"ddp-2": [1.6, 1.8, 2.02]}  # 1.80 [1.3, 2.4]
SURE = GOOD | {"ddp-2": [1.8035, 1.804, 1.8045]}  # 1.804 [1.80, 1.81]


@pytest.mark.parametrize(
    ("speedups", "times", "verdict"),
    [
        (SURE, "1.8", "borne out"),
        (SURE, "1.80", "borne out"),
        (SURE, "2", "borne out"),
        (SURE, "1.800", "not borne out"),
        (WIDE, "1.8", "borne out"),
        (WIDE, "2.4", "not ruled out"),
        (WIDE, "2.6", "not borne out"),
    ],
)
def test_what_somebody_claims_stands_beside_what_was_measured(
    speedups: dict[str, list[float]], times: str, verdict: str
) -> None:
    spec = ClaimsSpec(claims=[Claimed(point=TWO, against=SERIAL, times=times)])
    found = judge(list(rows_of(speedups).values()), [], spec)[-1]
    measured = r"1\.804 \[1\.80\d, 1\.80\d\]" if speedups is SURE else r"1\.80 \[1\.3\d, 2\.4\d\]"
    assert re.match(f"{TWO} trains {measured} times as fast as {SERIAL}", found.sentence)
    assert found.sentence.endswith(f". Claimed: {times}, {verdict}.")
    assert rules(found) == (["what was measured"] if verdict == "not borne out" else [])


def test_half_a_last_digit_away_a_claim_is_borne_out() -> None:
    assert [borne_out(Ratio(1.85, None, None), times) for times in ("1.8", "1.9")] == ["borne out", "borne out"]
    assert borne_out(Ratio(1.8501, None, None), "1.8") == "not borne out"


def test_unequal_work_bears_out_no_claim() -> None:
    rows = rows_of(GOOD)
    key = json.dumps(json.loads(rows[TWO].key) | {"device": "cuda"})
    found = compare(rows[TWO].model_copy(update={"key": key}), rows[SERIAL], times="1.8")
    assert rules(found) == ["equal work"]
    assert found.sentence.endswith(". Claimed: 1.8.")


def test_a_claim_about_no_point_is_a_users_mistake() -> None:
    spec = ClaimsSpec(claims=[Claimed(point="resnet18-ddp-3", against=SERIAL, times="2")])
    with pytest.raises(UserError, match=r"scaling.claims\[0\].point: found 'resnet18-ddp-3'; expected a point"):
        judge(list(rows_of(GOOD).values()), [], spec)


def test_at_equal_cores_the_fastest_is_compared_with_each_other() -> None:
    rows = rows_of(GOOD | {"fsdp-2": [1.5, 1.51, 1.49]})
    found = judge(list(rows.values()), [], ClaimsSpec(claims=[]))
    assert [one.rows for one in found if one.stands] == [
        [TWO, SERIAL],
        ["resnet18-fsdp-2", SERIAL],
        [TWO, "resnet18-fsdp-2"],
    ]


def of_loading(seconds: dict[LoadingPoint, Sequence[float]], *claimed: Claimed) -> list[Claim]:
    return judge([], loading_rows(seconds), ClaimsSpec(claims=list(claimed)))


def test_ways_to_load_are_compared_with_serial_and_the_fastest_with_each_other() -> None:
    found = of_loading({LOAD: (4.0, 4.1, 4.0), POOL: (2.0, 2.1, 2.1), PACKED: (1.0, 1.0, 1.01), HEADSPACE: [0.1] * 3})

    assert [one.rows for one in found] == [[POOL.id, LOAD.id], [PACKED.id, LOAD.id], [PACKED.id, POOL.id]]
    assert {one.about for one in found if one.stands} == {"loading"}
    assert found[0].sentence == (
        f"{POOL.id} loads 1.95 [1.85, 2.06] times as fast as {LOAD.id} (4.00 s). That is on 2 against 1 cores "
        "(efficiency 0.98)."
    )


def test_what_is_claimed_of_a_ceiling_or_across_states_is_refused() -> None:
    found = of_loading(
        {LOAD: (4.0, 4.1, 4.0), COLD: (5.0, 5.1, 5.0), HEADSPACE: [0.1, 0.1, 0.1001]},
        Claimed(point=HEADSPACE.id, against=LOAD.id, times="40"),
        Claimed(point=LOAD.id, against=COLD.id, times="1.25"),
    )
    ceiling, across = found[-2:]
    assert rules(ceiling) == ["a way to load"]
    assert rules(across) == ["equal work"]
    assert across.breaches[0].found == "they differ in page_cache (warm against cold)"


def test_what_is_claimed_of_pixels_that_were_not_compared_is_refused() -> None:
    rows = loading_rows({LOAD: (4.0, 4.1, 4.0), POOL: (2.0, 2.1, 2.0)})
    rows = [row.model_copy(update={"marks": "once"} if row.point == POOL.id else {}) for row in rows]
    claimed = Claimed(point=POOL.id, against=LOAD.id, times="2")
    found = judge([], rows, ClaimsSpec(claims=[claimed]))[-1]
    assert rules(found) == ["equal pixels"]
    assert found.breaches[0].found == f"{POOL.id} gives pixels that were not compared"


def test_blocks_that_broke_different_rules_are_refused_as_invalid() -> None:
    some = [made("ddp-2", block, 6.0, **fault("resumed" if block == 2 else "invalid")) for block in (1, 2, 3)]
    assert rules(compare(of_records(*some)[TWO], of_records()[SERIAL])) == ["validity before speed"]


def test_a_ratio_and_the_efficiency_beside_it_are_one_estimate_and_that_of_the_table() -> None:
    """Where blocks are missing, the paired ones alone would say 1.73 and the table something else."""
    hours = {1: 1.0, 2: 0.6, 3: 1.0, 4: 1.2}
    base = [made("serial-1", b, 10.0 / hours[b]) for b in (1, 2, 3)]
    beside = [made("ddp-1", b, 10.5 / hours[b]) for b in hours]
    two = [made("ddp-2", b, (6.0 if b == 2 else 5.6) / hours[b]) for b in (2, 3, 4)]
    found: dict[str, list[Record]] = {}
    for one in [*base, *beside, *two]:
        found.setdefault(one.point_id, []).append(one)
    rows = {row.point: row for row in tabulate_training.rows(found, list(found), SCALING)}
    (said,) = [one for one in judge(list(rows.values()), [], ClaimsSpec(claims=[])) if one.rows == [TWO, SERIAL]]
    row = rows[TWO]
    assert row.speedup is not None
    assert row.efficiency == row.speedup / 2
    assert f"trains {row.speedup:.2f} [" in said.sentence
    assert f"(efficiency {row.efficiency:.2f})" in said.sentence


def test_a_fastest_with_too_many_cores_does_not_hide_the_lead_of_the_fastest_that_may_be_claimed() -> None:
    rows = rows_of(GOOD | {"fsdp-2": [1.5, 1.51, 1.49], "hybrid-2": [3.0, 3.01, 2.99]})
    many = rows["resnet18-hybrid-2"]
    rows[many.point] = many.model_copy(update={"marks": "oversubscribed"})
    standing = [one.rows for one in judge(list(rows.values()), [], ClaimsSpec(claims=[])) if one.stands]
    assert [TWO, "resnet18-fsdp-2"] in standing
    assert not any(many.point in some for some in standing)
