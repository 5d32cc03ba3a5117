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
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pulp

from scripts.errors import UserError

Objective = Literal["makespan", "cost", "total_completion"]
SLOTS = 40


@dataclass(frozen=True)
class Option:
    """One way to run a training."""

    point: str
    workers: int
    cores_per_worker: int
    gpus_per_worker: int
    seconds: float
    cost: float

    @property
    def cores(self) -> int:
        return self.workers * self.cores_per_worker

    @property
    def gpus(self) -> int:
        return self.workers * self.gpus_per_worker


@dataclass(frozen=True)
class Pool:
    """The cluster."""

    nodes: int
    cores_per_node: int
    gpus_per_node: int

    def holds(self, option: Option) -> bool:
        """Whether it can run at all."""
        return self.room([(self.cores_per_node, self.gpus_per_node)] * self.nodes, option) is not None

    @staticmethod
    def room(free: Sequence[tuple[int, int]], option: Option) -> list[int] | None:
        """Workers on each node with these free cores and GPUs, on as few nodes as possible; None: no room."""
        left, found = option.workers, [0] * len(free)
        for node in sorted(range(len(free)), key=lambda node: -free[node][0]):
            cores, gpus = free[node]
            fit = cores // option.cores_per_worker
            if option.gpus_per_worker:
                fit = min(fit, gpus // option.gpus_per_worker)
            found[node] = min(left, fit)
            left -= found[node]
        return None if left else found


@dataclass(frozen=True)
class Limits:
    """What a plan must keep to."""

    deadline: float = math.inf  # seconds
    budget: float = math.inf


@dataclass(frozen=True)
class Placed:
    """A training of the plan."""

    job: str
    option: Option
    start: float  # seconds
    workers_on: tuple[int, ...]  # of each node

    @property
    def end(self) -> float:
        return self.start + self.option.seconds


@dataclass(frozen=True)
class Schedule:
    """A plan that can be run."""

    placed: tuple[Placed, ...]

    @property
    def makespan(self) -> float:
        return max(one.end for one in self.placed)

    @property
    def cost(self) -> float:
        return math.fsum(one.option.cost for one in self.placed)

    @property
    def total_completion(self) -> float:
        return math.fsum(one.end for one in self.placed)

    def value(self, objective: Objective) -> float:
        return float(getattr(self, objective))


Jobs = Mapping[str, Sequence[Option]]
Choice = dict[str, Option]


class InfeasibleError(Exception):
    """No plan keeps to the limits."""


def solve(jobs: Jobs, pool: Pool, objective: Objective, limits: Limits, seconds: float) -> tuple[Schedule, float]:
    """The best schedule found and a lower bound of its objective.

    Args:
        seconds: that each of the programs may take.

    Raises:
        UserError: the solver needs more time.
        InfeasibleError: no schedule was found that keeps to the limits; where even the bound breaks them, none exists.
    """
    chosen, bound = select(jobs, pool, objective, limits, seconds)
    candidates = [place(_longest_first(chosen), pool), place(_least_area_first(chosen), pool)]
    # Tighter selections leave room for what packing loses.
    for squeeze in (0.9, 0.8, 0.65):
        try:
            tighter, _ = select(jobs, pool, objective, limits, seconds, squeeze)
        except InfeasibleError:
            break
        candidates.append(place(_longest_first(tighter), pool))
    kept = [one for one in candidates if _keeps(one, limits)]
    best = min(kept, key=lambda one: one.value(objective), default=None)
    if best is None or best.value(objective) > bound * 1.001:
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
    program.solve(pulp.PULP_CBC_CMD(msg=False, timeLimit=seconds, gapRel=1e-6))
    if program.status == pulp.LpStatusInfeasible:
        raise InfeasibleError
    if program.sol_status != pulp.LpSolutionOptimal:
        raise UserError(f"plan.solver_seconds: found {seconds:g}; expected more: too few for {len(jobs)} trainings")
    chosen = {job: option_of[job, i] for (job, i), x in pick.items() if x.value() > 0.5}
    bound = float(pulp.value(program.objective))
    if objective == "total_completion":
        bound = max(bound, _squashed(jobs, pool))
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
    program.solve(pulp.PULP_CBC_CMD(msg=False, timeLimit=seconds, gapRel=1e-3))
    if program.sol_status not in {pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible}:
        return []
    found = sorted((key for key, x in starts.items() if (x.value() or 0) > 0.5), key=lambda key: key[2])
    return [(job, of[job, i, at]) for job, i, at in found]


def place(trainings: Iterable[tuple[str, Option]], pool: Pool) -> Schedule:
    """Each training in turn, as early as its workers find room; all must be able to run."""
    placed: list[Placed] = []
    for job, option in trainings:
        for start in sorted({0.0, *(one.end for one in placed)}):
            where = pool.room(_free(placed, pool, start, start + option.seconds), option)
            if where is not None:
                placed.append(Placed(job, option, start, tuple(where)))
                break
    return Schedule(tuple(sorted(placed, key=lambda one: (one.start, one.job))))


def _binary(program: pulp.LpProblem, name: str) -> pulp.LpVariable:
    return program.add_variable(name, cat=pulp.LpBinary)


def _free(placed: Sequence[Placed], pool: Pool, start: float, end: float) -> list[tuple[int, int]]:
    """Least free cores and GPUs of each node between two times."""
    during = [one for one in placed if one.start < end and one.end > start]
    moments = {start, *(one.start for one in during if one.start > start)}
    found = []
    for node in range(pool.nodes):
        used = [
            (
                sum(one.workers_on[node] * one.option.cores_per_worker for one in during if one.start <= t < one.end),
                sum(one.workers_on[node] * one.option.gpus_per_worker for one in during if one.start <= t < one.end),
            )
            for t in moments
        ]
        cores, gpus = max(cores for cores, _ in used), max(gpus for _, gpus in used)
        found.append((pool.cores_per_node - cores, pool.gpus_per_node - gpus))
    return found


def _longest_first(chosen: Choice) -> list[tuple[str, Option]]:
    return sorted(chosen.items(), key=lambda item: (-item[1].seconds, -item[1].cores, item[0]))


def _least_area_first(chosen: Choice) -> list[tuple[str, Option]]:
    return sorted(chosen.items(), key=lambda item: (item[1].cores * item[1].seconds, item[0]))


def _squashed(jobs: Jobs, pool: Pool) -> float:
    """A bound of the sum of ends: trainings, each of its least area, one after another on the whole cluster."""
    areas = sorted(min(option.cores * option.seconds for option in options) for options in jobs.values())
    ends, now = 0.0, 0.0
    for area in areas:
        now += area / (pool.nodes * pool.cores_per_node)
        ends += now
    return ends


def _slots(option: Option, slot: float) -> int:
    return max(1, math.ceil(option.seconds / slot - 1e-9))


def _keeps(one: Schedule, limits: Limits) -> bool:
    return one.makespan <= limits.deadline * (1 + 1e-9) and one.cost <= limits.budget * (1 + 1e-9)
