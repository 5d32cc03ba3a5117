"""How soon the target is reached, and what trainings used."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scripts import record
from scripts.report.figures.figure_tables import targets
from scripts.report.figures.training.target_figure import draw_target, reached_by
from scripts.report.figures.training.usage_figures import PANELS, by_second, draw_usage
from scripts.report.words.point_words import Names, names_of
from scripts.scaling.tables.rows import TrainingRow
from scripts.scaling.tables.table_file import read_rows


def test_the_target_is_shown_of_points_whose_launches_all_reached_it(study: Path) -> None:
    rows = read_rows(study / "scaling/training.parquet", TrainingRow)
    records = [record.read(path) for path in study.glob("training/records/*/*.json")]
    late = next(i for i, one in enumerate(records) if (one.point_id, one.block) == ("resnet18-ddp-2", 2))
    quality = records[late].quality
    assert quality is not None
    records[late] = records[late].model_copy(update={"quality": quality.model_copy(update={"seconds_to_target": None})})

    figure = draw_target(rows, records, names_of(rows))
    told = targets(reached_by(rows, records)).set_index("point")

    shown = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert shown[0] == "DDP, 4 workers, resnet18"  # the soonest
    assert "DDP, 2 workers, resnet18" not in shown
    assert "DDP, 2 workers, resnet18 (3 of 4)" in " ".join(figure.get_supxlabel().split())
    low, value, high = told.loc["resnet18-ddp-4", ["seconds_low", "seconds", "seconds_high"]]
    assert low < value < high
    assert value == pytest.approx(0.8 * 12.1, rel=0.03)
    assert told.loc["resnet18-ddp-2", "reached"] == 3
    assert np.isnan(told.loc["resnet18-ddp-2", "seconds"])


def test_what_was_used_has_a_line_of_panels_for_each_point_on_shared_axes() -> None:
    used = {"node": "a", "seconds": [1.0, 2.0, 3.0], "cpu_cores": [1.0, 2.0, 1.0], "memory_bytes": 2.0**30}
    none = dict.fromkeys((column for columns, _ in PANELS.values() for column in columns), 0.0)
    usage = {name: pd.DataFrame(none | used) for name in ("one", "two", "three")}

    axes = draw_usage(usage, Names()).axes

    assert [one.get_title(loc="left") for one in axes[:2]] == ["CPU, cores", "memory, GiB"]
    assert len(axes) == 3 * 2  # nothing was read, sent or done on a GPU
    assert axes[0].get_shared_y_axes().joined(axes[0], axes[4])
    assert axes[0].get_shared_x_axes().joined(axes[0], axes[5])
    assert [one.get_ylabel() for one in axes[::2]] == ["one", "two", "three"]


def test_a_long_launch_is_drawn_by_means_of_its_looks() -> None:
    table = pd.DataFrame({"seconds": np.arange(1000.0), "cpu_cores": np.arange(1000.0)})

    line = by_second(table, ["cpu_cores"])

    assert len(line) == 200
    assert list(line[:2]) == [2.0, 7.0]


def test_a_launch_too_short_for_a_look_leaves_its_panels_empty(tmp_path: Path) -> None:
    header = ",".join(["seconds", *dict.fromkeys(column for columns, _ in PANELS.values() for column in columns)])
    (tmp_path / "none.csv").write_text(header + "\n")
    none = pd.read_csv(tmp_path / "none.csv")
    some = pd.DataFrame({column: [1.0, 2.0] for column in none.columns})

    axes = draw_usage({"resnet18-serial-1": some, "resnet18-ddp-2": none}, Names()).axes

    assert len(axes) == 2 * len(PANELS)
    assert [len(one.lines[0].get_xdata()) for one in axes] == [2] * len(PANELS) + [0] * len(PANELS)
    assert "Nothing was seen" in draw_usage({"resnet18-ddp-2": none}, Names()).get_supxlabel()
