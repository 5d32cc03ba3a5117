"""A CSV as the source of a study: which files, of which class, and where known on which side, in which group.

With `images.track: manifest` it is cut into one list a shard, `lists/<nnnn>.csv`, before Snakemake builds its DAG: a
list is the only input of its shard's job, so the DAG does not grow with the images, and a row that changes makes stale
its own shard alone. The lists are made anew only when the manifest's size or time has changed, and rewritten only where
their content does.
"""

import csv
import io
import itertools
import posixpath
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from scripts.atomic import write_text
from scripts.errors import ImageError
from scripts.images.cut import training_images
from scripts.images.layout import SIDES, side_of
from scripts.images.source import Entry, check_classes, is_plain, shard_of
from scripts.spec import Spec

CANDIDATES = 4  # files of each class that a preview may show, the first good ones of them


class Summary(Spec):
    """What the Snakefile must know of the images before any job."""

    classes: dict[str, dict[str, int]]  # images of each class by the split that the source gives; "": none
    candidates: dict[str, list[str]]  # by class, paths that Snakemake can name, for the preview: of the least crc32
    groups: int = 0  # that a manifest names
    grouped: int = 0  # images in them
    contradictions: tuple[str, ...] = ()  # paths whose stated sha256 stands in a row of another class too; sorted

    @classmethod
    def of(cls, listed: Iterable[Entry]) -> "Summary":
        """The summary of the images, which are in any order."""
        classes: dict[str, Counter[str]] = {}
        ranked: dict[str, list[tuple[int, str]]] = {}
        groups: Counter[str] = Counter()
        stated: dict[str, list[Entry]] = {}
        for entry in listed:
            classes.setdefault(entry.label, Counter())[entry.split or ""] += 1
            if entry.group is not None:
                groups[entry.group] += 1
            if entry.sha256 is not None:
                stated.setdefault(entry.sha256, []).append(entry)
            paths = ranked.setdefault(entry.label, [])
            if is_plain(entry.path):
                paths.append((zlib.crc32(entry.line.encode()), entry.path))
        best = {label: [path for _, path in sorted(paths)[:CANDIDATES]] for label, paths in sorted(ranked.items())}
        torn = [entry.path for same in stated.values() if len({one.label for one in same}) > 1 for entry in same]
        return cls(
            classes=classes,
            candidates=best,
            groups=len(groups),
            grouped=groups.total(),
            contradictions=tuple(sorted(torn)),
        )

    @property
    def images(self) -> int:
        """All of them."""
        return sum(sum(sides.values()) for sides in self.classes.values())

    def check(self) -> None:
        """Whether a classifier can be trained and tested on these images.

        Raises:
            ImageError: one class, a class too small to be split, or one without an image in a split that is given.
        """
        check_classes({label: sum(sides.values()) for label, sides in self.classes.items()})
        given = {side for sides in self.classes.values() for side in sides} - {"", "train"}
        for label, sides in sorted(self.classes.items()):
            if lacking := given - set(sides):
                raise ImageError(f"images: {min(lacking)} is given, but holds no image of class {label!r}")

    def training_images(self, fractions: Mapping[str, float]) -> int:
        """Images that train where every image is a group of its own."""
        given = {side for sides in self.classes.values() for side in sides} - {""}
        some_free = any("" in sides for sides in self.classes.values())
        stays, is_cut = ("train", "") if some_free else ("", "train")
        free = {label: sides.get(is_cut, 0) for label, sides in self.classes.items()}
        kept = sum(sides.get(stays, 0) for sides in self.classes.values())
        return kept + training_images({label: count for label, count in free.items() if count}, fractions, given)


VERSION = 2  # of the lists' form


class Lists(Spec):
    """`lists/summary.json`: which manifest the lists were cut from."""

    stamp: tuple[str, int, int, int, int]  # the manifest's path, bytes and modification time (ns); shards; VERSION
    summary: Summary


COLUMNS = ("path", "label", "split", "group", "sha256")


