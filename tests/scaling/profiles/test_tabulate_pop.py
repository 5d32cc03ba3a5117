"""The POP table: efficiencies over blocks."""

import json
import math
import sys
from pathlib import Path

import pytest
from helping import ROOT, Run
from made_profiles import DDP, SERIAL, beside

from scripts.errors import UserError
from scripts.scaling.profiles.pairs import PointSpec, paired
from scripts.scaling.profiles.pop import EFFICIENCIES
from scripts.scaling.profiles.profile_rows import PopRow, ProfileRow
from scripts.scaling.profiles.tabulate_pop import row
from scripts.scaling.profiles.tabulate_profiles import row as profile_row
from scripts.scaling.tables.table_file import read_rows
from scripts.training.loop.step_profile import StepProfile

POINTS = [{"point": name, "baseline": "serial-1", "images": 32} for name in ("serial-1", "ddp-2")]
T_OF_3 = 4.302653  # Student's t, 95 % two-sided, 2 degrees of freedom (NIST/SEMATECH e-Handbook, 1.3.6.7.2)


def scaled(one: StepProfile, factor: float) -> StepProfile:
    """The same with every second so many times as long."""
    times = {
        "rank_phases": [{name: factor * value for name, value in phases.items()} for phases in one.rank_phases],
        "unreduced_steps": [[factor * value for value in steps] for steps in one.unreduced_steps or []],
    }
    return one.model_copy(update=times)


def lagging(seconds: float) -> StepProfile:
    """DDP, whose backward waits so much longer for its exchange."""
    phases = [one | {"backward": one["backward"] + seconds} for one in DDP.rank_phases]
    return DDP.model_copy(update={"rank_phases": phases})


def test_an_interval_is_students_t_on_the_logs_of_the_blocks() -> None:
    found = row([beside(lagging(seconds), SERIAL) for seconds in (0.0, 0.2, 0.5)], 0.95)
    logs = [math.log(2.26 / step) for step in (2.56, 2.76, 3.06)]
    mean = sum(logs) / 3
    reach = T_OF_3 * math.sqrt(sum((one - mean) ** 2 for one in logs) / 2 / 3)
    assert found.communication_efficiency == pytest.approx(math.exp(mean))
    assert found.communication_efficiency_low == pytest.approx(math.exp(mean - reach))
    assert found.communication_efficiency_high == pytest.approx(math.exp(mean + reach))
    assert found.blocks == 3


def test_fewer_than_three_blocks_have_no_interval() -> None:
    found = row([beside(lagging(seconds), SERIAL) for seconds in (0.0, 0.2)], 0.95)
    assert found.transfer is not None
    assert {getattr(found, f"{name}{end}") for name in EFFICIENCIES for end in ("_low", "_high")} == {None}


def test_products_hold_over_blocks_too() -> None:
    found = row([beside(lagging(lag), scaled(SERIAL, 1 + lag)) for lag in (0.0, 0.2, 0.5)], 0.95)
    parts = [getattr(found, name) for name in ("load_balance", "serialisation", "transfer", "computation_scalability")]
    assert found.parallel_efficiency == pytest.approx(math.prod(parts[:3]))
    assert found.global_efficiency == pytest.approx(math.prod(parts))


def test_a_machine_that_is_slower_in_one_block_costs_a_paired_efficiency_no_width() -> None:
    found = row([beside(scaled(DDP, factor), scaled(SERIAL, factor)) for factor in (1.0, 1.5, 0.8)], 0.95)
    assert found.global_efficiency_low == pytest.approx(found.global_efficiency_high)
    assert found.computation_scalability_low == pytest.approx(found.computation_scalability_high)


def test_the_whole_is_the_efficiency_of_the_profile_table_where_the_baseline_is_one_rank() -> None:
    pairs = [beside(DDP, SERIAL)]
    assert row(pairs, 0.95).global_efficiency == pytest.approx(profile_row(pairs).efficiency)


