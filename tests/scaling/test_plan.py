"""Plans against brute force, and what cannot be planned."""

import itertools
import json
import math
from collections.abc import Sequence

import numpy as np
import pytest
from rows_of import rows_of

from scripts.errors import UserError
from scripts.scaling.plan.make_plan import ClusterSpec, JobSpec, NoPlanError, PlanSpec, plan
from scripts.scaling.plan.place import Objective, Option, Pool, Schedule, place
from scripts.scaling.plan.planned import Plan
from scripts.scaling.plan.schedule import InfeasibleError, Limits, solve
from scripts.scaling.tables.costs import Prices

pytestmark = pytest.mark.slow  # solvers use the seconds they are given

SPEEDUPS = {"serial-1": [1.0, 1.01, 0.99], "ddp-2": [1.8, 1.81, 1.79], "ddp-4": [3.0, 3.02, 2.98]}


def option(cores: int, seconds: float) -> Option:
    return Option(f"p-{cores}", cores, 1, 0, seconds, cores * seconds)


def drawn(rng: np.random.Generator, jobs: int, configurations: int) -> dict[str, list[Option]]:
    """Trainings whose speedup falls short of ideal, in whole seconds."""
    found = {}
    for job in range(jobs):
        work, serial = rng.integers(8, 30), rng.uniform(0.02, 0.3)
        cores = [2**i for i in range(configurations)]
        found[f"j{job}"] = [option(n, float(math.ceil(work * (serial + (1 - serial) / n)))) for n in cores]
    return found


def brute_force(jobs: dict[str, list[Option]], pool: Pool, objective: Objective, limits: Limits) -> float:
    """Every choice of configurations in every order, each training as early as it fits."""
    values = [math.inf]
    for chosen in itertools.product(*jobs.values()):
        for some in itertools.permutations(zip(jobs, chosen, strict=True)):
            found = place(some, pool)
            if found.makespan <= limits.deadline and found.cost <= limits.budget:
                values.append(found.value(objective))
    return min(values)


def check(found: Schedule, jobs: dict[str, list[Option]], pool: Pool) -> None:
    """It runs each training once, and never asks a node for more than it has."""
    assert sorted(one.job for one in found.placed) == sorted(jobs)
    for moment in (one.start for one in found.placed):
        for node in range(pool.nodes):
            running = [one for one in found.placed if one.start <= moment < one.end]
            assert sum(one.workers_on[node] for one in running) <= pool.cores_per_node


@pytest.mark.parametrize("objective", ["makespan", "cost", "total_completion"])
@pytest.mark.parametrize("seed", range(4))
def test_small_plans_are_as_good_as_brute_force(seed: int, objective: Objective) -> None:
    rng = np.random.default_rng(seed)
    jobs, pool = drawn(rng, 4, 3), Pool(1, 4, 0)
    best = brute_force(jobs, pool, objective, Limits())

    found, bound = solve(jobs, pool, objective, Limits(), 20)

    check(found, jobs, pool)
    assert bound <= best * (1 + 1e-6)
    assert found.value(objective) == pytest.approx(best)


@pytest.mark.parametrize("seed", range(3))
def test_a_deadline_is_met_at_the_least_cost(seed: int) -> None:
    rng = np.random.default_rng(10 + seed)
    jobs, pool = drawn(rng, 4, 3), Pool(1, 4, 0)
    limits = Limits(deadline=1.15 * brute_force(jobs, pool, "makespan", Limits()))

    found, _ = solve(jobs, pool, "cost", limits, 20)

    check(found, jobs, pool)
    assert found.makespan <= limits.deadline
    assert found.cost == pytest.approx(brute_force(jobs, pool, "cost", limits))


def test_a_deadline_before_the_shortest_training_is_infeasible() -> None:
    jobs = {"a": [option(1, 10), option(2, 6)]}
    with pytest.raises(InfeasibleError):
        solve(jobs, Pool(1, 2, 0), "cost", Limits(deadline=5), 5)


def test_the_workers_of_a_training_fit_wholly_on_nodes() -> None:
    two_threads = Option("p", 2, 2, 0, 10.0, 40.0)
    assert not Pool(4, 1, 0).holds(two_threads)
    found = place([("a", two_threads), ("b", two_threads)], Pool(2, 3, 0))
    assert [(one.start, one.workers_on) for one in found.placed] == [(0.0, (1, 1)), (10.0, (1, 1))]


@pytest.mark.parametrize(
    ("count", "objective"), [(50, "makespan"), (50, "total_completion"), (300, "makespan"), (300, "total_completion")]
)
def test_many_trainings_of_eight_configurations_are_planned_near_the_bound(count: int, objective: Objective) -> None:
    jobs, pool = drawn(np.random.default_rng(1), count, 8), Pool(8, 32, 0)

    found, bound = solve(jobs, pool, objective, Limits(), 2)

    check(found, jobs, pool)
    assert bound <= found.value(objective) <= 1.2 * bound


