"""The tables of the study."""

from typing import Annotated

from pydantic import Field

from scripts.config.settings import Settings


class Scaling(Settings):
    """What the tables divide by, and how sure they are."""

    baseline: str = Field(
        "serial-1",
        description="point that a model's training speedups divide by: strategy-workers, with x and the threads of a "
        "rank where there are several, as serial-1x4",
    )
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = Field(0.95, description="level of every interval")
    loss_tolerance: Annotated[float, Field(gt=0)] = Field(
        0.25,
        description="largest mean distance of a run's training-loss curve from the baseline's in its block, "
        "as a share of chance-level loss ln(classes); beyond it the run is invalid",
    )
