"""The loading figures and Dask's task graph, of rows and tasks that are made up."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from scripts.loading.measuring.trace_dask import Trace
from scripts.report.figures.draw_dask_graph import draw_graph
from scripts.report.figures.loading.loading_curves import draw_curves
from scripts.report.figures.loading.loading_figures import draw_phases, draw_throughput
from scripts.scaling.tables.rows import LoadingRow
from scripts.scaling.tables.table_file import read_rows


@pytest.fixture(scope="module")
def serial(study: Path) -> LoadingRow:
    """A baseline of 100 images/s, in 3 blocks."""
    rows = read_rows(study / "scaling/loading.parquet", LoadingRow)
    return variant(next(row for row in rows if row.point == "serial-1"), "serial-1", 100.0)


def variant(row: LoadingRow, name: str, rate: float, **columns: Any) -> LoadingRow:
    """Another point, called `<backend>-<workers>-<chunk>`, with such columns."""
    backend, workers, chunk = [*name.split("-"), "1"][:3]
    ends = {"images_per_second_low": 0.9 * rate, "images_per_second_high": 1.1 * rate}
    of = {"point": name, "backend": backend, "workers": int(workers), "chunk": int(chunk), "blocks": 3}
    return row.model_copy(update=of | {"images_per_second": rate} | ends | columns)


def lines(axes: Axes) -> list[list[float]]:
    """The heights of each line that joins dots, the ideal one left out."""
    return [list(line.get_ydata()) for line in axes.lines if line.get_linestyle() == "-" and len(line.get_xdata()) > 1]


def texts(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts if text.get_text()]


def test_a_ceiling_is_a_line_with_its_name(serial: LoadingRow) -> None:
    ceiling = variant(serial, "decode_only-1", 130.0, ceiling=True)

    axes = draw_throughput([serial, ceiling], []).axes[0]

    assert [130.0, 130.0] in [list(line.get_xdata()) for line in axes.lines]
    assert texts(axes) == ["decode only: 130"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["serial"]


def test_a_ceiling_far_beyond_every_way_is_named_and_stretches_no_axis(serial: LoadingRow) -> None:
    ceiling = variant(serial, "headspace-1", 90_000.0, ceiling=True)

    axes = draw_throughput([serial, ceiling], []).axes[0]

    assert texts(axes) == ["headspace: 90,000 →"]
    assert axes.get_xlim()[1] < 200


def test_bars_of_throughput_are_the_intervals(serial: LoadingRow) -> None:
    figure = draw_throughput([serial], [])

    assert pytest.approx(list(figure.axes[0].lines[0].get_xdata())) == [90.0, 110.0]
    assert "95 % interval" in figure.get_supxlabel()


def test_cold_points_have_a_marker_of_their_own(serial: LoadingRow) -> None:
    cold = variant(serial, "serial-1", 50.0, point="serial-1-cold", page_cache="cold")

    figure = draw_throughput([serial, cold], [])
    markers = {line.get_marker() for line in figure.axes[0].lines} - {"None"}
    legend = figure.axes[1].get_legend()

    assert len(markers) == 2
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["1 worker", "warm page cache", "cold page cache"]


def test_ways_are_told_apart_by_what_differs(serial: LoadingRow) -> None:
    plain = variant(serial, "pool_map-2-16", 150.0, start_method="forkserver")
    spawned = variant(serial, "pool_map-2-4", 150.0, start_method="spawn")

    axes = draw_throughput([serial, plain, spawned], []).axes[0]

    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "pool map, chunk 16",
        "pool map, chunk 4, spawn",
        "serial",
    ]


def test_the_fastest_way_comes_first(serial: LoadingRow) -> None:
    slow, fast = variant(serial, "threads-2", 50.0), variant(serial, "processes-2", 180.0)

    axes = draw_throughput([serial, slow, fast], []).axes[0]

    assert [label.get_text() for label in axes.get_yticklabels()] == ["processes", "serial", "threads"]


def test_time_that_was_saved_stands_left_of_zero(serial: LoadingRow) -> None:
    parts = {"once": 0.4, "read": 0.3, "decode": 0.5, "transport": -0.2, "take": 0.1}
    columns = {f"{name}_seconds": seconds for name, seconds in parts.items()}
    row = variant(serial, "pool_map-2-16", 150.0, whole_seconds=sum(parts.values()), **columns)

    figure = draw_phases([row])
    bars = [one for one in figure.axes[0].patches if isinstance(one, Rectangle)]
    spans = np.array([[bar.get_x(), bar.get_x() + bar.get_width()] for bar in bars])

    assert spans == pytest.approx(np.array([[0, 0.4], [0.4, 0.7], [0.7, 1.2], [0, -0.2], [1.2, 1.3]]))
    assert "Left of 0" in figure.get_supxlabel()
    assert texts(figure.axes[0]) == ["1.10 s"]


def test_a_backend_is_drawn_over_workers_at_its_best_chunk(serial: LoadingRow) -> None:
    rates = {"pool_map-1-4": 90.0, "pool_map-2-4": 150.0, "pool_map-1-16": 80.0, "pool_map-2-16": 170.0}
    rows = [variant(serial, point, rate) for point, rate in rates.items()]

    workers, chunks = draw_curves([serial, *rows]).axes[:2]

    assert lines(workers) == [[80.0, 170.0]]
    assert [list(line.get_ydata()) for line in workers.lines if line.get_label() == "ideal"] == [[100.0, 200.0]]
    assert lines(chunks) == [[150.0, 170.0]]


def test_files_behind_a_network_have_a_panel_of_their_own(serial: LoadingRow) -> None:
    near = [variant(serial, f"threads-{workers}", 100.0 * workers) for workers in (1, 2)]
    far = [variant(serial, f"threads-{w}", 20.0 * w, source="remote", point=f"threads-{w}-remote") for w in (1, 8, 32)]

    warm, remote = draw_curves([serial, *near, *far]).axes[:2]

    assert (warm.get_title(loc="left"), lines(warm)) == ("warm page cache", [[100.0, 200.0]])
    assert (remote.get_title(loc="left"), lines(remote)) == ("remote", [[20.0, 160.0, 640.0]])


def test_twenty_backends_look_different(serial: LoadingRow) -> None:
    rows = [variant(serial, f"b{i:02d}-{workers}", 100.0 + i) for i in range(20) for workers in (1, 2)]

    legend = draw_curves([serial, *rows]).axes[1].get_legend()

    assert legend is not None
    names = [text.get_text() for text in legend.get_texts()]
    looks = {(line.get_color(), line.get_marker()) for line in legend.get_lines()}
    assert names == [*(f"b{i:02d}" for i in range(20)), "ideal"]
    assert len(looks) == 21


def test_a_task_stands_beside_those_that_it_waits_for() -> None:
    needs = {"join 0": ["mean 0", "mean 1"], "load 0": [], "load 1": [], "mean 0": ["load 0"], "mean 1": ["load 1"]}
    trace = Trace(images=9, chunk=3, chunks=3, drawn=2, workers=2, means=[1.0, 2.0, 3.0], needs=needs)

    figure = draw_graph(trace)
    places = {text.get_text(): text.get_position() for text in figure.axes[0].texts}

    assert places == {"load 0": (0, 0), "load 1": (0, -1), "mean 0": (1, 0), "mean 1": (1, -1), "join 0": (2, -0.5)}
    assert "9 images in 3 chunks of up to 3; here the first 2." in " ".join(figure.get_supxlabel().split())
