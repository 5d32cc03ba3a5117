"""The figures of earlier runs and of other machines."""

import re
from pathlib import Path

import pandas as pd
from helping import ROOT, Run

from scripts.report.figures.figure_parts import round_ticks, short
from scripts.report.figures.history_figures import PANELS, draw_history, table
from scripts.report.figures.machine_figures import draw_machines
from scripts.report.figures.style import COLOURS, PAPER
from scripts.scaling.history.history import Beside, ComparisonRow, History, Reading, Verdict

RUNS = ["results/v1", "results/v2", "results/new"]


def row(point: str, verdict: Verdict = "tied", ratio: float = 1.0, against: str = "one") -> ComparisonRow:
    ends = {"ratio": ratio, "low": 0.98 * ratio, "high": 1.02 * ratio, "after": 3 * ratio, "before": 3.0}
    slower = verdict == "slower"
    return ComparisonRow(stage="training", point=point, against=against, verdict=verdict, regression=slower, **ends)


def reading(point: str, run: str, value: float, differs: str = "", against: str = "one") -> Reading:
    ends = {"value": value, "low": 0.99 * value, "high": 1.01 * value, "blocks": 6}
    return Reading(run=run, stage="training", point=point, against=against, differs=differs, **ends)


def beside(machine: str, point: str, per_cost: float | None = None, currency: str = "EUR") -> Beside:
    rates = {"images_per_second": 100.0, "low": 99.0, "high": 101.0, "per_node": 100.0, "per_core": 25.0}
    about = {"run": "results/v1", "machine": machine, "stage": "training", "point": point}
    differs = f"cpu_model (Ours against {machine})" if machine != "Ours" else ""
    return Beside(**about, nodes=1, cores=4, gpus=0, **rates, per_cost=per_cost, currency=currency, differs=differs)


def history(*rows: ComparisonRow, readings: list[Reading] | None = None, side: list[Beside] | None = None) -> History:
    return History(
        runs=RUNS, confidence=0.95, comparisons=[*rows], readings=readings or [], beside=side or [], left_out=[]
    )


SLOWER = history(
    row("steady"),
    row("ddp-4", "slower", 0.9),
    readings=[reading("steady", run, 2.0) for run in RUNS]
    + [reading("ddp-4", RUNS[0], 3.1, "cpu_model (a against b)"), reading("ddp-4", RUNS[1], 3.0)]
    + [reading("ddp-4", RUNS[2], 2.7)],
)


def test_what_became_slower_has_the_first_panel_with_how_much() -> None:
    first, second, *_ = draw_history(SLOWER, ratios=True).axes

    assert first.get_title(loc="left") == "ddp-4\nagainst one"
    assert second.get_title(loc="left") == "steady\nagainst one"
    assert [text.get_text() for text in first.texts] == ["slower: 0.90 [0.88, 0.92]"]
    assert [text.get_text() for text in second.texts] == []
    line, *dots = first.lines
    assert (list(line.get_xdata()), list(line.get_ydata())) == ([2, 3], [3.0, 2.7])
    assert [(dot.get_marker(), dot.get_color()) for dot in dots[1:]] == [("o", COLOURS[0]), ("v", COLOURS[1])]


def test_a_run_on_another_machine_is_hollow_and_joined_with_nothing_and_has_no_rate_here() -> None:
    first, *_ = draw_history(SLOWER, ratios=True).axes
    assert [dot.get_markerfacecolor() == PAPER for dot in first.lines[1:]] == [True, False, False]
    rates = history(
        row("ddp-4", "tied", against=""),
        readings=[
            reading("ddp-4", RUNS[0], 900, "cpu_model (a against b)", against=""),
            reading("ddp-4", RUNS[2], 300, against=""),
        ],
    )

    axes, *_ = draw_history(rates, ratios=False).axes

    assert [list(dot.get_xdata()) for dot in axes.lines[1:]] == [[3]]


def test_all_panels_span_the_same_factor_so_that_noise_looks_like_noise() -> None:
    spans = [axes.get_ylim()[1] / axes.get_ylim()[0] for axes in draw_history(SLOWER, ratios=True).axes[:2]]

    assert abs(spans[0] / spans[1] - 1) < 1e-9
    assert spans[0] > 3.0 / 2.7


def test_of_many_statements_the_first_are_drawn_and_the_table_has_all() -> None:
    points = [f"p-{n}" for n in range(PANELS + 5)]
    found = history(*map(row, points), readings=[reading(point, RUNS[2], 2.0) for point in points])
    figure = draw_history(found, ratios=True)

    assert len([axes for axes in figure.axes if axes.get_title(loc="left")]) == PANELS
    assert f"{PANELS} of {PANELS + 5}; the CSV has all." in figure._supxlabel.get_text().replace("\n", " ")
    assert len(table(found, ratios=True)) == PANELS + 5


def test_two_machines_are_dots_in_a_row_and_their_differing_keys_are_named() -> None:
    found = history(side=[beside("Ours", "a", 5e6), beside("Theirs", "a", 4e6), beside("Ours", "b", 3e6)])
    figure = draw_machines(found, "training")

    titles = [axes.get_title(loc="left") for axes in figure.axes[:3]]
    assert titles == ["images/s of a node", "images/s of a core", "images for one EUR"]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["a", "b"]
    assert all(len(axes.lines) == 3 for axes in figure.axes[:3])
    assert "they differ in cpu_model (Ours against Theirs)" in figure._supxlabel.get_text().replace("\n", " ")


def test_prices_in_two_currencies_are_not_set_side_by_side() -> None:
    found = history(side=[beside("Ours", "a", 5e6), beside("Theirs", "a", 4e6, currency="USD")])

    price = draw_machines(found, "training").axes[2]

    assert [text.get_text() for text in price.texts] == ["prices are in\nEUR and USD"]
    assert len(price.lines) == 0


def test_without_prices_or_machines_a_line_says_so() -> None:
    unpriced = history(side=[beside("Ours", "a"), beside("Theirs", "a")])
    assert [text.get_text() for text in draw_machines(unpriced, "training").axes[2].texts] == [
        "no prices:\nscaling.prices"
    ]
    assert draw_machines(history(), "training").axes == []


def test_the_program_writes_each_figure_with_its_table(run: Run, tmp_path: Path) -> None:
    (tmp_path / "history.json").write_text(SLOWER.model_dump_json())

    program = ["python", "-m", "scripts.report.figures.draw_history"]
    run(ROOT, *program, "--history", str(tmp_path / "history.json"), "--folder", str(tmp_path / "made"))

    names = ["machines_loading", "machines_training", "rates", "ratios"]
    made = sorted(path.name for path in (tmp_path / "made").iterdir())
    assert made == sorted(f"{name}.{kind}" for name in names for kind in ("csv", "png", "svg"))
    assert "slower: 0.90 [0.88, 0.92]" in re.sub(r"\s+", " ", (tmp_path / "made/ratios.svg").read_text())
    assert list(pd.read_csv(tmp_path / "made/ratios.csv")["value"]) == [2.0, 2.0, 2.0, 3.1, 3.0, 2.7]


def test_ticks_of_a_logarithmic_axis_are_few_and_round() -> None:
    assert round_ticks(2.7, 3.3) == [2.8, 3.0, 3.2]
    assert round_ticks(58, 150) == [60.0, 80.0, 100.0, 120.0]  # 140 would touch its neighbour
    assert round_ticks(60, 1200) == [100.0, 200.0, 500.0, 1000.0]
    assert short(7_500_000) == "7.5 M"
    assert short(2500) == "2,500"
