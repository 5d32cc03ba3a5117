"""The figures."""

import re
from pathlib import Path

import numpy as np
from quirks import STRAYS, WRONG
from quirks_programs import draw_figures

from scripts import record
from scripts.report.figures.law_figures import draw_laws
from scripts.report.figures.loading_curves import draw_curves
from scripts.report.figures.loading_figures import draw_phases, draw_throughput
from scripts.report.figures.scaling_figures import draw_efficiency, draw_speedup, line_name
from scripts.report.figures.style import PAPER
from scripts.report.figures.training_figures import draw_learning
from scripts.report.words.tables import counted
from scripts.scaling.answers.laws import Laws, Prediction
from scripts.scaling.tables.rows import LoadingRow, TrainingRow
from scripts.scaling.tables.table_file import read_answer, read_rows

NAMES = ["efficiency", "laws", "learning", "loading", "loading_curves", "loading_phases", "speedup", "usage"]


def words(svg: Path) -> str:
    """All text of a figure, in order of drawing."""
    return " ".join(re.findall(r"<(?:text|tspan)[^>]*>\s*([^<]*?)\s*</", svg.read_text()))


def test_equal_inputs_give_equal_bytes(study: Path, figures: Path, tmp_path: Path) -> None:
    draw_figures(study, tmp_path)

    again = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    assert sorted(again) == sorted(f"{name}.{kind}" for name in NAMES for kind in ("svg", "png"))
    assert again == {path.name: path.read_bytes() for path in figures.iterdir()}


def test_every_figure_says_its_n(figures: Path) -> None:
    assert all("n = " in words(figures / f"{name}.svg") for name in NAMES)


def test_figures_say_what_their_bars_are(figures: Path) -> None:
    assert "95 % interval" in words(figures / "speedup.svg")
    assert "95 % interval" in words(figures / "efficiency.svg")
    assert "block" in words(figures / "loading.svg").partition("bars: ")[2]


def test_invalid_points_are_not_drawn(figures: Path) -> None:
    assert "fsdp" not in words(figures / "speedup.svg")
    assert STRAYS not in words(figures / "learning.svg")
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
    assert titles == ["resnet18-serial-1", "resnet50-serial-1", "resnet18-serial-1-weak", "", ""]
    assert line_name(weak[1]) == line_name(rows[1]) == "ddp"
    names = [text.get_text() for text in figure.axes[-1].get_legend().get_texts()]
    assert names == ["serial", "ddp", "ideal"]
    colours = [axes.lines[-2].get_color() for axes in (figure.axes[0], figure.axes[2])]
    assert colours[0] == colours[1]


def test_the_law_is_drawn_through_what_was_measured_and_dotted_beyond(study: Path) -> None:
    laws = read_answer(study / "scaling/laws.json", Laws)
    rows = read_rows(study / "scaling/training.parquet", TrainingRow)

    axes, *_ = draw_laws(laws, rows).axes
    lines = {line.get_label(): line for line in axes.lines}

    assert axes.get_title(loc="left") == "resnet18-ddp: amdahl"
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
    assert axes.get_title(loc="left") == "resnet18-ddp: no single law"
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
    assert "no valid launch" in draw_learning(rows, []).get_suptitle()


def test_points_without_intervals_are_said_to_have_none(study: Path) -> None:
    once = {"speedup_low": None, "speedup_high": None, "blocks": 1}
    rows = [row.model_copy(update=once) for row in read_rows(study / "scaling/training.parquet", TrainingRow)]

    figure = draw_speedup(rows)

    assert "no intervals: fewer than 3 blocks; n = 1 block." in " ".join(figure.get_supxlabel().split())
    assert figure.axes[0].containers == []
