"""What a run, or a dry run, says before its first job: which images it found, and what it made of them."""

import csv
import logging
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from snakemake_interface_logger_plugins.common import LogEvent

from scripts.config import Study
from scripts.format import count
from scripts.images.cut import SPLITS
from scripts.images.understood import Understood

MOST = 12  # classes that are counted one by one
NAMED = 3  # files of a kind that are named
WIDTH = 110  # characters of a line
INDENT = 18  # of them before what is said


class OpeningWords(logging.Filter):
    """Puts a text before Snakemake's table of jobs, once; drops nothing.

    Snakemake says how many jobs there are before it starts any, in a dry run too, and in no other errand.
    """

    def __init__(self, text: Callable[[], str]) -> None:
        super().__init__()
        self.text: Callable[[], str] | None = text

    def filter(self, record: logging.LogRecord) -> bool:
        if self.text is not None and getattr(record, "event", None) == LogEvent.RUN_INFO:
            record.msg = f"{self.text()}\n{record.msg}"
            self.text = None
        return True


def study_words(study: Study, understood: Understood, rejects: Path, again: int = 0) -> str:
    """The block.

    Args:
        rejects: what the last packing rejected, where there was one.
        again: launches that are measured again, as was asked for.
    """
    lines = {
        "layout": _layout(study, understood),
        "classes": _classes(understood),
        "split": _split(study, understood),
        "groups": _groups(study, understood),
        "contradictions": _contradictions(understood),
        "rejected": _rejected(rejects),
        "passed over": _passed_over(understood.passed_over),
        "measured again": f"{count(again)} launches that did not count" if again else "",
    }
    said = [
        textwrap.fill(f"  {name:<{INDENT - 2}}{text}", WIDTH, subsequent_indent=" " * INDENT, break_on_hyphens=False)
        for name, text in lines.items()
        if text
    ]
    return "\n".join([f"Images of study {study.study}:", *said, ""])


def _layout(study: Study, understood: Understood) -> str:
    images, found = study.images, understood.arrangement
    if found is None:
        return f"rows of {images.manifest}" if images.manifest else "none: pictures are drawn"
    where = {
        "classes": "one folder a class",
        "splits": "sides of a split, with one folder a class in each",
        "lc25000": "that of LC25000",
    }[found.layout]
    folders = ("/".join(place.folder) for place in found.places)
    places = [shown(folder) + (f" ({place.side})" if place.side else "") for folder, place in
              zip(folders, found.places, strict=True) if folder]  # fmt: skip
    return f"{where}, in {images.folder}" + (f": {', '.join(places)}" if places else "")


def _classes(understood: Understood) -> str:
    counts = {name: sum(sides.values()) for name, sides in understood.summary.classes.items()}
    first = [f"{shown(name)} {count(images)}" for name, images in list(counts.items())[:MOST]]
    text = f"{count(len(counts))} with {count(understood.summary.images)} images: {', '.join(first)}"
    if len(counts) > MOST:
        name = min(counts, key=lambda name: counts[name])
        text += f" and {count(len(counts) - MOST)} more; the smallest is {shown(name)} with {count(counts[name])}"
    return text


def _split(study: Study, understood: Understood) -> str:
    sides = dict.fromkeys(("", *SPLITS), 0)
    for counts in understood.summary.classes.values():
        for side, images in counts.items():
            sides[side] += images
    free, given = sides.pop(""), {side: images for side, images in sides.items() if images}
    shares = ", ".join(f"{side} {share:g}" for side, share in study.images.fractions.model_dump().items())
    if not given:
        return f"none is given: the groups of each class are cut into {shares}"
    text = "given: " + ", ".join(f"{side} {count(images)}" for side, images in given.items())
    lacking = [side for side in ("valid", "test") if side not in given]
    source = f"the {count(free)} images that are given to none" if free else "train"
    if lacking:
        return f"{text}; {' and '.join(lacking)} {'are' if len(lacking) > 1 else 'is'} cut from {source}"
    return f"{text}; {source} train" if free else text


def _groups(study: Study, understood: Understood) -> str:
    copies = "copies are looked for when the images are packed"
    if not understood.groups:
        return f"none is known (images.groups); {copies}"
    named = study.images.groups or f"column group of {study.images.manifest}"
    without = understood.summary.images - understood.grouped
    rest = f"{count(without)} images are in none" if without else "every image is in one"
    return f"{count(understood.groups)} known, of {named}: {rest}; {copies}"


def _contradictions(understood: Understood) -> str:
    found = []
    if torn := understood.summary.contradictions:
        found.append(f"{_some(torn)} have a sha256 that stands in a row of another class too")
    found += [f"classes {' and '.join(map(repr, names))} differ by case or blanks alone" for names in understood.alike]
    looked = "files of two classes with equal bytes are rejected when they are packed"
    return "; ".join([*(found or ["none is known"]), looked])


def _rejected(rejects: Path) -> str:
    try:
        with rejects.open(encoding="utf-8", newline="") as file:
            paths = [row["path"] for row in csv.DictReader(file)]
    except (OSError, ValueError, KeyError):
        return ""
    return f"{_some(paths)}, when the images were last packed: {rejects}" if paths else ""


def _passed_over(passed: Mapping[str, Sequence[str]]) -> str:
    return "; ".join(f"{why}: {_some(paths)}" for why, paths in passed.items()) or "nothing"


def _some(paths: Sequence[str]) -> str:
    """How many there are, and the first by name."""
    more = ", ..." if len(paths) > NAMED else ""
    return f"{count(len(paths))} ({_listed(paths[:NAMED])}{more})"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(shown, names))


def shown(name: str) -> str:
    """A name as a line can hold it."""
    return name if name.isprintable() else ascii(name)
