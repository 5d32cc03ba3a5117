"""What tasks does Dask split a loading job into? The graph that trace_dask keeps, a column for each step.

Input: `dask_graph.json`. Outputs, in --folder: `dask_graph.svg` and `.png`.

By hand:
    python -m scripts.report.figures.draw_dask_graph --graph results/demo/loading/dask_graph.json --folder figures
"""

import statistics
from pathlib import Path

import networkx as nx
from matplotlib.figure import Figure

from scripts import cli
from scripts.loading.measuring.trace_dask import Trace
from scripts.report.figures.figure_parts import entitle, save, start
from scripts.report.figures.style import COLOURS, INK, MUTED, PAPER, styled

KINDS = dict(zip(("load", "mean", "join"), COLOURS, strict=False))


def draw_graph(trace: Trace) -> Figure:
    """Tasks as boxes of their kind's colour: in columns of those that could run at once, beside what they wait for."""
    graph = nx.DiGraph()
    graph.add_nodes_from(trace.needs)
    graph.add_edges_from((need, task) for task, needs in trace.needs.items() for need in needs)
    places: dict[str, tuple[float, float]] = {}
    for step, tasks in enumerate(nx.topological_generations(graph)):
        for row, task in enumerate(tasks):
            needs = trace.needs[task]
            places[task] = (step, statistics.mean(places[need][1] for need in needs) if needs else -row)
    figure, axes = start(1.0 + 0.2 * max(trace.drawn, 4))
    nx.draw_networkx_edges(graph, places, ax=axes, edge_color=MUTED, width=0.7, arrows=False)
    for kind, colour in KINDS.items():
        names = {task: task for task in trace.needs if task.startswith(kind)}
        box = {"boxstyle": "round,pad=0.25", "facecolor": PAPER, "edgecolor": colour}
        nx.draw_networkx_labels(graph, places, names, ax=axes, font_size=7, font_color=INK, bbox=box)
    axes.set_axis_off()
    axes.margins(0.1, 0.02)
    part = "" if trace.drawn == trace.chunks else f"; here the first {trace.drawn}"
    said = (
        f"{trace.images:,} images in {trace.chunks} chunks of up to {trace.chunk}{part}. Each chunk is loaded, "
        "its mean colour taken, and the means joined to one, all on "
        f"{trace.workers} worker process{'es' if trace.workers > 1 else ''}."
    )
    entitle(figure, "Dask's task graph", said)
    return figure


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--graph", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    args = parser.parse_args()
    trace = Trace.model_validate_json(args.graph.read_text(encoding="utf-8"))
    with styled():
        save(draw_graph(trace), args.folder, "dask_graph")


if __name__ == "__main__":
    cli.run(main)
