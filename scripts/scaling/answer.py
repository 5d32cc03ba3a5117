"""What the loading benchmark answers: the models of `loading.json`. A field's comment gives its meaning and unit."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from scripts.loading.points import PageCache


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Rival(_Part):
    """The fastest way that is told apart from the best."""

    point: str
    ratio: float  # rate of the best / its own: exp of the mean log ratio, paired by block
    low: float | None  # interval of the ratio
    high: float | None


class Best(_Part):
    """The fastest of some ways to load, and what it cannot be told apart from."""

    point: str
    images_per_second: float  # geometric mean over valid blocks
    low: float | None  # its interval; null: fewer than 3 blocks, so it was compared with nothing
    high: float | None
    baseline: str  # the serial point of the same situation
    speedup: float | None  # against it, as in the table
    speedup_low: float | None
    speedup_high: float | None
    tied: list[str]  # ways not told apart: the paired interval of best / other holds 1, or there is none
    next: Rival | None  # the fastest of the others


class Situation(_Part):
    """The fastest ways to load from one storage in one state; none where no block is valid."""

    source: Literal["local", "remote"]  # files of this machine, or behind a server
    page_cache: PageCache
    best: Best | None
    best_raw: Best | None  # among those that read the raw files: others need a copy to be made first
    # Picked as the greatest of many, it tends to look faster than it is, until fresh blocks have shown it.
    confirmation: Literal["not measured again"] = "not measured again"
    sentence: str


class Feeder(_Part):
    """A way to load that is fast enough for a trainer."""

    point: str
    cores: int
    cpu_milliseconds: float | None  # for an image
    images_per_second: float  # lower end of its interval


class Feeding(_Part):
    """The cheapest way that feeds a trainer, from files in the page cache: fewest cores, then least CPU time."""

    needed_images_per_second: float | None  # null: nothing says what a trainer takes
    needed_by: str | None  # the training point that takes it, or the config's key
    cheapest: Feeder | None
    cheapest_raw: Feeder | None  # among those that read the raw files
    sentence: str


class LoadingAnswer(_Part):
    """`loading.json`."""

    situations: list[Situation]  # those measured
    feeding: Feeding
    skipped: dict[str, str]  # backends of the study that could not run here, with the reason

    @property
    def sentences(self) -> list[str]:
        """All that it says, in plain English."""
        skipped = [f"{backend} was not measured: {reason}." for backend, reason in self.skipped.items()]
        return [*(one.sentence for one in self.situations), self.feeding.sentence, *skipped]