def test_an_efficiency_is_under_the_line_with_its_whole_interval() -> None:
    lags = (0.0, 0.3, 3.0)
    wide, once = row([beside(lagging(lag), SERIAL) for lag in lags], 0.95), row([beside(lagging(1.0), SERIAL)], 0.95)
    assert wide.transfer is not None
    assert wide.transfer < 0.8
    assert "transfer" not in wide.under
    assert once.under == (
        "global efficiency, parallel efficiency, communication efficiency, transfer, computation scalability, "
        "hybrid parallel efficiency"
    )


def test_what_cannot_be_told_has_no_number_and_a_reason() -> None:
    alone = {"alone_seconds": None, "alone_one_thread_seconds": None}
    found = row([beside(DDP.model_copy(update={"unreduced_steps": None} | alone), SERIAL)], 0.95)
    assert (found.parallel_efficiency, found.transfer, found.computation_scalability) == (None, None, None)
    assert found.global_efficiency == pytest.approx(1.7 / 2.56)
    assert found.reason.startswith("no parallel efficiency: the exchange stands inside forward and backward")
    assert "no global efficiency" not in found.reason


def test_a_baseline_that_cannot_be_told_is_named() -> None:
    fsdp = DDP.model_copy(update={"unreduced_steps": None})
    found = row([beside(DDP, fsdp)], 0.95)
    assert found.parallel_efficiency is not None
    assert (found.global_efficiency, found.computation_scalability) == (None, None)
    assert found.reason == "no global efficiency: the baseline's own computation cannot be told from its exchange"


def write(folder: Path, one: StepProfile, block: int) -> Path:
    path = folder / one.point_id / f"b{block}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(one.model_dump_json())
    return path


def test_blocks_are_paired_by_their_number(tmp_path: Path) -> None:
    paths = [write(tmp_path, scaled(SERIAL, 2.0), 2), write(tmp_path, SERIAL, 1)]
    paths += [write(tmp_path, scaled(DDP, 2.0), 2), write(tmp_path, DDP, 3)]
    _, [pair] = paired(paths, [PointSpec.model_validate(point) for point in POINTS])
    assert (pair.one.step_seconds, pair.base.step_seconds) == pytest.approx((5.12, 6.8))


def test_a_point_that_shares_no_block_with_its_baseline_is_an_error(tmp_path: Path) -> None:
    paths = [write(tmp_path, SERIAL, 1), write(tmp_path, DDP, 2)]
    with pytest.raises(UserError, match=r"ddp-2: found no block that serial-1 was profiled in too"):
        list(paired(paths, [PointSpec.model_validate(point) for point in POINTS]))


def test_a_profile_in_the_folder_of_another_point_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path, SERIAL, 1).rename(tmp_path / "b1.json")
    with pytest.raises(UserError, match=r"b1\.json: found the profile of serial-1"):
        list(paired([path], []))


def test_the_programs_write_both_tables(run: Run, tmp_path: Path) -> None:
    paths = [write(tmp_path, one, block) for one in (SERIAL, DDP) for block in (1, 2, 3)]
    for name, more in (("pop", {"confidence": 0.95}), ("profiles", {})):
        files = ("--profiles", *map(str, paths), "--csv", f"{tmp_path / name}.csv")
        spec = json.dumps({"points": POINTS} | more)
        program = f"scripts.scaling.profiles.tabulate_{name}"
        run(ROOT, sys.executable, "-m", program, *files, "--parquet", f"{tmp_path / name}.parquet", "--spec", spec)
    pop, profiles = read_rows(tmp_path / "pop.parquet", PopRow), read_rows(tmp_path / "profiles.parquet", ProfileRow)
    assert [row.point for row in pop] == [row.point for row in profiles] == ["serial-1", "ddp-2"]
    assert [row.global_efficiency for row in pop] == pytest.approx([row.efficiency for row in profiles])
    assert (tmp_path / "pop.csv").read_text().startswith("point,baseline,cores,blocks,confidence,global_efficiency,")
