"""Which limit stands in the way of a plan, and what would do instead?"""

import math
from dataclasses import replace
from typing import Literal

from scripts import format as show
from scripts.scaling.plan.place import Pool
from scripts.scaling.plan.schedule import InfeasibleError, Jobs, Limits, solve

MOST_NODES = 64  # times as many, that an infeasible plan is tried on


def what_binds(jobs: Jobs, pool: Pool, limits: Limits, unit: str, seconds: float) -> str:
    """What would have to give: each limit alone, or more nodes."""
    said = []
    if math.isfinite(limits.deadline):
        least = _least(jobs, pool, "makespan", Limits(budget=limits.budget), seconds)
        if least is not None:
            said.append(f"plan.deadline_seconds: {show.number(limits.deadline)} binds; {math.ceil(least)} would do")
    if math.isfinite(limits.budget):
        least = _least(jobs, pool, "cost", Limits(limits.deadline), seconds)
        if least is not None:
            said.append(f"plan.budget: {show.number(limits.budget)} binds; {_rounded_up(least)} {unit} would do")
    nodes = pool.nodes + 1
    while math.isfinite(limits.deadline) and nodes <= MOST_NODES * pool.nodes:
        if _least(jobs, replace(pool, nodes=nodes), "makespan", limits, seconds) is not None:
            said.append(f"plan.cluster.nodes: {pool.nodes} bind; {nodes} would do")
            break
        nodes += max(1, nodes // 4)
    why = "; or ".join(said) or "neither limit alone can be met: loosen both"
    return f"no plan of {len(jobs)} trainings was found that keeps to the limits: {why}"


def _least(
    jobs: Jobs, pool: Pool, objective: Literal["makespan", "cost"], limits: Limits, seconds: float
) -> float | None:
    try:
        return solve(jobs, pool, objective, limits, seconds)[0].value(objective)
    except InfeasibleError:
        return None


def _rounded_up(value: float) -> str:
    """Three significant digits that are not less."""
    unit = 10.0 ** (math.floor(math.log10(value)) - 2)
    return show.number(math.ceil(value / unit - 1e-9) * unit)
