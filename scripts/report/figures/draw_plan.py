"""The figures of a plan: who holds which cores when, and what a faster end costs.

Input: `plan.json`. Outputs, in --folder: `gantt` and `pareto`, each as `.svg`, `.png` and `.csv`.

By hand:
    python -m scripts.report.figures.draw_plan --plan results/demo/scaling/plan.json --folder figures
"""

from itertools import cycle
from pathlib import Path

from matplotlib.figure import Figure

from scripts import cli
from scripts import format as show
from scripts.report.figures import figure_tables
from scripts.report.figures.figure_parts import WIDTH, entitle, nothing, save, start
from scripts.report.figures.style import COLOURS, MUTED, styled
from scripts.scaling.plan.planned import Plan, PlannedJob
from scripts.scaling.tables.table_file import read_answer

DRAWN = 40  # nodes at most
NAMED = 0.06  # of the makespan: a shorter bar has no room for a name


def draw_gantt(plan: Plan) -> Figure:
    """A row of bars for each node: width is time, height the cores held."""
    nodes = min(DRAWN, plan.nodes)
    figure = Figure(figsize=(WIDTH, 1.6 + 1.1 * nodes), layout="constrained")
    rows = figure.subplots(nodes, 1, sharex=True, squeeze=False)[:, 0]
    colours = dict(zip((job.job for job in plan.jobs), cycle(COLOURS), strict=False))
    for node, axes in enumerate(rows):
        for job, bottom, height in stacked(plan.jobs, node):
            width = job.end_seconds - job.start_seconds
            axes.bar(job.start_seconds, height, width, bottom, align="edge", color=colours[job.job], edgecolor="white")
            if width > NAMED * plan.makespan_seconds:
                middle = job.start_seconds + width / 2
                axes.text(middle, bottom + height / 2, job.job, ha="center", va="center", fontsize=7, color="white")
        axes.set_ylabel(f"node {node + 1}\ncores")
        axes.set_ylim(0, plan.cores_per_node)
    rows[-1].set_xlabel("seconds")
    rest = plan.nodes - nodes
    left_out = f" The first {nodes} nodes; {rest} more are not drawn." if rest else ""
    entitle(figure, "Plan", plan.sentences[0] + left_out)
    return figure


def stacked(jobs: list[PlannedJob], node: int) -> list[tuple[PlannedJob, float, float]]:
    """Of the trainings on a node: the lowest core that is free all along, and how many are held."""
    placed: list[tuple[PlannedJob, float, float]] = []
    for job in jobs:
        height = job.cores // job.workers * job.workers_on[node]
        if not height:
            continue
        beside = [
            (bottom, bottom + tall)
            for other, bottom, tall in placed
            if other.start_seconds < job.end_seconds and other.end_seconds > job.start_seconds
        ]
        bottoms = [0.0, *(top for _, top in beside)]
        free = [at for at in bottoms if all(at >= top or at + height <= bottom for bottom, top in beside)]
        placed.append((job, min(free), height))
    return placed


def draw_pareto(plan: Plan) -> Figure:
    """Cost against the end of the last training."""
    front = plan.pareto
    if not front:
        return nothing("What a faster end costs", "There is no plan.")
    figure, axes = start(3.2)
    ends, costs = [one.makespan_seconds for one in front], [one.cost for one in front]
    axes.step(ends, costs, where="post", color=MUTED, linewidth=1)
    axes.plot(ends, costs, "o", color=COLOURS[0], label="plans")
    axes.plot(plan.makespan_seconds, plan.cost, "s", color=COLOURS[1], label="the plan")
    axes.legend(loc="best")
    said = f"From {show.number(ends[0])} s to {show.number(ends[-1])} s. Predicted."
    axes.set_xlabel("last end, seconds")
    axes.set_ylabel(f"cost, {plan.unit_of_cost}")
    entitle(figure, "What a faster end costs", said)
    return figure


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--plan", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    args = parser.parse_args()
    plan = read_answer(args.plan, Plan)
    with styled():
        save(draw_gantt(plan), args.folder, "gantt", figure_tables.planned(plan))
        save(draw_pareto(plan), args.folder, "pareto", figure_tables.front(plan))


if __name__ == "__main__":
    cli.run(main)
