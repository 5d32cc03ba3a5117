"""Runs over time, whose truth is known: what has changed, and how often something is said to that has not."""

import numpy as np
import pytest
from rows_of import rows_of
from runs_of import FIRST, FOUR, SERIAL, SLOWER, SPEC, TWO, edited, run, said, told

from scripts.errors import UserError
from scripts.record import Noise
from scripts.scaling.history.changes import compare, statements
from scripts.scaling.history.compare_runs import history
from scripts.scaling.history.history import History
from scripts.scaling.history.runs import Run
from scripts.scaling.history.say_changes import check
from scripts.scaling.tables.rows import TrainingRow


def error(*runs: Run) -> str:
    with pytest.raises(UserError) as raised:
        check(history(list(runs), SPEC))
    return str(raised.value)


def test_a_run_like_the_one_before_has_no_regression() -> None:
    found = told(run("v1", FIRST), run("new", FIRST))

    assert [row.verdict for row in found.values()] == ["tied"] * 5
    check(history([run("v1", FIRST), run("new", FIRST)], SPEC))


def test_a_point_that_lost_a_tenth_is_named_with_how_much_and_its_interval() -> None:
    found = told(run("v1", FIRST), run("new", SLOWER))

    slower = {key: row for key, row in found.items() if row.regression}
    assert slower.keys() == {(FOUR, ""), (FOUR, SERIAL)}
    for row in slower.values():
        assert row.ratio == pytest.approx(0.9)
        assert row.low is not None
        assert row.high is not None
        assert row.low < 0.9 < row.high < 1
    message = error(run("v1", FIRST), run("new", SLOWER))
    assert message.startswith("scaling.fail_on_regression: found 2 of 5 statements slower, expected none: ")
    assert f"training {FOUR} at 0.90 [0.8" in message
    assert "times its rate in v1 (3.00 to 2.70 images/s)" in message
    assert f"training {FOUR} against {SERIAL} at 0.90 [0.8" in message


def test_what_is_slower_comes_first_and_no_cause_is_claimed() -> None:
    lines = said(run("v1", FIRST), run("new", SLOWER | {"ddp-2": [2.0, 2.01, 1.99]})).splitlines()

    assert lines[0].startswith(f"slower: training {FOUR} ")
    assert lines[2].startswith(f"faster: training {TWO} at 1.11")
    assert lines[4] == (
        "5 of 5 statements were compared (2 slower, 2 faster, 1 tied); their intervals hold together at 95 %."
    )
    assert lines[5].startswith("Runs share no blocks: what changed may be the machine")


def test_a_busy_machine_is_said_beside_a_change() -> None:
    assert "images/s, on a busy machine)." in said(run("v1", FIRST), edited(run("new", SLOWER), marks="noisy"))


def test_a_ratio_that_fell_since_its_divisor_is_faster_is_no_regression() -> None:
    faster = FIRST | {"serial-1": [1.2, 1.21, 1.19]}
    found = told(run("v1", FIRST), run("new", faster))

    assert found[FOUR, SERIAL].verdict == "slower"
    assert not found[FOUR, SERIAL].regression
    assert found[FOUR, SERIAL].reason == f"{SERIAL}, which it is divided by, has become faster"
    check(history([run("v1", FIRST), run("new", faster)], SPEC))


def test_blocks_that_drift_together_hide_no_ratio_that_fell() -> None:
    """Images/s of blocks that differ by half tell nothing; a ratio is paired by block."""
    paces = (0.7, 1.0, 1.3)
    drift = {point: [rate * pace for rate, pace in zip(rates, paces, strict=True)] for point, rates in SLOWER.items()}
    found = told(run("v1", FIRST), run("new", drift))

    assert found[FOUR, ""].verdict == "tied"
    assert found[FOUR, SERIAL].regression


def test_cores_that_changed_their_speed_are_no_regression() -> None:
    slower = {point: [rate * 0.9 for rate in rates] for point, rates in FIRST.items()}
    new = run("new", slower)
    assert told(run("v1", FIRST), new)[FOUR, ""].regression

    row = told(run("v1", FIRST), edited(new, calibrations="1.111 1.111 1.111"))[FOUR, ""]

    assert row.verdict == "tied"
    assert row.high == pytest.approx(1, abs=0.05)


def test_the_tables_tell_how_slow_the_cores_were_around_each_launch() -> None:
    between = {"load_average": 0, "foreign_cores": 0.0, "cpu_mhz": None, "involuntary_context_switches": 0}
    noise = Noise(calibration_before=2.0, calibration_after=4.5, **between)

    paces = rows_of(FIRST, noise=noise)[FOUR].calibrations.split()

    assert [float(pace) for pace in paces] == pytest.approx([3.0] * 3)  # geometric mean, seconds


def test_what_lies_in_one_runs_own_interval_has_not_changed() -> None:
    """A run that scatters holds the other's number, though the interval of their ratio would not hold 1."""
    earlier = {"serial-1": [1.0] * 30}
    scattered = {"serial-1": [0.88, 1.0, 0.86]}

    [row] = compare([run("v1", earlier), run("new", scattered)], statements(run("new", scattered)), 0.6)

    assert row.high is not None
    assert row.high < 1
    assert row.verdict == "tied"


