"""How should these trainings be run on this cluster: each in which measured way, and when?

Every training may be run as any valid point of the baseline that it is like; its seconds are those of the slower end
of the interval, times its work, so that the plan holds where the measurements' luck does not. See schedule.py for the
programs.

Input: `training.parquet`. Outputs: `plan.json` (scripts/scaling/plan/planned.py), `plan.csv`, a line for each training.
Where no plan is possible the first says why: say_plan ends with an error then, the page does not.

By hand: see the command that `snakemake -np` prints for rule make_plan.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pandas as pd

from scripts import cli
from scripts import format as show
from scripts.atomic import replacing, write_text
from scripts.errors import UserError
from scripts.scaling.answers.recommend import slowest_wall
from scripts.scaling.comparing.limits import LEAST_BLOCKS
from scripts.scaling.plan.place import Option, Placed, Pool, Schedule
from scripts.scaling.plan.planned import ParetoPoint, Plan, PlannedJob
from scripts.scaling.plan.schedule import InfeasibleError, Jobs, Limits, select, solve
from scripts.scaling.plan.what_binds import what_binds
from scripts.scaling.tables.rows import TrainingRow
from scripts.scaling.tables.table_file import read_rows
from scripts.spec import Spec

PARETO_POINTS = 6


class NoPlanError(Exception):
    """What was measured, the cluster and the limits allow no plan; the message says why."""


class JobSpec(Spec):
    name: str
    like: str | None
    times: float
    count: int


class ClusterSpec(Spec):
    nodes: int
    cores_per_node: int
    gpus_per_node: int


class PlanSpec(Spec):
    """As the config's `plan`, and what it takes from `scaling`."""

    jobs: list[JobSpec]
    cluster: ClusterSpec
    minimise: Literal["makespan", "cost", "total_completion"]
    deadline_seconds: float | None
    budget: float | None
    solver_seconds: float
    confidence: float
    currency: str

    @property
    def limits(self) -> Limits:
        return Limits(self.deadline_seconds or math.inf, self.budget or math.inf)


def plan(rows: Sequence[TrainingRow], spec: PlanSpec) -> Plan:
    """The plan of the config.

    Raises:
        UserError: there is nothing to plan, or a training is like no baseline, or has the name of another.
        NoPlanError: what was measured gives none: too few valid blocks, no room on the cluster, or no plan keeps to the
            limits, and which of them binds.
    """
    if not spec.jobs:
        raise UserError("plan.jobs: found none; expected the trainings to be planned, as [{name: final, times: 10}]")
    jobs, priced = options(rows, spec)
    pool = Pool(spec.cluster.nodes, spec.cluster.cores_per_node, spec.cluster.gpus_per_node)
    for job, some in jobs.items():
        if not any(map(pool.holds, some)):
            least = min(some, key=lambda one: (one.gpus, one.cores))
            raise NoPlanError(
                f"plan.cluster: {job} finds no room: the least it was measured with is {least.cores} cores and "
                f"{least.gpus} GPUs, {least.cores_per_worker} and {least.gpus_per_worker} a worker"
            )
    on_gpus = all(option.gpus for some in jobs.values() for option in some)
    unit = (spec.currency or "of cost") if priced else "GPU-hours" if on_gpus else "core-hours"
    try:
        found, bound = solve(jobs, pool, spec.minimise, spec.limits, spec.solver_seconds)
    except InfeasibleError:
        raise NoPlanError(what_binds(jobs, pool, spec.limits, unit, spec.solver_seconds)) from None
    front = pareto(jobs, pool, found, spec)
    # Of plans that are as good, the cheapest.
    found = min([found, *front], key=lambda one: (round(one.value(spec.minimise), 6), one.cost))
    value = found.value(spec.minimise)
    gap = max(0.0, (value - bound) / bound) if bound else 0.0
    result = Plan(
        objective=spec.minimise,
        unit_of_cost=unit,
        cores_per_node=spec.cluster.cores_per_node,
        nodes=spec.cluster.nodes,
        jobs=[_planned(one) for one in found.placed],
        makespan_seconds=found.makespan,
        cost=found.cost,
        total_completion_seconds=found.total_completion,
        bound=bound,
        gap=gap,
        pareto=[ParetoPoint(makespan_seconds=one.makespan, cost=one.cost) for one in front],
        sentences=[],
    )
    return result.model_copy(update={"sentences": [_sentence(found, gap, unit, spec)]})


def no_plan(why: str, spec: PlanSpec) -> Plan:
    """A plan of nothing, and why."""
    return Plan(
        objective=spec.minimise,
        unit_of_cost="",
        cores_per_node=spec.cluster.cores_per_node,
        jobs=[],
        nodes=spec.cluster.nodes,
        makespan_seconds=0.0,
        cost=0.0,
        total_completion_seconds=0.0,
        bound=0.0,
        gap=0.0,
        pareto=[],
        sentences=[f"Nothing is planned: {why}."],
    )


