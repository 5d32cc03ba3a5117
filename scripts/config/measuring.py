"""How launches are measured, in every stage."""

from typing import Annotated

from pydantic import Field

from scripts.config.settings import Settings


class Measuring(Settings):
    """What is done about a machine that is not calm, and how long a run may take. Nothing here makes a record stale."""

    again: Annotated[int, Field(ge=0)] = Field(
        3,
        description="times that a launch is measured again at once, where other processes disturbed it or the speed of "
        "the machine changed meanwhile; where none is calm, the least disturbed one counts",
    )
    budget_minutes: Annotated[float, Field(gt=0)] | None = Field(
        None,
        description="minutes from a run's start after which it starts no further launch, and makes tables and page of "
        "what is there; the next run goes on. On a cluster, what is queued by then is measured too. null: no limit",
    )
