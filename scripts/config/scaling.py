"""The tables of the study."""

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, WithJsonSchema, field_validator, model_validator

from scripts.config.settings import Blocks, Count, Settings, one_or_more, unique


class Prices(Settings):
    """What an hour costs; the tables then have a column of costs."""

    core_hour: Annotated[float, Field(ge=0)] | None = Field(None, description="price of a core for an hour; null: none")
    gpu_hour: Annotated[float, Field(ge=0)] | None = Field(None, description="price of a GPU for an hour; null: none")
    currency: str = Field("", description="what the prices are in, as EUR; or credits, kWh, kg CO2e")


class Adaptive(Settings):
    """A study in passes (`make study`): first few worker counts, then what the recommendation still needs."""

    passes: bool = Field(False, description="true: measure pass by pass; false: every point of the sweep")
    most_blocks: Blocks = Field(12, description="blocks that a point may get in all passes together")
    core_hours: Annotated[float, Field(gt=0)] | None = Field(
        None, description="no further pass once this much is spent on trainings; null: until the answer is stable"
    )
    minutes: Annotated[float, Field(gt=0)] | None = Field(
        None,
        description="no further pass that would bring the trainings' launches, one after the other, beyond this; null: "
        "as many as the answer needs",
    )


def _digits(found: str) -> str:
    if not re.fullmatch(r"\d+(\.\d+)?", found) or not float(found):
        raise ValueError(f"found {found!r}; expected a number above 0 in plain digits, as 1.8 or '1.80'")
    return found


# As it is written, since its digits count.
Times = Annotated[
    str,
    Field(coerce_numbers_to_str=True),
    AfterValidator(_digits),
    WithJsonSchema({"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string"}]}),
]


# Of a comparison key, what is no other machine and no other work.
UnderTest = Annotated[str, Field(pattern=r"^(files|command|environment|python|model_digest|version of .+)$")]


class Claim(Settings):
    """That one point is so many times as fast as another: scalecard says whether its rows bear it out."""

    point: str = Field(description="id of the point that is said to be fast")
    against: str = Field(description="id of the point that it is compared with")
    times: Times = Field(description="how many times as fast it is said to be: a number, or one in quotes, as '1.80'")


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
    tolerance: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.05,
        description="share of the best rate that a recommendation may lose for asking less: the fewest cores whose "
        "loss is at most this, at `confidence`",
    )
    marginal_efficiency: Annotated[float, Field(gt=0, le=1)] = Field(
        0.5, description="share of its ideal gain that each further core must bring: the knee is where it ends"
    )
    deadline_seconds: Annotated[float, Field(gt=0)] | None = Field(
        None, description="seconds that a training may take: the recommendation then names the cheapest; null: any"
    )
    confirm_blocks: Count = Field(
        3, description="fresh blocks in which `snakemake confirm` measures the recommended point again"
    )
    prices: Prices = Prices()
    adaptive: Adaptive = Adaptive()
    claims: list[Claim] = Field(
        [],
        description="claims to be judged beside those that scalecard makes itself, as "
        "`{point: resnet18-ddp-4, against: resnet18-serial-1, times: 3.5}`. What is printed is what was measured, and "
        "beside it the claim: borne out, if the measured value rounds to it (1.8 is 1.75 to 1.85; in quotes, or YAML "
        "drops the 0, `'1.80'` is 1.795 to 1.805); not ruled out, if it only lies in the interval; or not borne out, "
        "and refused",
    )
    external: str | None = Field(
        None,
        description="CSV of trainings that somebody else measured (columns below): the study then measures nothing, "
        "and says what may be quoted of them; null: it measures its own",
    )
    compare_with: str | list[str] = Field(
        [],
        description="results folders of earlier runs, the oldest first, as results/v1, that `snakemake compare` holds "
        "this one against",
    )
    under_test: list[UnderTest] = Field(
        ["files"],
        description="fields of the comparison key that may differ from an earlier run's, since they are what is tried: "
        "`files` of a script of the user's own, or as `version of torch` after an upgrade; `snakemake compare` names "
        "what was tried",
    )
    fail_on_regression: bool = Field(
        False,
        description="true: `snakemake compare` ends with exit status 1 where something has become slower, or nothing "
        "could be compared; tables and figures are written all the same",
    )

    @property
    def earlier_runs(self) -> list[str]:
        """The folders as a list."""
        return one_or_more(self.compare_with)

    @field_validator("compare_with")
    @classmethod
    def _no_repeats(cls, folders: str | list[str]) -> str | list[str]:
        unique(one_or_more(folders))
        return folders

    @model_validator(mode="after")
    def _external_is_not_measured(self) -> Self:
        if self.external is not None and self.adaptive.passes:
            raise ValueError("scaling.adaptive.passes: found true beside scaling.external, which measures nothing")
        return self