def read_manifest(manifest: Path) -> Iterator[Entry]:
    """The rows of a CSV with the columns path and label and, where known, split, group and sha256.

    Blanks around a cell are none of it, but for a path's.

    Raises:
        ImageError: the file or a column is missing, or a row cannot be used; the message names the line.
    """
    where = f"images.manifest: {manifest}"
    try:
        with manifest.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file)
            columns = _columns(rows, where)
            for row in rows:
                if not row:
                    continue
                line = f"{where} line {rows.line_num}"
                if len(row) > len(columns):
                    raise ImageError(
                        f"{line}: found {len(row)} cells for {len(columns)} columns; expected quotes around a cell "
                        "with a comma in it"
                    )
                cells = dict(itertools.zip_longest(columns, row, fillvalue=""))
                yield _entry(cells.pop("path"), {name: cell.strip() for name, cell in cells.items()}, line)
    except (OSError, UnicodeError, csv.Error) as error:
        raise ImageError(f"{where} cannot be read: {error}") from None


def unused_columns(manifest: Path) -> list[str]:
    """The columns of a manifest of which a study takes nothing.

    Raises:
        ImageError: the file or a column is missing.
    """
    try:
        with manifest.open(encoding="utf-8-sig", newline="") as file:
            return sorted(set(_columns(csv.reader(file), f"images.manifest: {manifest}")).difference(COLUMNS))
    except (OSError, UnicodeError, csv.Error) as error:
        raise ImageError(f"images.manifest: {manifest} cannot be read: {error}") from None


def _columns(rows: Iterator[list[str]], where: str) -> list[str]:
    """The names of the first line."""
    names = [name.strip() for name in next(rows, [])]
    if missing := {"path", "label"} - set(names):
        raise ImageError(f"{where} lacks the column {', '.join(sorted(missing))}; its first line names them")
    if twice := [name for name, count in Counter(names).items() if count > 1 and name in COLUMNS]:
        raise ImageError(f"{where} has the column {twice[0]} twice; expected it once")
    return names


def _entry(path: str, cells: Mapping[str, str], line: str) -> Entry:
    """What the cells of a row say of the image at `path`."""
    label, side = cells["label"], cells.get("split", "")
    if not path or not label:
        raise ImageError(f"{line}: expected a path and a label, found {path!r} and {label!r}")
    if path.startswith(("/", "../")) or path != posixpath.normpath(path) or "\0" in path:
        raise ImageError(f"{line}: found {path!r}; expected a plain path inside the image folder")
    if side and side_of(side) is None:
        raise ImageError(f"{line}: split {side!r} is none of {', '.join(SIDES)}")
    return Entry(path, label, side_of(side), cells.get("group") or None, cells.get("sha256", "").lower() or None)


def listed_once(rows: Iterable[Entry], manifest: Path) -> list[Entry]:
    """The rows sorted by path.

    Raises:
        ImageError: a path stands in two rows, or there is no row.
    """
    found = sorted(rows, key=lambda entry: entry.path)
    if not found:
        raise ImageError(f"images.manifest: {manifest} names no images")
    for one, other in itertools.pairwise(found):
        if one.path == other.path:
            raise ImageError(f"images.manifest: {manifest} names {one.path!r} twice")
    return found


def refresh_lists(manifest: Path, shards: int, folder: Path) -> Summary:
    """Bring `folder`/<nnnn>.csv, one list a shard, up to date with the manifest.

    Raises:
        ImageError: the manifest cannot be used.
    """
    try:
        there = manifest.stat()
    except OSError as error:
        raise ImageError(f"images.manifest: {manifest} cannot be read: {error.strerror}") from None
    stamp = (str(manifest), there.st_size, there.st_mtime_ns, shards, VERSION)
    known, names = folder / "summary.json", [folder / f"{shard:04d}.csv" for shard in range(shards)]
    with suppress(OSError, ValueError):  # absent, or of another version
        lists = Lists.model_validate_json(known.read_text(encoding="utf-8"))
        if lists.stamp == stamp and all(path.exists() for path in names):
            return lists.summary
    listed = listed_once(read_manifest(manifest), manifest)
    texts = [io.StringIO(newline="") for _ in range(shards)]
    writers = [csv.writer(text) for text in texts]
    for writer in writers:
        writer.writerow(Entry._fields)
    for entry in listed:
        writers[shard_of(entry.path, shards)].writerow(entry)
    for path, text in zip(names, texts, strict=True):
        new = text.getvalue()
        if not path.exists() or path.read_bytes() != new.encode():
            write_text(path, new)
    summary = Summary.of(listed)
    write_text(known, Lists(stamp=stamp, summary=summary).model_dump_json(indent=1) + "\n")
    return summary
