"""A run whose minutes are over; the whole of it runs in tests/workflow/test_snakemake.py."""

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from scripts import budget
from scripts.budget import Budget, LeftOut

BASELINE, OTHER = (f"results/s/training/records/{point}/b1.json" for point in ("resnet18-serial-1", "resnet18-ddp-2"))
PROFILE = "results/s/training/profiles/resnet18-ddp-2/b1.json"


@pytest.fixture
def begun_again(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is to happen once Snakemake is at its end."""
    found: list[Any] = []
    monkeypatch.setattr(budget.atexit, "register", lambda *call: found.append(call))
    return found


def workflow(*remaining: tuple[str, str], failed: bool = False) -> Any:
    """Snakemake's, with jobs that it has not begun: rule and output."""
    jobs = [SimpleNamespace(rule=SimpleNamespace(name=rule), output=[output]) for rule, output in remaining]
    scheduler = SimpleNamespace(remaining_jobs=jobs, failed={"a job"} if failed else set(), stopped=0)
    scheduler.exit_gracefully = lambda: setattr(scheduler, "stopped", scheduler.stopped + 1)
    return SimpleNamespace(scheduler=scheduler)


def over(tmp_path: Path, run: Any) -> Budget:
    """The budget of a run that has begun long ago."""
    found = Budget(1.0, 0.0, tmp_path / "left_out.json", [OTHER, PROFILE])
    found.begin(run, logging.getLogger("a run"))
    return found


def test_what_a_run_has_not_come_to_is_written_down_and_its_command_runs_again(
    tmp_path: Path, begun_again: list[Any]
) -> None:
    run = workflow(("train", OTHER), ("profile", PROFILE), ("tabulate_training", "results/s/scaling/training.csv"))
    found = over(tmp_path, run)
    assert run.scheduler.stopped == 1
    found.end(run)
    path = tmp_path / "left_out.json"
    assert LeftOut.model_validate_json(path.read_text()).launches == [PROFILE, OTHER]
    assert begun_again == [(budget.run_again, path, budget.sys.orig_argv)]


def test_a_run_that_has_no_more_than_tables_to_make_goes_on(tmp_path: Path, begun_again: list[Any]) -> None:
    run = workflow(("tabulate_training", "results/s/scaling/training.csv"))
    over(tmp_path, run).end(run)
    assert (run.scheduler.stopped, begun_again) == (0, [])


def test_a_run_in_which_a_job_failed_ends_with_it(tmp_path: Path, begun_again: list[Any]) -> None:
    run = workflow(("train", OTHER), failed=True)
    over(tmp_path, run).end(run)
    assert begun_again == []


def test_without_a_baseline_nothing_can_be_told(tmp_path: Path, begun_again: list[Any]) -> None:
    run = workflow(("train", OTHER), ("train", BASELINE))
    with pytest.raises(SystemExit, match=rf"which were over before {BASELINE}, without which there is no table"):
        over(tmp_path, run).end(run)
    assert begun_again == []


def test_a_run_that_ends_in_time_is_not_stopped(tmp_path: Path, begun_again: list[Any]) -> None:
    run = workflow(("train", OTHER))
    found = Budget(1e6, budget.time.time(), tmp_path / "left_out.json", [OTHER])
    found.begin(run, logging.getLogger("a run"))
    found.end(run)
    assert (run.scheduler.stopped, begun_again) == (0, [])


def test_what_is_left_out_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    blocks = [OTHER.replace("b1", f"b{block}") for block in (2, 3)]
    found = LeftOut(minutes=60, launches=[PROFILE, *blocks, BASELINE])
    assert found.sentence == (
        "4 launches left out, since 60 minutes (measuring.budget_minutes) were over: profile 1 of resnet18-ddp-2, "
        "block 2 of resnet18-ddp-2, block 3 of resnet18-ddp-2 and 1 more. The next run measures them."
    )
    assert budget.left_out() == frozenset()
    (tmp_path / "left_out.json").write_text(found.model_dump_json())
    monkeypatch.setenv(budget.VARIABLE, str(tmp_path / "left_out.json"))
    assert budget.left_out() == {PROFILE, *blocks, BASELINE}