def options(rows: Sequence[TrainingRow], spec: PlanSpec) -> tuple[dict[str, list[Option]], bool]:
    """The ways to run each training, none beaten in both cores and seconds; and whether they have prices."""
    able = [row for row in rows if row.blocks >= LEAST_BLOCKS and not row.has("oversubscribed")]
    baselines = list(dict.fromkeys(row.baseline for row in rows))
    priced = bool(able) and all(row.cost is not None for row in able)
    on_gpus = all(row.gpu_hours is not None for row in able)
    found: dict[str, list[Option]] = {}
    for i, job in enumerate(spec.jobs):
        like = job.like or (baselines[0] if len(baselines) == 1 else None)
        if like not in baselines:
            raise UserError(
                f"plan.jobs[{i}].like: found {job.like!r}; expected one of the baselines: {', '.join(baselines)}"
            )
        costs = {row.point: row.cost if priced else row.gpu_hours if on_gpus else row.core_hours for row in able}
        mine = [
            _option(row, job.times, costs[row.point] or 0.0, spec.confidence) for row in able if row.baseline == like
        ]
        if not mine:
            raise NoPlanError(
                f"plan.jobs[{i}]: of the points of {like}, which {job.name} is like, none has {LEAST_BLOCKS} or more "
                "valid blocks and cores enough"
            )
        kept = [one for one in mine if not any(_beats(other, one) for other in mine)]
        for number in range(1, job.count + 1):
            name = job.name if job.count == 1 else f"{job.name}.{number}"
            if name in found:
                raise UserError(f"plan.jobs[{i}].name: found {name} twice; expected one of its own for each training")
            found[name] = kept
    return found, priced


def pareto(jobs: Jobs, pool: Pool, found: Schedule, spec: PlanSpec) -> list[Schedule]:
    """Plans from the cheapest to the fastest, those left out that another beats in both."""
    deadline = spec.limits.deadline
    seconds = spec.solver_seconds / 4
    least = found.cost
    try:
        _, least = select(jobs, pool, "cost", Limits(deadline), seconds)
        most = solve(jobs, pool, "makespan", Limits(deadline), seconds)[0].cost
    except InfeasibleError:
        most = found.cost
    plans = [found]
    for i in range(PARETO_POINTS):
        budget = least + (most - least) * i / (PARETO_POINTS - 1)
        try:
            plans.append(solve(jobs, pool, "makespan", Limits(deadline, budget * (1 + 1e-9)), seconds)[0])
        except InfeasibleError:
            continue
    ordered = sorted(plans, key=lambda one: (round(one.makespan, 6), one.cost))
    front: list[Schedule] = []
    for one in ordered:
        if not front or one.cost < front[-1].cost * (1 - 1e-9):
            front.append(one)
    return front


def _option(row: TrainingRow, times: float, cost: float, confidence: float) -> Option:
    """A way to run a training of `times` the work; `cost` is that of a launch of the row's."""
    seconds = times * slowest_wall(row, confidence)
    assert row.wall_seconds is not None, "a valid row has them"
    return Option(
        point=row.point,
        workers=row.workers,
        cores_per_worker=row.cores // row.workers,
        gpus_per_worker=1 if row.device == "cuda" else 0,
        seconds=seconds,
        cost=cost * seconds / row.wall_seconds,
    )


def _beats(one: Option, other: Option) -> bool:
    """No worse in cores, GPUs, seconds and cost, and better in one; of equals the first stays."""
    mine, others = ((o.cores, o.gpus, o.seconds, o.cost) for o in (one, other))
    return mine != others and all(a <= b for a, b in zip(mine, others, strict=True))


def _planned(one: Placed) -> PlannedJob:
    option = one.option
    minutes = math.ceil(option.seconds / 60)
    words = [
        *("sbatch", f"--job-name={one.job}", f"--nodes={sum(count > 0 for count in one.workers_on)}"),
        *(f"--ntasks={option.workers}", f"--cpus-per-task={option.cores_per_worker}"),
        *([f"--gpus-per-task={option.gpus_per_worker}"] if option.gpus_per_worker else []),
        f"--time={minutes}",
    ]
    return PlannedJob(
        job=one.job,
        point=option.point,
        workers=option.workers,
        cores=option.cores,
        gpus=option.gpus,
        start_seconds=one.start,
        end_seconds=one.end,
        cost=option.cost,
        workers_on=list(one.workers_on),
        sbatch=" ".join(words),
    )


def _sentence(found: Schedule, gap: float, unit: str, spec: PlanSpec) -> str:
    n = len(found.placed)
    what = {"makespan": "The last end", "cost": "Cost", "total_completion": "The sum of ends"}[spec.minimise]
    sure = "the least there is" if gap < 1e-3 else f"at most {show.percent(round(gap, 3))} above the least"
    return (
        f"{n} training{'' if n == 1 else 's'} on {spec.cluster.nodes} x {spec.cluster.cores_per_node} cores end after "
        f"{show.number(found.makespan)} s and cost {show.number(found.cost)} {unit}. {what} is {sure}. Predicted from "
        f"the slower ends of {show.percent(spec.confidence)} intervals."
    )


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--training", type=Path, required=True)
    parser.add_argument("--plan", type=Path, required=True)
    parser.add_argument("--csv", type=Path, required=True)
    parser.add_argument("--spec", type=PlanSpec.model_validate_json, required=True)
    args = parser.parse_args()
    rows = read_rows(args.training, TrainingRow)
    try:
        found = plan(rows, args.spec)
    except NoPlanError as error:
        found = no_plan(str(error), args.spec)
    table = pd.DataFrame([one.model_dump() for one in found.jobs], columns=list(PlannedJob.model_fields))
    with replacing(args.csv) as temporary:
        table.to_csv(temporary, index=False, float_format="%.6g")
    write_text(args.plan, found.model_dump_json(indent=1) + "\n")
    for sentence in found.sentences:
        cli.log.info("%s", sentence)


if __name__ == "__main__":
    cli.run(main)
