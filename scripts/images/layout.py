"""Which folders of a folder of images are classes, and which are the sides of a split: read off their names alone.

A layout that could be two things is refused: to take a split for classes measures a classifier of nothing.
"""

import os
import re
from collections.abc import Collection
from pathlib import Path
from typing import Literal, NamedTuple

from scripts.errors import ImageError

Layout = Literal["auto", "classes", "splits", "lc25000"]
SIDES = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("valid", "val", "validation", "dev"), "valid"),
    **dict.fromkeys(("test", "testing"), "test"),
}
# A third set by some, a second one by others: test where no other folder is, else valid.
EVALUATION = {"evaluation", "eval"}
# Borkowski et al. 2019, arXiv:1912.12142: with lung_aca, lung_n, lung_scc inside, and colon_aca, colon_n.
LC25000_FOLDERS = {"lung_image_sets", "colon_image_sets"}
OTHERWISE = (
    "expected one folder of images a class, or these inside train, valid and test; else name the layout in "
    "images.layout, or the images in images.manifest"
)
NAMED = 4  # folders in a message


class Place(NamedTuple):
    """A folder whose folders are the classes."""

    folder: tuple[str, ...]  # its path below the image folder
    side: str | None = None  # that it gives: train, valid or test


class Arrangement(NamedTuple):
    """Where the classes of a study lie."""

    layout: Layout  # never auto
    places: tuple[Place, ...]


def recognise(folder: Path, layout: Layout = "auto") -> Arrangement:
    """The layout of `folder`: the one that is named, or the one that its folders are named for.

    A single folder is looked through where it holds folders: `set/cat`, `set/dog`. So is one inside a side that repeats
    its name: `train_set/train_set/cat`.

    Raises:
        ImageError: it may be read in two ways, or is not the layout that is named.
    """
    base: tuple[str, ...] = ()
    while True:
        names = folders_of(folder.joinpath(*base))
        if layout in {"auto", "lc25000"} and names and (names <= LC25000_FOLDERS or layout != "auto"):
            lungs = tuple(Place((*base, name)) for name in sorted(names & LC25000_FOLDERS))
            if lungs:
                return Arrangement("lc25000", lungs)
        if layout in {"auto", "splits"} and (sides := _sides(folder, base, names, layout)):
            return Arrangement("splits", sides)
        inner = base + tuple(names) if len(names) == 1 and layout != "classes" else base
        if inner == base or not folders_of(folder.joinpath(*inner)):
            break
        base = inner
    if layout in {"splits", "lc25000"}:
        shown = shortened(sorted(names)) or "no folders"
        wanted = "train" if layout == "splits" else " and ".join(sorted(LC25000_FOLDERS))
        raise ImageError(f"images.layout: found {layout!r}, but {folder.joinpath(*base)} holds {shown}, not {wanted}")
    if layout == "auto":
        _refuse_what_may_be_sides(folder.joinpath(*base), names)
    return Arrangement("classes", (Place(base),))


def side_of(name: str) -> str | None:
    """The side that a folder or a manifest's cell names by itself: `Training`, `val`."""
    return SIDES.get(name.lower())


def folders_of(folder: Path) -> set[str]:
    """The names of the folders in `folder` that are of the study."""
    try:
        with os.scandir(folder) as found:
            return {entry.name for entry in found if counts(entry.name) and entry.is_dir()}
    except OSError as error:
        raise ImageError(f"images.folder: {error.filename} cannot be read: {error.strerror}") from None


def counts(name: str) -> bool:
    """Whether a folder is of the study: not hidden, and none that macOS adds to a zip."""
    return not name.startswith(".") and name != "__MACOSX"


def shortened(names: Collection[str]) -> str:
    """The first of many names."""
    first, more = list(names)[:NAMED], len(names) - NAMED
    return ", ".join(first) + (f" and {more} more" if more > 0 else "")


def _sides(folder: Path, base: tuple[str, ...], names: Collection[str], layout: Layout) -> tuple[Place, ...]:
    """The sides that `names`, folders in `base`, give; nothing where they give none.

    Raises:
        ImageError: two folders stand for one side, or what is named as sides holds no classes.
    """
    exact = _exact(names)
    sides = exact | {name: side for name in names if (side := _affixed(name)) and side not in exact.values()}
    if "train" not in sides.values() or (layout == "auto" and len(set(sides.values())) < 2):
        return ()
    where = folder.joinpath(*base)
    classes = {name: folders_of(folder.joinpath(*_through(folder, (*base, name)))) for name in sides}
    training = set().union(*(classes[name] for name, side in sides.items() if side == "train"))
    others = [classes[name] for name, side in sides.items() if side != "train" and classes[name]]
    alike = all(training & other for other in others) or exact.keys() == set(names)
    if layout == "auto" and not (training and alike):
        # Two classes may be called train_station and test_tube.
        if len(set(exact.values())) > 1 or len(sides) == len(names):
            raise ImageError(
                f"images.folder: {where} holds {shortened(sorted(sides))}, named for the sides of a split, but not the "
                f"same classes in each; {OTHERWISE}"
            )
        return ()
    for side in dict.fromkeys(sides.values()):
        several = sorted(name for name in sides if sides[name] == side)
        if len(several) > 1:
            raise ImageError(f"images.folder: {' and '.join(several)} in {where} both name {side}; {OTHERWISE}")
    return tuple(Place(_through(folder, (*base, name)), sides[name]) for name in sorted(sides))


def _exact(names: Collection[str]) -> dict[str, str]:
    """The folders that a side's word is all the name of."""
    found = {name: side for name in names if (side := side_of(name))}
    for name in names:
        if name.lower() in EVALUATION:
            found[name] = "valid" if "test" in found.values() else "test"
    return found


def _affixed(name: str) -> str | None:
    """The side whose word a name begins or ends with: `seg_train`, `TestSet`, `train2017`."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    return next((side for word in (*words[:1], *words[-1:]) if (side := side_of(word))), None)


def _through(folder: Path, place: tuple[str, ...]) -> tuple[str, ...]:
    """`place`, or the folder of its name that is all that lies in it."""
    while folders_of(folder.joinpath(*place)) == {place[-1]}:
        place = (*place, place[-1])
    return place


def _refuse_what_may_be_sides(where: Path, names: Collection[str]) -> None:
    """Refuse to take folders for classes that may be the sides of a split, or hold them.

    Raises:
        ImageError: each holds the same folders; or one is named for training, and it alone holds folders.
    """
    inner = {name: folders_of(where / name) for name in sorted(names)}
    first = next(iter(inner.values()), set())
    if len(inner) > 1 and len(first) > 1 and all(one == first for one in inner.values()):
        raise ImageError(
            f"images.folder: each of {shortened(inner)} in {where} holds {shortened(sorted(first))}: they may be sides "
            f"of a split, or classes; {OTHERWISE}"
        )
    for name in (name for name in names if side_of(name) == "train" and len(inner[name]) > 1):
        if len(inner) > 1 and not any(inner[other] for other in names if other != name):
            raise ImageError(
                f"images.folder: in {where}, {name} holds {shortened(sorted(inner[name]))}, and no folder beside it "
                f"holds any: it may be a side of a split, or a class; {OTHERWISE}"
            )
