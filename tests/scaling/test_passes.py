"""An adaptive study on rates that are known: what it measures, when it stops, what it saves."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from helping import ROOT, Run, training_point
from rows_of import rows_of
from test_recommend import SPEC

from scripts.errors import UserError
from scripts.scaling.answers.decide_pass import PassSpec, decide
from scripts.scaling.answers.passes import Pass, blocks_of, first_points
from scripts.scaling.answers.recommend import recommend
from scripts.scaling.answers.take_pass import STABLE
from scripts.training.points import TrainingPoint

COUNTS = [2, 3, 4, 6, 8, 12, 16]


def grid() -> dict[str, TrainingPoint]:
    points = [training_point("serial", 1), *(training_point("ddp", n) for n in COUNTS)]
    return {point.id: point for point in points}


def speedup(workers: int) -> float:
    """The least worker count that reaches 95 % of the best, 4.9 at 16, is 8."""
    return {1: 1.0, 2: 1.9, 3: 2.7, 4: 3.4, 6: 4.2, 8: 4.7, 12: 4.85, 16: 4.9}[workers]


def study(noise: float, core_hours: float | None = None) -> tuple[list[Pass], str]:
    """All passes, and what is recommended in the end."""
    rng = np.random.default_rng(0)
    points = grid()
    blocks = {point: 3 for point in points if point in first_points(points, "serial-1")}
    scatter = {point: np.exp(rng.normal(0, noise, 12)) for point in points}
    passes: list[Pass] = []
    while True:
        rates = {
            point.removeprefix("resnet18-"): list(speedup(points[point].workers) * scatter[point][:count])
            for point, count in blocks.items()
        }
        rows = list(rows_of(rates).values())
        advice = recommend(rows, SPEC).recommendations
        spec = PassSpec(points=points, blocks=blocks, first_blocks=3, most_blocks=12, core_hours=core_hours)
        passes.append(decide(rows, advice, spec))
        if passes[-1].stable:
            assert advice[0].recommended is not None
            return passes, advice[0].recommended.point
        blocks = passes[-1].blocks


def test_the_first_pass_measures_ends_and_middle() -> None:
    assert first_points(grid(), "serial-1") == {f"resnet18-{name}" for name in ("serial-1", "ddp-2", "ddp-6", "ddp-16")}


def test_a_study_finds_the_recommendation_of_the_full_grid_for_less() -> None:
    passes, recommended = study(noise=0.005)

    assert recommended == "resnet18-ddp-8"
    assert len(passes) > 1
    assert "resnet18-ddp-3" not in passes[-1].blocks
    assert passes[-1].core_hours < 0.5 * passes[-1].core_hours_of_full_grid
    assert passes[-1].sentence.startswith("The answer is stable: ")
    assert " saved." in passes[-1].sentence


def test_more_noise_takes_more_blocks() -> None:
    quiet, noisy = study(noise=0.005)[0][-1], study(noise=0.03)[0][-1]
    assert max(noisy.blocks.values()) > max(quiet.blocks.values())


def test_a_spent_budget_ends_the_study_and_says_so() -> None:
    passes, _ = study(noise=0.03, core_hours=1e-6)
    assert len(passes) == 1
    assert passes[0].sentence.startswith("The budget is spent, and ")


def test_what_a_pass_decided_is_what_the_next_run_measures(tmp_path: Path) -> None:
    points = grid()
    assert blocks_of(points, 3, False, "serial-1", tmp_path / "passes.json") == dict.fromkeys(points, 3)
    assert set(blocks_of(points, 3, True, "serial-1", tmp_path / "passes.json")) == first_points(points, "serial-1")
    decided = study(noise=0.005)[0][0]
    (tmp_path / "passes.json").write_text(decided.model_dump_json())
    assert blocks_of(points, 3, True, "serial-1", tmp_path / "passes.json") == decided.blocks


@pytest.mark.parametrize("stable", [True, False])
def test_a_pass_is_taken_where_there_is_one(stable: bool, tmp_path: Path, run: Run) -> None:
    decided = study(noise=0.005)[0][0].model_copy(update={"stable": stable})
    (tmp_path / "next_pass.json").write_text(json.dumps(decided.model_dump()))
    done = run(ROOT, "python", "-m", "scripts.scaling.answers.take_pass", str(tmp_path), check=False)
    assert done.returncode == (STABLE if stable else 0)
    assert (tmp_path / "passes.json").exists() is not stable


def test_a_point_that_was_disturbed_is_measured_again_before_the_answer_is_stable() -> None:
    points = grid()
    blocks = {point: 3 for point in points if point in first_points(points, "serial-1")}
    rates = {
        point.removeprefix("resnet18-"): [speedup(points[point].workers) * (1 + 0.001 * b) for b in range(3)]
        for point in blocks
    }
    rates["ddp-16"] = rates["ddp-16"][:2]
    rows = list(rows_of(rates).values())
    spec = PassSpec(points=points, blocks=blocks, first_blocks=3, most_blocks=12, core_hours=None)
    decided = decide(rows, recommend(rows, SPEC).recommendations, spec)
    assert not decided.stable
    assert (decided.blocks["resnet18-ddp-16"], decided.blocks["resnet18-serial-1"]) == (5, 5)


def test_what_the_study_has_got_since_is_measured_too(tmp_path: Path) -> None:
    (tmp_path / "passes.json").write_text(study(noise=0.005)[0][0].model_dump_json())
    more = grid() | {point.id: point for point in (training_point("fsdp", n) for n in (1, 2, 4, 8))}
    found = blocks_of(more, 6, True, "serial-1", tmp_path / "passes.json")
    assert {point for point in found if "fsdp" in point} == {f"resnet18-fsdp-{n}" for n in (1, 4, 8)}
    assert min(found.values()) == 6
    (tmp_path / "passes.json").write_text("{")
    with pytest.raises(UserError, match=r"passes\.json: .*; remove it to begin anew"):
        blocks_of(more, 6, True, "serial-1", tmp_path / "passes.json")


def test_a_baseline_is_measured_from_the_first_pass() -> None:
    points = {point.id: point for point in (training_point("ddp", n) for n in (1, 2, 4, 8, 16))}
    assert "resnet18-ddp-2" in first_points(points, "ddp-2")


@pytest.mark.parametrize(("statuses", "runs", "ends"), [("0 0 3", 3, 0), ("3", 1, 0), ("0 1", 2, 2)])
def test_make_study_takes_passes_until_the_answer_is_stable(
    statuses: str, runs: int, ends: int, tmp_path: Path
) -> None:
    """The loop alone, with programs that do nothing but end as they are told."""
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text())
    tools = tmp_path / ".venv/bin"
    tools.mkdir(parents=True)
    (tmp_path / ".venv/run.installed").touch()
    (tmp_path / "statuses").write_text("\n".join(statuses.split()) + "\n")
    (tools / "python").write_text("#!/bin/sh\ns=$(head -n 1 statuses); sed -i 1d statuses; exit $s\n")
    (tools / "snakemake").write_text('#!/bin/sh\necho "$@" >> called\n')
    for tool in tools.iterdir():
        tool.chmod(0o755)
    done = subprocess.run(["make", "-o", ".venv/run.installed", "study"], cwd=tmp_path, check=False)
    called = (tmp_path / "called").read_text().splitlines()
    assert done.returncode == ends
    assert [line for line in called if line.endswith("-- next_pass")] == called[:runs]
    assert len(called) == runs + (ends == 0)


def test_no_pass_goes_beyond_the_minutes_and_the_last_says_what_it_would_have_taken() -> None:
    points = grid()
    blocks = {point: 3 for point in points if point in first_points(points, "serial-1")}
    made = {name: speedup(points[f"resnet18-{name}"].workers) for name in ("serial-1", "ddp-2", "ddp-6", "ddp-16")}
    rows = list(rows_of({name: [rate, 1.01 * rate, 0.99 * rate] for name, rate in made.items()}).values())
    advice = recommend(rows, SPEC).recommendations
    spec = PassSpec(points=points, blocks=blocks, first_blocks=3, most_blocks=12, core_hours=None)
    free = decide(rows, advice, spec)
    assert not free.stable
    spent = sum(3 * (row.wall_seconds or 0) for row in rows)
    ended = decide(rows, advice, spec.model_copy(update={"minutes": spent / 60}))
    assert ended.stable
    assert " more launches, about " in ended.sentence
    assert " min, would be the next pass: " in ended.sentence
    assert not decide(rows, advice, spec.model_copy(update={"minutes": 10 * spent / 60})).stable
