"""The first screen of a page: what to ask for, how to load, what it costs, how sure that is, and what to type.

A tile's number is part of what the study answers; how far that may be quoted stands beside it, by the claim it is of.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from scripts import format as show
from scripts.report.words.point_words import loaded_by, several, trained_by
from scripts.scaling.answers.answer import Claims, Confirmations, Feeding, Recommendation, Recommendations
from scripts.scaling.comparing.limits import LEAST_BLOCKS
from scripts.scaling.tables.rows import LoadingRow, TrainingRow
from scripts.training.points import PROGRAM

NAMED = 8  # numbers that an axis has room for, beside those of the interval
JOULES = 3.6e6  # of a kWh
# What would tell more, in few words, by the rule that a claim breaks.
TELLS = {
    "measured again": "not measured again",
    "confirmed": "more fresh blocks",
    "repetition": f"{LEAST_BLOCKS} blocks of each",
    "no tie": "more launches",
    "equal work": "measure equal work",
    "blocks in common": "measure side by side",
    "cores enough": "a machine with more cores",
    "validity before speed": "a valid launch",
}
# What to type next, by the same rules; the dots are the flags that the study was run with.
NEXT = {
    "measured again": "snakemake ... confirm",
    "confirmed": "snakemake ... confirm --config scaling='{\"confirm_blocks\": 6}'",
    "repetition": f"snakemake ... --config training='{{\"blocks\": {LEAST_BLOCKS}}}'",
}
SECOND_COUNT = "snakemake ... --config training='{\"workers\": [1, 2]}'"
SURE = {
    "confirmed": "confirmed",
    "not confirmed": "could not be confirmed",
    "contradicted": "contradicted",
    "not measured": "not confirmed yet",
}


@dataclass(frozen=True)
class Axis:
    """An interval on the counts that were measured."""

    counts: list[int]  # of cores or GPUs
    low: int
    high: int

    @property
    def named(self) -> list[int]:
        """The counts that have room for a number: the ends of the interval, and some of the others."""
        every, ends = -(-len(self.counts) // NAMED), [self.counts.index(end) for end in (self.low, self.high)]
        return [
            count
            for i, count in enumerate(self.counts)
            if i in ends or (i % every == 0 and all(2 * abs(i - end) >= every for end in ends))
        ]

    def x(self, count: int) -> float:
        """Where a count stands, percent of the axis; counts are equally far apart."""
        return 100 * (self.counts.index(count) + 0.5) / len(self.counts)


@dataclass(frozen=True)
class Tile:
    """One thing that the first screen tells."""

    asks: str
    value: str
    words: str = ""
    notes: tuple[str, ...] = ()
    point: str = ""  # whose row says more
    state: Literal["stands", "seen", "open"] = "stands"  # seen: not to be quoted yet; open: cannot be told
    tells: str = ""  # what would tell, where it does not stand
    command: str = ""  # what to type next
    axis: Axis | None = None
    paste: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """The tiles of one baseline."""

    title: str  # in words, where there are several
    tiles: list[Tile]


def answers(
    rows: Sequence[TrainingRow],
    advice: Recommendations,
    claims: Claims,
    confirmed: Confirmations | None,
    loading: Sequence[LoadingRow] = (),
    feeding: Feeding | None = None,
    repeatable: bool = True,
) -> list[Answer]:
    """The tiles of each baseline, those that recommend something first.

    Args:
        repeatable: whether the trainings can be measured again; somebody else's cannot.
        loading, feeding: the loading table and what feeds a trainer; none where loading was not measured.
    """
    found = []
    for one in sorted(advice.recommendations, key=lambda its: its.recommended is None):
        beside = [row for row in rows if row.baseline == one.baseline]
        tiles = _tiles(one, beside, claims, confirmed)
        if not repeatable:
            own = "launches of your own"
            tiles = [replace(tile, command="", tells=tile.tells and own) for tile in tiles]
        if feeding is not None:
            tiles.insert(1, _load_with(feeding, loading, claims))
        found.append(Answer(_title(one, rows) if len(advice.recommendations) > 1 else "", tiles))
    return found


def _tiles(
    one: Recommendation, rows: Sequence[TrainingRow], claims: Claims, confirmed: Confirmations | None
) -> list[Tile]:
    chosen = one.recommended
    if chosen is None:
        tells, command = _untold(rows)
        seen = f"{several(len(rows), 'point')}, {several(max(row.blocks for row in rows), 'block')} of each at most"
        return [
            Tile("ask for", show.MISSING, "cannot be told yet", state="open"),
            Tile("how sure", "nothing to quote", seen, state="open", tells=tells, command=command),
        ]
    row = next(row for row in rows if row.point == chosen.point)
    state, tells, command = judged(claims, " ".join(one.sentences))
    unit, field = ("GPU", "workers") if row.device == "cuda" else ("core", "cores")
    at = getattr(row, field)
    able = [its for its in rows if not its.has("oversubscribed")]
    low = min([at, *(getattr(its, field) for its in able if its.cores == one.cores_low)])
    axis = Axis(sorted({getattr(its, field) for its in able}), low, at)
    ask = Tile("ask for", several(at, unit), trained_by(row), (), row.point, state, axis=axis)
    cost = _cost(row)
    again = next((its for its in (confirmed.confirmations if confirmed else []) if its.is_of(one)), None)
    sure = Tile(
        "how sure",
        SURE[again.verdict if again else "not measured"],
        several(row.blocks, "block") + (f", then {again.blocks} fresh ones" if again else ""),
        (
            f"tied with {several(len(one.tied), 'other way')}" if one.tied else "ahead of all others",
            show.BUSY if any(its.has("noisy") for its in rows) else "on a calm machine",
        ),
        row.point,
        state,
        tells,
        command,
    )
    typed = Tile("what to type", "", "", (), row.point, state, paste=tuple(one.paste))
    return [ask, Tile("what it costs", *cost, row.point, state), sure, *([typed] if one.paste else [])]


def _cost(row: TrainingRow) -> tuple[str, str, tuple[str, ...]]:
    """Of one training: hours, then time, money and energy where they were measured."""
    on_gpus = row.gpu_hours is not None
    hours = f"{show.number(row.gpu_hours)} GPU-hours" if on_gpus else f"{show.number(row.core_hours)} core-hours"
    joules = (row.package_joules or 0.0) + (row.gpu_joules or 0.0)
    notes = [f"{show.number(row.core_hours)} core-hours"] if on_gpus else []
    notes += [f"cost {show.number(row.cost)}"] if row.cost is not None else []
    notes += [f"{show.number(joules / JOULES)} kWh"] if joules else []
    unit = "a million images" if row.strategy == PROGRAM else "a training"
    return hours, f"{show.number(row.wall_seconds)} s {unit}", tuple(notes)


def _load_with(feeding: Feeding, loading: Sequence[LoadingRow], claims: Claims) -> Tile:
    """The cheapest way that feeds the trainer, and the one that needs no copy of the images."""
    state, tells, command = judged(claims, feeding.sentence)
    rows = {row.point: row for row in loading}
    best, raw = feeding.cheapest, feeding.cheapest_raw
    if best is None:
        return Tile("load with", show.MISSING, "cannot be told yet", state="open", tells="a faster way")
    notes = []
    if raw is not None and raw.point != best.point:
        notes.append(f"straight from the files: {loaded_by(rows[raw.point])}")
    least, needed = show.at_least(best.images_per_second), show.number(feeding.needed_images_per_second)
    words = f"at least {least} images/s; {needed} needed"
    return Tile("load with", loaded_by(rows[best.point]), words, tuple(notes), best.point, state, tells, command)


def judged(claims: Claims, sentence: str) -> tuple[Literal["stands", "seen"], str, str]:
    """Whether what the study answers may be quoted; else what would tell, in few words, and what to type."""
    claim = next((one for one in claims.claims if one.about == "answer" and one.sentence.startswith(sentence)), None)
    if claim is None:
        return "seen", "no claim was judged", ""
    if claim.stands:
        return "stands", "", ""
    rule = claim.breaches[0].rule
    return "seen", TELLS.get(rule, rule), NEXT.get(rule, "")


def _untold(rows: Sequence[TrainingRow]) -> tuple[str, str]:
    """What would make a recommendation, in few words, and what to type for it."""
    few = [row.blocks for row in rows if row.blocks < LEAST_BLOCKS and not row.has("oversubscribed")]
    if few:
        return f"{several(LEAST_BLOCKS - max(few), 'more block')} of each", NEXT["repetition"]
    return ("a second worker count", SECOND_COUNT) if len(rows) < 2 else ("blocks in common", "")


def _title(one: Recommendation, rows: Sequence[TrainingRow]) -> str:
    """What its points share: model, precision, scaling."""
    row = next(row for row in rows if row.baseline == one.baseline)
    return f"{row.model}, {row.precision_of_numbers}, {row.scaling} scaling"
