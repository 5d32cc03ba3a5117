"""What the scaling stage answers: the models of its JSON files. A field's comment gives its meaning and unit."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from scripts.loading.points import PageCache


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _distinct(*points: list[str]) -> list[str]:
    return list(dict.fromkeys(point for some in points for point in some))


class Rival(Part):
    """The fastest way that is told apart from the best."""

    point: str
    ratio: float  # rate of the best / its own, as one of all statements about its situation
    low: float | None  # interval of the ratio
    high: float | None


class Best(Part):
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
    more_launches: int | None = None  # of each way, that would tell the ties; null: more than anybody would make

    @property
    def points(self) -> list[str]:
        """Those that a sentence about it names, itself first."""
        divided_by = [self.baseline] if self.speedup is not None else []
        return [self.point, *divided_by, *self.tied, *([self.next.point] if self.next else [])]


class Situation(Part):
    """The fastest ways to load from one storage in one state; none where no block is valid."""

    source: Literal["local", "remote"]  # files of this machine, or behind a server
    page_cache: PageCache
    best: Best | None
    best_raw: Best | None  # among those that read the raw files: others need a copy to be made first
    # Picked as the greatest of many, it tends to look faster than it is, until fresh blocks have shown it.
    confirmation: Literal["not measured again"] = "not measured again"
    sentence: str

    @property
    def points(self) -> list[str]:
        """The rows that the sentence is made of; none where it says that nothing can be said."""
        return _distinct(*(best.points for best in (self.best, self.best_raw) if best is not None))


class Feeder(Part):
    """A way to load that is fast enough for a trainer."""

    point: str
    cores: int
    cpu_milliseconds: float | None  # for an image
    images_per_second: float  # lower end of its interval


class Feeding(Part):
    """The cheapest way that feeds a trainer, from files in the page cache: fewest cores, then least CPU time."""

    needed_images_per_second: float | None  # null: nothing says what a trainer takes
    needed_by: str | None  # the training point that takes it, or the config's key
    cheapest: Feeder | None
    cheapest_raw: Feeder | None  # among those that read the raw files
    sentence: str

    @property
    def points(self) -> list[str]:
        """The rows that the sentence is made of; none where nothing is said to feed the trainer."""
        return _distinct([one.point for one in (self.cheapest, self.cheapest_raw) if one is not None])


class Fed(Part):
    """A training whose images a way to load brings, against the same one on packed shards."""

    point: str
    against: str
    feed: str  # the way to load
    ratio: float  # of their images/s
    low: float | None
    high: float | None
    waiting: float  # share of its training time in which the slowest rank waits for images
    sentence: str

    @property
    def points(self) -> list[str]:
        """The rows that the sentence is made of."""
        return [self.point, self.against]


class LoadingAnswer(Part):
    """`loading.json`."""

    situations: list[Situation]  # those measured
    feeding: Feeding
    fed: list[Fed] = []  # trainings that a way to load has fed
    skipped: dict[str, str]  # backends of the study that could not run here, with the reason

    @property
    def sentences(self) -> list[str]:
        """All that it says, in plain English."""
        skipped = [f"{backend} was not measured: {reason}." for backend, reason in self.skipped.items()]
        return [
            *(one.sentence for one in self.situations),
            self.feeding.sentence,
            *(one.sentence for one in self.fed),
            *skipped,
        ]


class Choice(Part):
    """A point that was chosen."""

    point: str
    workers: int
    cores: int
    of_best: float  # its images/s as a share of the best point's
    of_best_low: float
    of_best_high: float
    wall_seconds: float  # of a whole launch, median; of a script of the user's own, of a million images, as its hours
    core_hours: float
    gpu_hours: float | None  # null without GPUs
    cost: float | None  # at the config's prices
    test_accuracy: float | None  # median


class Knee(Part):
    """Where further cores stop to bring much."""

    curve: str
    points: list[str]  # of the curve, by cores
    cores: int  # as the means say
    low: int  # as far as each gain is sure to be large enough
    high: int  # as far as none is sure to be too small


class Recommendation(Part):
    """What to ask for, among the points of one baseline."""

    baseline: str
    baseline_accuracy: float | None  # on the test split, median
    recommended: Choice | None  # null: nothing may be recommended; the sentence says why
    cores_low: int | None  # fewest cores that cannot be ruled out to do
    fastest: Choice | None
    tied: list[str]  # points that the fastest is not told apart from
    knee: Knee | None
    cheapest: Choice | None  # null: none is sure to meet the deadline
    neighbours: list[str]  # on the recommended point's curve
    next: str | None  # the best of the others than the fastest; null: nothing may be recommended
    sentences: list[str]
    paste: list[str] = []  # lines to type for the recommended point

    @property
    def to_confirm(self) -> list[str]:
        """Points to be measured again: the recommended one, its neighbours, the fastest; the next best beside one that
        is all of these.
        """
        if self.recommended is None or self.fastest is None or self.next is None:
            return []
        found = _distinct([self.recommended.point, *self.neighbours, self.fastest.point])
        return found if len(found) > 1 else [*found, self.next]

    @property
    def points(self) -> list[str]:
        """The rows that the sentences are made of; none where nothing is recommended."""
        if self.recommended is None or self.fastest is None:
            return []
        others = [self.baseline] if self.baseline_accuracy is not None else []
        others += [self.cheapest.point] if self.cheapest else []
        others += self.knee.points if self.knee else []
        return _distinct([self.recommended.point, self.fastest.point, *self.tied, *others])


class Recommendations(Part):
    """`recommendation.json`."""

    version: Literal[1] = 1  # of this shape (workflow/schemas)
    recommendations: list[Recommendation]


ConfirmationVerdict = Literal["confirmed", "not confirmed", "contradicted", "not measured"]


class Confirmation(Part):
    """What fresh blocks say of a recommendation."""

    baseline: str
    point: str  # that was recommended
    fastest: str  # that it was compared with: the fastest; of the fastest itself the best of its neighbours
    blocks: int  # fresh ones in which all that is compared is valid
    of_best: float | None  # images/s as a share of that one's
    low: float | None  # its interval
    high: float | None
    verdict: ConfirmationVerdict  # confirmed: surely within the tolerance; contradicted: surely not
    sentence: str

    def is_of(self, advice: Recommendation) -> bool:
        """Whether it is of this very point, against what that would be compared with now."""
        if advice.recommended is None or advice.fastest is None:
            return False
        one, fastest = advice.recommended.point, advice.fastest.point
        beside = {fastest} if fastest != one else set(advice.to_confirm) - {one}
        return self.baseline == advice.baseline and self.point == one and self.fastest in beside


class Confirmations(Part):
    """`confirmation.json`."""

    confirmations: list[Confirmation]

    def sentences(self, advice: Recommendations) -> list[str]:
        """What was said of these very recommendations; of another point nothing is borne over."""
        return [one.sentence for one in self.confirmations if any(map(one.is_of, advice.recommendations))]


class Breach(Part):
    """A rule that a claim breaks."""

    rule: str
    found: str


class Claim(Part):
    """A sentence, the rows that it is made of, and whether one may quote it."""

    about: Literal["training", "loading", "answer"]  # ratios of rates; or what the study answers, laws too
    sentence: str
    rows: list[str]  # points
    stands: bool
    breaches: list[Breach]

    @property
    def too_few(self) -> bool:
        """Whether nothing but more launches is missing."""
        return not self.stands and all(breach.rule in {"repetition", "measured again"} for breach in self.breaches)


class Claims(Part):
    """`claims.json`."""

    version: Literal[1] = 1  # of this shape (workflow/schemas)
    claims: list[Claim]

    @property
    def standing(self) -> list[Claim]:
        return [one for one in self.claims if one.stands]

    @property
    def refused(self) -> list[Claim]:
        return [one for one in self.claims if not one.stands]
