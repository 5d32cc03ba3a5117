"""Points in words, as people read them before any id: `DDP, 4 workers`.

Answers name points by their ids, which programs look up; `Names.say` puts words in their place.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from scripts.scaling.tables.rows import LoadingRow, TrainingRow
from scripts.training.points import PROGRAM, network_id

STRATEGIES = {
    "serial": "one process",
    "ddp": "DDP",
    "fsdp": "FSDP",
    "pipeline": "pipeline",
    "hybrid": "pipelines side by side",
    PROGRAM: "your script",
}
NUMBERED = {"chunk", "prefetch"}
USUAL = ("forkserver", "pickled", "raw", "packed", None)  # is not said
Known = tuple[tuple[str, ...], tuple[str, ...]]  # the words of an id, and those that tell it from others


@dataclass(frozen=True)
class Names:
    """What the points and the curves of a study are called: no two alike."""

    titles: Mapping[str, str] = field(default_factory=dict)  # by id, as above a figure: `DDP, 4 workers`
    phrases: Mapping[str, str] = field(default_factory=dict)  # as within a sentence: `DDP with 4 workers`

    def title(self, name: str) -> str:
        """The words of an id; itself where it is of nothing known."""
        return self.titles.get(name, name)

    def say(self, text: str) -> str:
        """A text with words in place of ids; file names and commands keep theirs."""
        if not self.phrases:
            return text
        ids = "|".join(map(re.escape, sorted(self.phrases, key=len, reverse=True)))

        def phrase(found: re.Match[str]) -> str:
            words = self.phrases[found[0]]
            begins = found.start() == 0 or text[: found.start()].endswith(". ")
            return f"{words[0].upper()}{words[1:]}" if begins else words

        return re.sub(rf"(?<![\w./-])(?:{ids})(?![\w/-]|\.\w)", phrase, text)


def names_of(trained: Sequence[TrainingRow], loaded: Sequence[LoadingRow] = ()) -> Names:
    """The names of all points of the tables, and of the curves of trainings."""
    points = _told_apart([(row, row.point, _way(row)) for row in trained])
    points |= {row.point: (_load(row), _more_of_load(row, loaded)) for row in loaded}
    often = Counter(points.values())
    points = {
        name: (parts, (*more, name) if often[parts, more] > 1 else more) for name, (parts, more) in points.items()
    }
    known = _told_apart([(row, row.curve, _line(row)) for row in trained]) | points
    return Names(
        {name: _listed(*parts, *more) for name, (parts, more) in known.items()},
        # One that somebody else calls by a word stays that word.
        {name: _phrase(parts, more) for name, (parts, more) in known.items() if not name.isalpha()},
    )


def _told_apart(named: Sequence[tuple[TrainingRow, str, tuple[str, ...]]]) -> dict[str, Known]:
    """The words of each id, and its model, precision and scaling: where a study has several models, and where the same
    way was measured in several.
    """
    alike: dict[tuple[object, ...], list[TrainingRow]] = {}
    for row, _, words in named:
        alike.setdefault((row.model, words), []).append(row)
    models = len({row.model for row, _, _ in named}) > 1
    found = {}
    for row, name, words in named:
        beside = alike[row.model, words]
        found[name] = (
            words,
            _some(
                row.model if models else "",
                row.precision_of_numbers if len({one.precision_of_numbers for one in beside}) > 1 else "",
                f"{row.scaling} scaling" if len({one.scaling for one in beside}) > 1 else "",
            ),
        )
    return found


def _line(row: TrainingRow) -> tuple[str, ...]:
    """What a point shares with those of other worker counts."""
    loaders = max(0, row.cores // row.workers - row.threads)
    return _some(
        STRATEGIES.get(row.strategy, row.strategy),
        f"{several(row.threads, 'thread')} each" if row.threads > 1 else "",
        f"{several(loaders, 'loader process')} each" if loaders else "",
        row.variant,
    )


def _way(row: TrainingRow) -> tuple[str, ...]:
    loaders = max(0, row.cores // row.workers - row.threads)
    alone = row.strategy == "serial" and row.workers == 1
    each = "" if alone else " each"
    return _some(
        STRATEGIES.get(row.strategy, row.strategy),
        "" if alone else several(row.workers, "GPU" if row.device == "cuda" else "worker"),
        several(row.threads, "thread") + each if row.threads > 1 else "",
        several(loaders, "loader process") + each if loaders else "",
        several(row.nodes, "node") if row.nodes and row.nodes > 1 else "",
        row.variant,
    )


def _load(row: LoadingRow) -> tuple[str, ...]:
    return _some(
        row.backend.replace("_", " "),
        several(row.workers, "worker") if row.workers > 1 or row.chunk > 1 else "",
        f"chunks of {row.chunk}" if row.chunk > 1 else "",
    )


def _more_of_load(row: LoadingRow, rows: Sequence[LoadingRow]) -> tuple[str, ...]:
    """The state of the files, where it is not the usual one, and what else its backend has several of."""
    cold = "cold page cache" if row.page_cache == "cold" else ""
    return _some(cold, *varying(row, rows, ("start_method", "returns", "prefetch", "source")))


def line_names(rows: Sequence[TrainingRow]) -> dict[str, str]:
    """What a figure calls each curve, by its id: in words, without what a panel's points all share."""
    words = {row.curve: _listed(*_line(row)) for row in rows}
    codes = {row.curve: _code(row) for row in rows}
    alike = Counter(said for said, _ in {(words[curve], code) for curve, code in codes.items()})
    return {curve: f"{said} ({codes[curve]})" if alike[said] > 1 else said for curve, said in words.items()}


def _code(row: TrainingRow) -> str:
    """A curve's id without model, precision and scaling."""
    name = row.curve.removeprefix(f"{network_id(row.model)}-")
    for shared in (row.precision_of_numbers, row.scaling):
        name = name.replace(f"-{shared}", "", 1)
    return name


def varying(row: LoadingRow, rows: Sequence[LoadingRow], axes: Sequence[str]) -> list[str]:
    """The values of the axes of which the row's backend has several, in words; the usual ones are not said."""
    beside = [other for other in rows if other.backend == row.backend]
    told = [(axis, getattr(row, axis)) for axis in axes if len({getattr(other, axis) for other in beside}) > 1]
    unusual = [(axis, value) for axis, value in told if value not in USUAL]
    return [f"{axis} {value}" if axis in NUMBERED else value.replace("_", " ") for axis, value in unusual]


def trained_by(row: TrainingRow) -> str:
    """How a point trains: its strategy, its workers and what each of them has."""
    return _listed(*_way(row))


def loaded_by(row: LoadingRow) -> str:
    """How a point loads: its backend, its workers and how they hand images over."""
    return _listed(*_load(row), *_more_of_load(row, []))


def several(count: int, one: str) -> str:
    """`1 core`, `2 cores`, `3 launches`."""
    return f"{count:,} {one}" if count == 1 else f"{count:,} {one}{'es' if one.endswith(('s', 'h')) else 's'}"


def _phrase(parts: Sequence[str], more: Sequence[str]) -> str:
    """`DDP with 4 workers and 2 threads each (resnet18)`."""
    first, *others = parts
    with_ = f" with {' and '.join(others)}" if others else ""
    return f"{first}{with_}" + (f" ({', '.join(more)})" if more else "")


def _some(*parts: str) -> tuple[str, ...]:
    return tuple(filter(None, parts))


def _listed(*parts: str) -> str:
    return ", ".join(parts)
