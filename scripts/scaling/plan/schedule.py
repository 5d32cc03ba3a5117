"""Which configuration for each training, and when: integer programs (PuLP, CBC), and a list schedule on real nodes.

A training's configurations are measured points: workers with their cores, GPUs and seconds. All its workers start
together, each wholly on one node. Three steps:

1. `select`: one configuration a training, by an integer program in continuous time. Areas (cores x seconds) fit under
   the makespan, no training is longer than it. What it minimises is a lower bound of every schedule.
2. `order`: starts, by a time-indexed integer program over slots (Pritsker et al., Management Science 16(1), 1969), in
   which configurations may change again; the cluster is one pool there.
3. `place`: trainings in that order, each as early as its workers find room on the nodes. This is the plan: slots and
   pools leave no trace in it. The gap to the bound says how far from the best it may be.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pulp
from scipy import optimize

from scripts.errors import UserError
from scripts.scaling.plan.place import Objective, Option, Pool, Schedule, place

SLOTS = 40
MOST_STARTS = 20_000  # of an order's program: beyond, the list schedules stand


@dataclass(frozen=True)
class Limits:
    """What a plan must keep to."""

    deadline: float = math.inf  # seconds
    budget: float = math.inf


Jobs = Mapping[str, Sequence[Option]]
Choice = dict[str, Option]


class InfeasibleError(Exception):
    """No plan keeps to the limits."""


def solve(jobs: Jobs, pool: Pool, objective: Objective, limits: Limits, seconds: float) -> tuple[Schedule, float]:
    """The best schedule found and a lower bound of its objective.

    Args:
        seconds: of a core that each of the programs may take.

    Raises:
        UserError: the solver needs more time.
        InfeasibleError: no schedule was found that keeps to the limits; where even the bound breaks them, none exists.
    """
    chosen, bound = select(jobs, pool, objective, limits, seconds)
    candidates = [place(_longest_first(chosen), pool), place(_least_area_first(chosen), pool)]
    if objective == "total_completion":
        for resource in ("cores", "gpus"):
            least, ordered = _least_total(jobs, pool, resource)
            bound = max(bound, least)
            candidates.append(place(ordered, pool))
    # Tighter selections leave room for what packing loses.
    for squeeze in (0.9, 0.85, 0.8, 0.75, 0.65):
        try:
            tighter, _ = select(jobs, pool, objective, limits, seconds, squeeze)
        except InfeasibleError:
            break
        candidates.append(place(_longest_first(tighter), pool))
    kept = [one for one in candidates if _keeps(one, limits)]
    best = min(kept, key=lambda one: one.value(objective), default=None)
    small = SLOTS * sum(map(len, jobs.values())) <= MOST_STARTS
    if small and (best is None or best.value(objective) > bound * 1.001):
        horizon = min(limits.deadline, *(one.makespan for one in candidates))
        ordered = order(jobs, pool, objective, limits, horizon, seconds)
        again = [place(ordered, pool)] if ordered else []
        best = min(
            [*([best] if best else []), *(one for one in again if _keeps(one, limits))],
            key=lambda one: one.value(objective),
            default=None,
        )
    if best is None:
        raise InfeasibleError
    return best, bound


def select(
    jobs: Jobs, pool: Pool, objective: Objective, limits: Limits, seconds: float, squeeze: float = 1.0
) -> tuple[Choice, float]:
    """One configuration a training, and the least value that any schedule can have.

    Args:
        squeeze: share of the cluster's cores and GPUs that areas may fill; below 1 the bound is none.
    """
    program = pulp.LpProblem("select", pulp.LpMinimize)
    pick = {
        (job, i): _binary(program, f"x_{n}_{i}")
        for n, (job, options) in enumerate(jobs.items())
        for i, option in enumerate(options)
        if option.seconds <= limits.deadline and pool.holds(option)
    }
    deadline = None if math.isinf(limits.deadline) else limits.deadline
    makespan = program.add_variable("makespan", 0, deadline)
    option_of = {(job, i): jobs[job][i] for job, i in pick}
    cost = pulp.lpSum(option_of[key].cost * x for key, x in pick.items())
    ends = pulp.lpSum(option_of[key].seconds * x for key, x in pick.items())
    program += {"makespan": makespan, "cost": cost, "total_completion": ends}[objective]
    for job in jobs:
        mine = {key: x for key, x in pick.items() if key[0] == job}
        if not mine:
            raise InfeasibleError
        program += pulp.lpSum(mine.values()) == 1
        program += pulp.lpSum(option_of[key].seconds * x for key, x in mine.items()) <= makespan
    for resource, capacity in (("cores", pool.cores_per_node), ("gpus", pool.gpus_per_node)):
        area = pulp.lpSum(getattr(option_of[key], resource) * option_of[key].seconds * x for key, x in pick.items())
        program += area <= squeeze * pool.nodes * capacity * makespan
    if math.isfinite(limits.budget):
        program += cost <= limits.budget
    program.solve(_solver(seconds, 1e-6))
    if program.status == pulp.LpStatusInfeasible:
        raise InfeasibleError
    if program.sol_status != pulp.LpSolutionOptimal:
        raise UserError(f"plan.solver_seconds: found {seconds:g}; expected more: too few for {len(jobs)} trainings")
    chosen = {job: option_of[job, i] for (job, i), x in pick.items() if x.value() > 0.5}
    bound = float(pulp.value(program.objective) or 0.0)  # None where all costs are 0
    return chosen, bound


def order(
    jobs: Jobs, pool: Pool, objective: Objective, limits: Limits, horizon: float, seconds: float
) -> list[tuple[str, Option]]:
    """Trainings with a configuration each, in order of their starts; empty where the solver finds nothing in time."""
    slot = horizon / SLOTS
    program = pulp.LpProblem("order", pulp.LpMinimize)
    starts = {
        (job, i, at): _binary(program, f"x_{n}_{i}_{at}")
        for n, (job, options) in enumerate(jobs.items())
        for i, option in enumerate(options)
        if pool.holds(option)
        for at in range(SLOTS - _slots(option, slot) + 1)
    }
    of = {key: jobs[key[0]][key[1]] for key in starts}
    last = program.add_variable("last", 0, SLOTS)
    cost = pulp.lpSum(of[key].cost * x for key, x in starts.items())
    ends = pulp.lpSum((key[2] + of[key].seconds / slot) * x for key, x in starts.items())
    # Ties are broken by ends, so that nothing waits for no reason.
    program += {"makespan": last, "cost": cost, "total_completion": ends}[objective] + 1e-4 * ends / len(jobs)
    for job in jobs:
        mine = [(key, x) for key, x in starts.items() if key[0] == job]
        program += pulp.lpSum(x for _, x in mine) == 1
        program += pulp.lpSum((key[2] + of[key].seconds / slot) * x for key, x in mine) <= last
    for at in range(SLOTS):
        running = [(key, x) for key, x in starts.items() if key[2] <= at < key[2] + _slots(of[key], slot)]
        program += pulp.lpSum(of[key].cores * x for key, x in running) <= pool.nodes * pool.cores_per_node
        program += pulp.lpSum(of[key].gpus * x for key, x in running) <= pool.nodes * pool.gpus_per_node
    if math.isfinite(limits.budget):
        program += cost <= limits.budget
    program.solve(_solver(seconds, 1e-3))
    if program.sol_status not in {pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible}:
        return []
    found = sorted((key for key, x in starts.items() if (x.value() or 0) > 0.5), key=lambda key: key[2])
    return [(job, of[job, i, at]) for job, i, at in found]


def _solver(seconds: float, gap: float) -> pulp.LpSolver:
    # CPU seconds: what else runs on the machine does not change the plan.
    return pulp.PULP_CBC_CMD(msg=False, timeLimit=seconds, timeMode="cpu", gapRel=gap)


def _binary(program: pulp.LpProblem, name: str) -> pulp.LpVariable:
    return program.add_variable(name, cat=pulp.LpBinary)


def _longest_first(chosen: Choice) -> list[tuple[str, Option]]:
    return sorted(chosen.items(), key=lambda item: (-item[1].seconds, -item[1].cores, item[0]))


def _least_area_first(chosen: Choice) -> list[tuple[str, Option]]:
    return sorted(chosen.items(), key=lambda item: (item[1].cores * item[1].seconds, item[0]))


def _least_total(jobs: Jobs, pool: Pool, resource: Literal["cores", "gpus"]) -> tuple[float, list[tuple[str, Option]]]:
    """A bound of the sum of ends, and the trainings as it takes them, in order.

    Mean busy times of trainings that share `capacity` freely add up to least in order of their areas a (Queyranne,
    Mathematical Programming 58, 1993), and a training ends half its seconds p after its own: with k trainings that are
    not before it, itself one, it adds k a / capacity + (p - a / capacity) / 2. Which configuration, and which place in
    the order, is an assignment.
    """
    capacity = pool.nodes * (pool.cores_per_node if resource == "cores" else pool.gpus_per_node)
    able = {job: [option for option in options if pool.holds(option)] for job, options in jobs.items()}
    places = np.arange(len(jobs), 0, -1)  # how many are not before
    seconds = [np.array([option.seconds for option in options]) for options in able.values()]
    areas = [
        np.array([getattr(option, resource) * option.seconds for option in options]) / max(1, capacity)
        for options in able.values()
    ]
    added = [np.add.outer(places, -0.5)[:, None] * a + p / 2 for p, a in zip(seconds, areas, strict=True)]
    rows, columns = optimize.linear_sum_assignment([table.min(axis=1) for table in added])
    names = list(able)
    ordered = sorted(zip(map(int, columns), map(int, rows), strict=True))
    chosen = [(names[n], able[names[n]][int(added[n][at].argmin())]) for at, n in ordered]
    return math.fsum(float(added[n][at].min()) for at, n in ordered), chosen


def _slots(option: Option, slot: float) -> int:
    return max(1, math.ceil(option.seconds / slot - 1e-9))


def _keeps(one: Schedule, limits: Limits) -> bool:
    return one.makespan <= limits.deadline * (1 + 1e-9) and one.cost <= limits.budget * (1 + 1e-9)