def test_other_work_is_not_compared_and_the_field_is_named() -> None:
    other = edited(run("v1", FIRST), key={"epochs": 3})

    assert {row.verdict for row in told(other, run("new", SLOWER)).values()} == {"not compared"}
    assert "its work differs from v1's in epochs (2 against 3)" in said(other, run("new", SLOWER))
    assert error(other, run("new", SLOWER)).startswith(
        "scaling.fail_on_regression: found nothing that could be compared with v1; expected the same points with the "
        f"same work. not compared: {SERIAL}, {TWO}, {FOUR}: its work differs"
    )


def test_what_is_under_test_may_differ_and_is_named() -> None:
    edited_script = edited(run("v1", FIRST), key={"files": "a1"}), edited(run("new", SLOWER), key={"files": "b2"})

    assert told(*edited_script)[FOUR, ""].regression
    assert told(*edited_script)[FOUR, ""].tried == "files (b2 against a1)"
    assert "Under test: files (b2 against a1)." in said(*edited_script)
    upgraded = [edited(one, key={"version of torch": one.name}) for one in edited_script]
    assert {row.verdict for row in told(*upgraded).values()} == {"not compared"}
    assert "in version of torch (new against v1)" in said(*upgraded)
    spec = SPEC.model_copy(update={"under_test": ["files", "version of torch"]})
    assert len(history(upgraded, spec).regressions) == 2


def test_the_last_earlier_run_that_has_the_same_work_is_taken() -> None:
    without = {point: rates for point, rates in FIRST.items() if point != "ddp-4"}
    runs = [run("v1", FIRST), run("v2", without), edited(run("v3", FIRST), key={"device": "other"}), run("new", SLOWER)]

    found = told(*runs)

    assert found[TWO, ""].earlier == "v2"
    assert found[FOUR, ""].earlier == "v1"
    assert found[FOUR, ""].regression


def test_points_that_one_run_alone_has_and_few_blocks_are_not_compared() -> None:
    few = {"serial-1": FIRST["serial-1"][:2], "ddp-2": FIRST["ddp-2"], "fsdp-2": [1.5, 1.6, 1.4]}
    found = told(run("v1", few), run("new", FIRST))

    assert found[SERIAL, ""].reason == "of v1: 2 valid blocks; expected 3 or more"
    assert found[FOUR, ""].reason == "no earlier run has it"
    assert found["resnet18-fsdp-2", ""].reason == "only v1 has it"
    assert found[TWO, ""].verdict == "tied"


def test_a_claim_of_the_config_is_held_over_time() -> None:
    row = told(run("v1", FIRST), run("new", SLOWER), claims=[(FOUR, TWO)])[FOUR, TWO]

    assert row.before == pytest.approx(3.0 / 1.8, rel=0.01)
    assert row.regression


def test_each_run_has_its_reading_and_says_in_what_it_differs() -> None:
    found = history([edited(run("v1", FIRST), key={"cpu_model": "old"}), run("v2", FIRST), run("new", SLOWER)], SPEC)

    line = [one for one in found.readings if (one.point, one.against) == (FOUR, SERIAL)]
    assert [one.run for one in line] == ["v1", "v2", "new"]
    assert [one.differs for one in line] == ["cpu_model (None against old)", "", ""]
    assert line[0].value == pytest.approx(3.0, rel=0.01)
    assert line[0].low == pytest.approx(rows_of(FIRST)[FOUR].speedup_low)  # as the table has it


def test_what_the_runs_say_comes_through_its_file() -> None:
    found = history([run("v1", FIRST), run("new", SLOWER)], SPEC)

    assert History.model_validate_json(found.model_dump_json()) == found


# Of made studies: points with noise of their own, in blocks that drift by 20 %, each study at a pace of its own.
def drawn(rng: np.random.Generator, template: list[TrainingRow], blocks: int, skewed: bool) -> Run:
    noise = rng.exponential(1, (len(template), blocks)) - 1 if skewed else rng.normal(0, 1, (len(template), blocks))
    rates = np.exp(4 + rng.normal(0, 0.2, blocks) + 0.02 * noise)
    used = {"blocks": blocks, "blocks_used": " ".join(map(str, range(1, blocks + 1))), "calibrations": ""}
    rows = [
        row.model_copy(update=used | dict.fromkeys(("rates", "levelled"), " ".join(map(repr, mine))))
        for row, mine in zip(template, rates.tolist(), strict=True)
    ]
    return Run("", {"training": rows}, SPEC.confidence)


@pytest.mark.slow  # hundreds of studies
@pytest.mark.parametrize("skewed", [False, True])
@pytest.mark.parametrize("blocks", [3, 6])
def test_of_many_equal_statements_few_studies_say_that_one_has_changed(blocks: int, skewed: bool) -> None:
    """One 95 % interval a statement finds a change in nearly every study."""
    rng, draws = np.random.default_rng(3), 300
    [some] = rows_of({"serial-1": [1.0] * 3}).values()
    template = [some.model_copy(update={"point": some.point if not i else f"p-{i}"}) for i in range(20)]
    false = alone = 0

    for _ in range(draws):
        runs = [drawn(rng, template, blocks, skewed) for _ in range(2)]
        about = statements(runs[-1])
        false += any(row.verdict in {"slower", "faster"} for row in compare(runs, about, 0.95))
        alone += any(row.verdict in {"slower", "faster"} for row in compare(runs, about, 0.95 ** len(about)))

    assert len(about) == 39
    assert false <= 0.05 * draws + 2 * (0.05 * 0.95 * draws) ** 0.5
    assert alone > 0.3 * draws
