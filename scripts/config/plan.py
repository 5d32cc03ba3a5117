"""The plan: trainings to be run, on which cluster, within which limits."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator

from scripts.config.settings import Count, Settings


class Job(Settings):
    """Trainings that are like one that was measured."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")] = Field(description="of the training")
    like: str | None = Field(
        None, description="baseline of the measured points that it may be run as: resnet18-serial-1; null: the only one"
    )
    times: Annotated[float, Field(gt=0)] = Field(
        1.0, description="its work, as a multiple of the measured training's: epochs, images"
    )
    count: Count = Field(1, description="how many such trainings")


class Cluster(Settings):
    """What the trainings may use, all at once."""

    nodes: Count = Field(1, description="nodes")
    cores_per_node: Count = Field(2, description="cores of each")
    gpus_per_node: Annotated[int, Field(ge=0)] = Field(0, description="GPUs of each")


class Plan(Settings):
    """Trainings that `snakemake plan` schedules: which measured way to run each, and when."""

    jobs: list[Job] = Field(
        [], description="as `[{name: final, times: 10}, {name: folds, count: 5}]`; none: there is nothing to plan"
    )
    cluster: Cluster = Cluster()
    minimise: Literal["makespan", "cost", "total_completion"] = Field(
        "makespan",
        description="makespan: the end of the last training; cost: core-hours, or the price where `scaling.prices` has "
        "one; total_completion: the sum of all ends",
    )
    deadline_seconds: Annotated[float, Field(gt=0)] | None = Field(None, description="the last end allowed; null: any")
    budget: Annotated[float, Field(gt=0)] | None = Field(None, description="the cost allowed; null: any")
    solver_seconds: Annotated[float, Field(gt=0)] = Field(
        5.0,
        description="of a core, that the solver may take for a schedule; the plan says how far from the best it may be",
    )

    @field_validator("jobs")
    @classmethod
    def _solver_may_run(cls, jobs: list[Job]) -> list[Job]:
        if jobs:
            import pulp

            solver = pulp.PULP_CBC_CMD(msg=False)  # scripts/scaling/plan/schedule.py
            if not solver.available():
                raise ValueError(
                    f"its solver {Path(solver.path).resolve()} cannot be run; expected a file that may be executed "
                    "(chmod +x), on a file system that allows it"
                )
        return jobs