def planned(jobs: Sequence[JobSpec], prices: Prices | None = None, **changes: object) -> Plan:
    fields: dict[str, object] = {
        "jobs": list(jobs),
        "cluster": ClusterSpec(nodes=1, cores_per_node=4, gpus_per_node=0),
        "minimise": "makespan",
        "deadline_seconds": None,
        "budget": None,
        "solver_seconds": 10,
        "confidence": 0.95,
        "currency": "",
    }
    spec = PlanSpec.model_validate_json(json.dumps(fields | changes, default=lambda one: one.model_dump()))
    return plan(list(rows_of(SPEEDUPS, prices).values()), spec)


def job(name: str, **changes: object) -> JobSpec:
    return JobSpec.model_validate({"name": name, "like": None, "times": 1.0, "count": 1} | changes)


def test_a_plan_relies_on_the_slower_end_and_says_what_to_type() -> None:
    found = planned([job("final", times=2.0)])

    (one,) = found.jobs
    assert (one.point, one.workers_on) == ("resnet18-ddp-4", [4])
    # 2 x 100 / 3.0 s, and as much more as the interval reaches below the rate.
    assert 200 / 3.0 < one.end_seconds < 1.03 * 200 / 3.0
    assert one.sbatch == "sbatch --job-name=final --nodes=1 --ntasks=4 --cpus-per-task=1 --time=2"
    assert found.gap < 1e-6
    assert found.sentences[0].endswith("Predicted from the slower ends of 95 % intervals.")


def test_the_front_goes_from_the_fastest_to_the_cheapest() -> None:
    found = planned([job("fold", count=3)])

    ends, costs = [one.makespan_seconds for one in found.pareto], [one.cost for one in found.pareto]
    assert len(found.pareto) >= 2
    assert (found.makespan_seconds, found.cost) == (found.pareto[0].makespan_seconds, found.pareto[0].cost)
    assert ends == sorted(ends)
    assert costs == sorted(costs, reverse=True)
    assert sorted(one.job for one in found.jobs) == ["fold.1", "fold.2", "fold.3"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"deadline_seconds": 60.0}, r"deadline_seconds: 60.0 binds; \d+ would do; or plan.cluster.nodes: 1 bind; "),
        ({"budget": 0.01}, r"plan.budget: 0.0100 binds; 0.11\d core-hours would do"),
        ({"deadline_seconds": 20.0}, r"plan.deadline_seconds: 20.0 binds; \d+ would do$"),
    ],
)
def test_an_infeasible_plan_says_which_limit_binds_and_what_would_do(changes: dict[str, object], said: str) -> None:
    with pytest.raises(NoPlanError, match=said):
        planned([job("fold", count=4)], **changes)


def test_a_training_like_nothing_measured_is_a_users_mistake() -> None:
    with pytest.raises(UserError, match=r"plan.jobs\[0\].like: found 'resnet50-serial-1'; .*resnet18-serial-1"):
        planned([job("final", like="resnet50-serial-1")])


def test_a_training_without_room_has_no_plan() -> None:
    rows = [row for row in rows_of(SPEEDUPS).values() if row.cores > 1]
    cluster = {"nodes": 1, "cores_per_node": 1, "gpus_per_node": 0}
    spec = {"cluster": cluster, "minimise": "makespan", "jobs": [job("a").model_dump()]}
    limits = {"deadline_seconds": None, "budget": None, "solver_seconds": 5, "confidence": 0.95, "currency": ""}
    with pytest.raises(NoPlanError, match=r"plan\.cluster: a finds no room: the least it was measured with is 2 cores"):
        plan(rows, PlanSpec.model_validate(spec | limits))


@pytest.mark.parametrize(
    ("jobs", "said"),
    [
        ([], r"plan\.jobs: found none; expected the trainings to be planned"),
        ([job("a", count=2), job("a.1")], r"plan\.jobs\[1\]\.name: found a\.1 twice"),
    ],
)
def test_trainings_must_be_there_and_have_names_of_their_own(jobs: list[JobSpec], said: str) -> None:
    with pytest.raises(UserError, match=said):
        planned(jobs)


def test_a_training_whose_like_was_measured_too_seldom_has_no_plan() -> None:
    rows = list(rows_of({"serial-1": [1.0, 1.0], "ddp-2": [1.8, 1.8]}).values())
    spec = {"cluster": {"nodes": 1, "cores_per_node": 4, "gpus_per_node": 0}, "minimise": "makespan"}
    spec |= {"jobs": [job("a").model_dump()], "deadline_seconds": None, "budget": None}
    spec |= {"solver_seconds": 5, "confidence": 0.95, "currency": ""}
    with pytest.raises(NoPlanError, match="of the points of resnet18-serial-1, which a is like, none has 3 or more"):
        plan(rows, PlanSpec.model_validate(spec))


@pytest.mark.parametrize(
    ("prices", "unit"),
    [(Prices(gpu_hour=2.0), "core-hours"), (Prices(core_hour=0.0), "of cost"), (Prices(core_hour=0.1), "of cost")],
)
@pytest.mark.parametrize("minimise", ["makespan", "cost"])
def test_prices_that_say_nothing_of_cores_or_cost_nothing_plan_all_the_same(
    prices: Prices, unit: str, minimise: str
) -> None:
    found = planned([job("fold", count=3)], prices, minimise=minimise)
    assert found.unit_of_cost == unit
    assert (found.cost > 0) == (prices.core_hour != 0.0)
