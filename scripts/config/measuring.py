"""How launches are measured, in every stage."""

from typing import Annotated

from pydantic import Field

from scripts.config.settings import Settings


class Measuring(Settings):
    """What is done about a machine that is not calm. Nothing here makes a result stale."""

    again: Annotated[int, Field(ge=0)] = Field(
        3,
        description="times that a launch is measured again at once, where other processes disturbed it or the speed of "
        "the machine changed meanwhile; where none is calm, the least disturbed one counts",
    )
