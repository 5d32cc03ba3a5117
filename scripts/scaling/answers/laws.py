"""What is said of scaling laws: the models of `laws.json`. A field's comment gives its meaning and unit."""

from scripts.scaling.answers.answer import Part

ALL_COSTS = "mixed"  # the sum of all laws' costs among a curve's fits: no law that could be chosen


class Parameter(Part):
    """One parameter of a law; see its formula."""

    name: str
    value: float
    low: float | None  # its interval; null: too few blocks
    high: float | None


class LackOfFit(Part):
    """How far a law is from what was measured."""

    p: float  # chance of as great a lack of fit, if the law holds (F, against pure error)
    workers: int  # count that it misses most
    by: float  # measured / law - 1 there
    refused: bool  # p is too small: the law does not fit


class LawFit(Part):
    """One law that applies to a curve."""

    law: str
    formula: str
    parameters: list[Parameter]  # none where it could not be tried
    aicc: float | None  # of two laws the one with less is more likely
    not_identifiable: str | None  # why it cannot be tried, or the blocks cannot tell it from a simpler one
    lack_of_fit: LackOfFit | None  # null: it could not be tried


class Prediction(Part):
    """What the laws say of a worker count."""

    workers: int
    extrapolated: bool  # beyond the largest that was measured
    speedup: float | None  # against the least worker count of the curve; null: it cannot be foretold
    low: float | None  # band of its mean: that of all sums of costs that the blocks do not speak against
    high: float | None
    launch_low: float | None  # band in which one more launch would lie, paired with one of the least worker count
    launch_high: float | None
    not_foretold: str | None = None  # why, and what to measure


class CurveLaws(Part):
    """The laws of one curve."""

    curve: str
    scaling: str
    workers: list[int]  # worker counts that count
    blocks: int
    chosen: str | None  # null: nothing can be told, or no law fits
    same_curve: list[str]  # laws that draw the chosen one's curve and read it otherwise
    may_be: list[str]  # laws of another curve that fit as well
    breaks: str | None  # where no law fits: where the curve breaks
    fits: list[LawFit]
    predictions: list[Prediction]
    sentence: str


class Laws(Part):
    """`laws.json`."""

    curves: list[CurveLaws]
