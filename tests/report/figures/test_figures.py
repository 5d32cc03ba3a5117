"""The figures."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from quirks import STRAYS, WRONG
from quirks_programs import draw_figures

from scripts import record
from scripts.report.figures.draw_profiles import draw_steps
from scripts.report.figures.loading.loading_curves import draw_curves
from scripts.report.figures.loading.loading_figures import draw_phases, draw_throughput
from scripts.report.figures.style import PAPER, colours_of
from scripts.report.figures.training.answer_figure import draw_answer
from scripts.report.figures.training.cost_figures import draw_costs, pareto_front
from scripts.report.figures.training.law_figures import draw_laws
from scripts.report.figures.training.scaling_figures import draw_efficiency, draw_speedup
from scripts.report.figures.training.target_figure import draw_target
from scripts.report.figures.training.training_figures import draw_learning
from scripts.report.figures.training.usage_figures import draw_usage
from scripts.report.words.point_words import Names
from scripts.report.words.tables import counted
from scripts.scaling.answers.answer import Recommendations
from scripts.scaling.answers.laws import Laws, Prediction
from scripts.scaling.tables.rows import LoadingRow, TrainingRow
from scripts.scaling.tables.table_file import read_answer, read_rows

NAMES = [
    "answer",
    "costs",
    "efficiency",
    "laws",
    "learning",
    "loading",
    "loading_curves",
    "loading_phases",
    "speedup",
    "target",
    "usage",
]


def words(svg: Path) -> str:
    """All text of a figure, in order of drawing."""
    return " ".join(re.findall(r"<(?:text|tspan)[^>]*>\s*([^<]*?)\s*</", svg.read_text()))


def test_equal_inputs_give_equal_bytes(study: Path, figures: Path, tmp_path: Path) -> None:
    draw_figures(study, tmp_path)

    again = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    assert sorted(again) == sorted(f"{name}.{kind}" for name in NAMES for kind in ("svg", "png", "csv"))
    assert again == {path.name: path.read_bytes() for path in figures.iterdir()}


def test_every_figure_says_its_n(figures: Path) -> None:
    assert all("n = " in words(figures / f"{name}.svg") for name in NAMES)


def test_figures_say_what_their_bars_are(figures: Path) -> None:
    assert "95 % interval" in words(figures / "speedup.svg")
    assert "95 % interval" in words(figures / "efficiency.svg")
    assert "block" in words(figures / "loading.svg").partition("bars: ")[2]


def test_invalid_points_are_not_drawn(figures: Path) -> None:
    assert "FSDP" in words(figures / "usage.svg")
    assert not any("FSDP" in words(figures / f"{name}.svg") for name in ("speedup", "learning", "target"))
    assert WRONG.partition("-")[0] not in "".join(words(path) for path in figures.glob("loading*.svg"))


def test_oversubscribed_points_are_hollow(study: Path) -> None:
    rows = read_rows(study / "scaling/training.parquet", TrainingRow)

    figure = draw_speedup(rows)
    hollow = [line.get_xdata() for axes in figure.axes for line in axes.lines if line.get_markerfacecolor() == PAPER]

    assert [list(np.atleast_1d(x)) for x in hollow] == [[8]]


def test_each_baseline_has_a_panel_and_each_curve_a_line_of_the_same_look(study: Path) -> None:
    rows = read_rows(study / "scaling/training.parquet", TrainingRow)
    same = {"scaling": "weak", "baseline": "resnet18-serial-1-weak"}
    weak = [
        row.model_copy(update={**same, "point": f"{row.point}-weak", "curve": f"{row.curve}-weak"})
        for row in rows
        if row.model == "resnet18"
    ]

    figure = draw_speedup([*rows, *weak])

    titles = [axes.get_title(loc="left") for axes in figure.axes]
    against = ("resnet18, strong scaling", "resnet50", "resnet18, weak scaling")
    assert titles == [*(f"against one process, {apart}" for apart in against), "", ""]
    names = [text.get_text() for text in figure.axes[-1].get_legend().get_texts()]
    assert names == ["one process", "DDP", "ideal"]
    colours = [axes.lines[-2].get_color() for axes in (figure.axes[0], figure.axes[2])]
    assert colours[0] == colours[1]


def test_lines_that_words_cannot_tell_apart_keep_their_codes_in_every_panel(study: Path) -> None:
    rows = [row for row in read_rows(study / "scaling/training.parquet", TrainingRow) if row.model == "resnet18"]
    names = ("point", "curve", "baseline")
    piped = [row.model_copy(update={name: f"{getattr(row, name)}-m4" for name in names}) for row in rows]

    figure = draw_speedup([*rows, *piped])

    shown = [text.get_text() for text in figure.axes[-1].get_legend().get_texts()]
    assert shown == ["one process (serial)", "DDP (ddp)", "one process (serial-m4)", "DDP (ddp-m4)", "ideal"]


def test_the_law_is_drawn_through_what_was_measured_and_dotted_beyond(study: Path) -> None:
    laws = read_answer(study / "scaling/laws.json", Laws)
    rows = read_rows(study / "scaling/training.parquet", TrainingRow)

    axes, *_ = draw_laws(laws, rows).axes
    lines = {line.get_label(): line for line in axes.lines}

    assert axes.get_title(loc="left") == "DDP, resnet18: amdahl"
    assert list(lines["law"].get_xdata()) == [1, 2, 4]
    assert list(lines["law, extrapolated"].get_xdata()) == [4, 8, 16]
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    measured = [np.atleast_1d(line.get_ydata())[0] for line in dots]
    assert np.allclose(measured, lines["law"].get_ydata(), rtol=0.05)


def test_a_curve_that_follows_no_law_is_drawn_as_it_was_measured(study: Path) -> None:
    laws = read_answer(study / "scaling/laws.json", Laws)
    rows = read_rows(study / "scaling/training.parquet", TrainingRow)
    (curve,) = [one for one in laws.curves if one.curve == "resnet18-ddp"]
    nothing = dict.fromkeys(("speedup", "low", "high", "launch_low", "launch_high"))
    beyond = Prediction(workers=8, extrapolated=True, **nothing, not_foretold="no law fits")
    refused = curve.model_copy(update={"chosen": None, "predictions": [beyond]})

    figure = draw_laws(Laws(curves=[refused]), rows)

    axes, *_ = figure.axes
    assert axes.get_title(loc="left") == "DDP, resnet18: no single law"
    assert [line.get_label() for line in axes.lines if line.get_marker() == "o"][:1] == ["measured"]
    assert not {"law", "law, extrapolated"} & {line.get_label() for line in axes.lines}
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "2", "4", "8"]


def test_efficiency_bars_are_the_speedups_divided_by_the_cores(study: Path) -> None:
    rows = read_rows(study / "scaling/training.parquet", TrainingRow)
    [four] = [row for row in rows if row.point == "resnet18-ddp-4"]
    assert four.speedup_low is not None
    assert four.speedup_high is not None

    axes, *_ = draw_efficiency(rows).axes
    bars = [container.lines[2][0].get_segments()[0][:, 1] for container in axes.containers]

    assert any(np.allclose(bar, [four.speedup_low / 4, four.speedup_high / 4]) for bar in bars)


def test_a_block_that_does_not_count_has_no_learning_curve(study: Path) -> None:
    rows = read_rows(study / "scaling/training.parquet", TrainingRow)
    records = [record.read(path) for path in study.glob("training/records/*/*.json")]
    curves = draw_learning(rows, records).axes[1].lines

    assert counted(records, next(row for row in rows if row.point == STRAYS)) == []
    assert len(curves) == sum(row.blocks for row in rows)


def test_a_study_without_a_valid_point_has_figures_that_say_so(study: Path) -> None:
    nothing = {"validity": "invalid", "speedup": None, "seconds": None, "images_per_second": None, "blocks": 0}
    rows = [row.model_copy(update=nothing) for row in read_rows(study / "scaling/training.parquet", TrainingRow)]
    loaded = [row.model_copy(update=nothing) for row in read_rows(study / "scaling/loading.parquet", LoadingRow)]

    assert "No point has a speedup" in draw_speedup(rows).get_supxlabel()
    assert "No point has a speedup" in draw_efficiency(rows).get_supxlabel()
    assert "No law can be told" in draw_laws(Laws(curves=[]), rows).get_supxlabel()
    assert "No valid point" in draw_throughput(loaded, []).get_supxlabel()
    assert "No valid point" in draw_phases(loaded).get_supxlabel()
    assert "No valid point" in draw_curves(loaded).get_supxlabel()
    assert "No valid launch" in draw_learning(rows, []).get_supxlabel()
    assert "No valid launch" in draw_target(rows, [], Names()).get_supxlabel()
    assert "Nothing was seen" in draw_usage({}, Names()).get_supxlabel()


def test_a_figure_with_nothing_to_show_is_a_line_of_text(study: Path) -> None:
    rows = read_rows(study / "scaling/training.parquet", TrainingRow)

    for figure in (draw_laws(Laws(curves=[]), rows), draw_speedup([]), draw_curves([]), draw_steps([])):
        assert figure.axes == []
        assert figure.get_figheight() < 1


def test_a_strategy_has_one_colour_in_every_figure(study: Path) -> None:
    rows = read_rows(study / "scaling/training.parquet", TrainingRow)
    records = [record.read(path) for path in study.glob("training/records/*/*.json")]
    advice = read_answer(study / "scaling/recommendation.json", Recommendations)
    alone = [row for row in rows if row.strategy == "ddp"]

    [ddp] = colours_of(["ddp"]).values()

    assert ddp in {line.get_color() for line in draw_speedup(rows).axes[0].lines}
    assert ddp in {line.get_color() for line in draw_answer(rows, advice).axes[0].lines}
    curves = draw_learning(alone, records).axes[1].lines
    assert {line.get_color() for line in curves} == {ddp}
    assert colours_of(["fsdp", "ddp"])["ddp"] == ddp


def test_strategies_from_elsewhere_have_colours_that_no_other_has() -> None:
    colours = colours_of(["ddp", "amp", "zero", "serial"])

    assert len(set(colours.values())) == 4


def test_what_is_recommended_is_ringed_and_the_knee_is_a_line(study: Path) -> None:
    rows = read_rows(study / "scaling/training.parquet", TrainingRow)
    advice = read_answer(study / "scaling/recommendation.json", Recommendations)

    axes, legend = draw_answer(rows, advice).axes
    [ring] = [line for line in axes.lines if line.get_markerfacecolor() == "none" and len(line.get_xdata())]
    names = [text.get_text() for text in legend.get_legend().get_texts()]

    assert list(ring.get_xdata()) == [4]
    assert names == ["one process", "DDP", "ideal", "knee", "recommended"]


def test_forty_counts_have_numbers_that_do_not_meet(study: Path) -> None:
    rows = read_rows(study / "scaling/training.parquet", TrainingRow)
    two = next(row for row in rows if row.point == "resnet18-ddp-2")
    many = [two.model_copy(update={"point": f"resnet18-ddp-{n}", "workers": n, "cores": n}) for n in range(9, 49)]
    advice = read_answer(study / "scaling/recommendation.json", Recommendations)

    for figure in (draw_answer([*rows, *many], advice), draw_speedup([*rows, *many])):
        numbers = [int(label.get_text()) for label in figure.axes[0].get_xticklabels()]
        assert numbers[:4] == [1, 2, 4, 8]
        assert len(numbers) <= 11


def test_a_table_beside_each_figure_holds_what_it_shows(figures: Path) -> None:
    speedup = pd.read_csv(figures / "speedup.csv").set_index("point")

    assert STRAYS not in speedup.index
    assert speedup.loc["resnet18-ddp-4", "speedup"] == pytest.approx(3.3, abs=0.2)
    assert WRONG not in set(pd.read_csv(figures / "loading.csv")["point"])
    assert list(pd.read_csv(figures / "learning.csv")) == [
        "point",
        "block",
        "epoch",
        "seconds",
        "loss",
        "valid_accuracy",
    ]


def test_those_that_none_beats_in_cost_and_time_are_joined(study: Path) -> None:
    rows = read_rows(study / "scaling/training.parquet", TrainingRow)
    priced = [row.model_copy(update={"cost": 2.0}) for row in rows]

    assert pareto_front([(1, 9), (2, 5), (3, 5), (4, 6), (5, 1)]) == [(1, 9), (2, 5), (5, 1)]
    assert draw_costs(rows).axes[0].get_ylabel() == "core-hours"
    assert draw_costs(priced).axes[0].get_ylabel() == "cost"


def test_learning_is_drawn_by_epoch_and_by_time(study: Path) -> None:
    rows = [row for row in read_rows(study / "scaling/training.parquet", TrainingRow) if row.strategy == "ddp"]
    records = [record.read(path) for path in study.glob("training/records/*/*.json")]

    axes = draw_learning(rows, records).axes
    [first] = [one for one in records if one.point_id == rows[0].point and one.block == 1]
    assert first.quality is not None

    assert [one.get_xlabel() for one in axes] == ["epoch", "epoch", "training seconds", "training seconds"]
    assert list(axes[1].lines[0].get_xdata()) == [1, 2, 3, 4, 5, 6]
    assert axes[3].lines[0].get_xdata()[-1] == pytest.approx(sum(epoch.seconds for epoch in first.quality.epochs))


def test_points_without_intervals_are_said_to_have_none(study: Path) -> None:
    once = {"speedup_low": None, "speedup_high": None, "blocks": 1}
    rows = [row.model_copy(update=once) for row in read_rows(study / "scaling/training.parquet", TrainingRow)]

    figure = draw_speedup(rows)

    assert "no intervals: fewer than 3 blocks; n = 1 block." in " ".join(figure.get_supxlabel().split())
    assert figure.axes[0].containers == []
