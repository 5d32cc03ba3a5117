"""What a comparison of runs hands to sentences and figures: `history.json`, and the rows of `comparison.csv`."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Stage = Literal["training", "loading"]
Verdict = Literal["slower", "faster", "tied", "not compared"]


class Part(BaseModel):
    """Of a history; another field than its own is an error."""

    model_config = ConfigDict(extra="forbid")


class ComparisonRow(Part):
    """One statement, of this run and of the last earlier run that can be compared with it."""

    stage: Stage = Field(description="what was measured")
    point: str = Field(description="id of the point")
    against: str = Field("", description="id of the point that it is divided by; empty: the row is of images/s")
    verdict: Verdict = Field(
        description="slower: the interval of the ratio lies below 1, and neither run's own interval holds what the "
        "other says; faster: likewise above 1; tied: neither"
    )
    regression: bool = Field(
        False, description="slower, and not only because the point that it is divided by has become faster"
    )
    ratio: float | None = Field(None, description="what this run says / what the earlier one said")
    low: float | None = Field(None, description="lower end of its interval (Welch's t on logs; of all rows together)")
    high: float | None = Field(None, description="upper end of it")
    earlier: str = Field("", description="folder of the earlier run")
    before: float | None = Field(None, description="what that run says: images/s, or how many times as fast")
    before_low: float | None = Field(None, description="lower end of that run's own interval, as in its tables")
    before_high: float | None = Field(None, description="upper end of it")
    after: float | None = Field(None, description="what this run says, likewise")
    after_low: float | None = Field(None, description="lower end of this run's own interval")
    after_high: float | None = Field(None, description="upper end of it")
    tried: str = Field("", description="in which fields of `scaling.under_test` the two differ, with what each says")
    noisy: bool = Field(False, description="whether either run measured it on a busy machine")
    reason: str = Field("", description="why it was not compared, or is no regression")


class Reading(Part):
    """What one run says of one statement."""

    run: str  # its folder
    stage: Stage
    point: str
    against: str  # as of a ComparisonRow
    value: float  # images/s, or how many times as fast
    low: float | None  # its own interval, at the study's confidence, this statement alone
    high: float | None
    blocks: int
    differs: str  # in which fields its work, or its machine, is not this run's; empty: the two may be divided


class Beside(Part):
    """A point on one machine, by what one has to ask and pay for: set side by side, not divided by each other."""

    run: str  # its folder
    machine: str  # CPU, or GPU where it trains on GPUs
    stage: Stage
    point: str
    nodes: int | None  # None: not known
    cores: int
    gpus: int  # 0: it trains, or loads, on cores alone
    images_per_second: float  # geometric mean over blocks
    low: float | None  # its interval, this machine alone
    high: float | None
    per_node: float | None  # images/s
    per_core: float | None  # images/s, of a GPU where there are any
    per_cost: float | None  # images for one of the currency, by the prices of that run's own config
    currency: str
    differs: str  # in which fields its key is not this run's


class History(Part):
    """What the runs say, in order of time; the last is this study's."""

    runs: list[str]  # their folders
    confidence: float  # of all comparisons together, and of each reading alone
    comparisons: list[ComparisonRow]
    readings: list[Reading]
    beside: list[Beside]  # empty where all runs are of one machine
    left_out: list[str]  # sentences: what is not set beside this machine, and why

    @property
    def regressions(self) -> list[ComparisonRow]:
        """What has become slower, the most first."""
        return sorted((row for row in self.comparisons if row.regression), key=lambda row: row.ratio or 0.0)
