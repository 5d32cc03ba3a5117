"""What `snakemake plan` answers: the models of `plan.json`. A field's comment gives its meaning and unit."""

from typing import Literal

from scripts.scaling.answers.answer import Part


class PlannedJob(Part):
    """A training of the plan."""

    job: str
    point: str  # the measured way that it is run in
    workers: int
    cores: int
    gpus: int
    start_seconds: float
    end_seconds: float  # by the slower end of what was measured
    cost: float  # core-hours, or the price where there is one
    workers_on: list[int]  # of each node
    sbatch: str  # a line for the shell, without the program


class ParetoPoint(Part):
    """A plan that is cheaper than every faster one."""

    makespan_seconds: float
    cost: float


class Plan(Part):
    """`plan.json`; without trainings where no plan is possible, which its sentence says."""

    version: Literal[1] = 1  # of this shape (workflow/schemas)
    objective: str
    unit_of_cost: str
    cores_per_node: int
    jobs: list[PlannedJob]  # by start
    nodes: int
    makespan_seconds: float
    cost: float
    total_completion_seconds: float
    bound: float  # that no plan can be below, of what is minimised
    gap: float  # (value - bound) / bound: the plan is at most this far above the best
    pareto: list[ParetoPoint]
    sentences: list[str]
